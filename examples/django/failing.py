"""A test that fails: nothing sends the mail again, as cron would."""

import pytest


@pytest.mark.django_db
def test_busy(client, mocksmtp_django):
    mocksmtp_django.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(1)
    client.post("/orders", {"customer": "bob@x.test"})
    assert mocksmtp_django.delivery(to="bob@x.test", wait="1s").final == "accepted"
