"""What customers receive when their mail server accepts, refuses or defers."""

import pytest
from django.core.management import call_command

from orders.models import Order

BOB = "bob@x.test"

pytestmark = pytest.mark.django_db


def place(client):
    number = client.post("/orders", {"customer": BOB}).json()["order"]
    return Order.objects.get(pk=number)


def test_accepted(client, mocksmtp_django):
    order = place(client)
    assert order.mail == "sent"
    mail = mocksmtp_django.mail(to=BOB)
    assert mail.subject == f"Order {order.pk}"
    assert mail.text == "Thank you.\r\n"


def test_refused(client, mocksmtp_django):
    mocksmtp_django.when("RCPT TO").contains("bob@").reply(550, "5.1.1 No such user")
    order = place(client)
    assert (order.mail, order.reason) == ("refused", "5.1.1 No such user")
    call_command("send_waiting")
    assert mocksmtp_django.delivery(to=BOB).verdicts == ["rejected"]


def test_retried(client, mocksmtp_django):
    mocksmtp_django.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)
    order = place(client)
    assert (order.mail, order.reason) == ("waiting", "4.2.1 Busy")
    call_command("send_waiting")
    call_command("send_waiting")
    call_command("send_waiting")
    delivery = mocksmtp_django.delivery(to=BOB)
    assert delivery.verdicts == ["deferred", "deferred", "accepted"]
    assert delivery.copies == 1
    order.refresh_from_db()
    assert order.mail == "sent"


def test_outage(client, mocksmtp_django):
    outage = mocksmtp_django.outage()
    assert place(client).mail == "waiting"
    outage.remove()
    call_command("send_waiting")
    assert mocksmtp_django.mail(to=BOB)


def test_lost_reply(client, mocksmtp_django):
    mocksmtp_django.when("DATA").keep_then_reset().times(1)
    order = place(client)
    call_command("send_waiting")
    assert mocksmtp_django.delivery(to=BOB, copies=2).final == "accepted"
    copies = mocksmtp_django.mails(to=BOB)
    assert {mail.message_id for mail in copies} == {f"order-{order.pk}@here.test"}
