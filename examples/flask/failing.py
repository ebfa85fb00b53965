"""A test that fails: the behavior is for another address."""

from test_app import BOB, subscribe


def test_refused(client, mocksmtp):
    mocksmtp.when("RCPT TO").contains("Bob@").reply(550, "5.1.1 No such user")
    subscribe(client)
    assert mocksmtp.delivery(to=BOB).final == "rejected"
