"""What subscribers receive when their mail server accepts, refuses or defers."""

from app import create_app

BOB = "bob@x.test"


def subscribe(client):
    """Subscribe, and return where the state of the mail is."""
    response = client.post("/subscribers", data={"address": BOB})
    assert response.status_code == 202
    return f"/mails/{response.json['mail']}"


def test_accepted(client, mocksmtp):
    subscribe(client)
    assert mocksmtp.mail(to=BOB).subject == "Welcome"


def test_refused(client, mocksmtp):
    mocksmtp.when("RCPT TO").contains("bob@").reply(550, "5.1.1 No such user")
    mail = subscribe(client)
    delivery = mocksmtp.delivery(to=BOB, settle="200ms")
    assert delivery.verdicts == ["rejected"]
    assert client.get(mail).json == {
        "state": "failed",
        "attempts": 1,
        "reason": "5.1.1 No such user",
    }


def test_retried(client, mocksmtp):
    mocksmtp.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)
    subscribe(client)
    delivery = mocksmtp.delivery(to=BOB)
    assert delivery.verdicts == ["deferred", "deferred", "accepted"]
    assert delivery.copies == 1
    first, second = delivery.backoffs
    assert 50 <= first < second


def test_given_up(client, mocksmtp):
    mocksmtp.outage()
    mail = subscribe(client)
    (*_, last) = mocksmtp.attempts(count=4, wait="10s", settle="500ms")
    assert last.reply.code == 421
    assert client.get(mail).json["state"] == "failed"


def test_lost_reply(client, mocksmtp):
    mocksmtp.when("DATA").keep_then_reset().times(1)
    subscribe(client)
    assert mocksmtp.delivery(to=BOB, copies=2).verdicts == ["none", "accepted"]
    first, second = mocksmtp.mails(to=BOB)
    assert first.message_id == second.message_id


def test_restart(settings, mocksmtp):
    outage = mocksmtp.outage()
    app = create_app(**settings | {"pause": 0.3})
    subscribe(app.test_client())
    mocksmtp.attempts(count=1, wait="10s")
    app.extensions["outbox"].close()
    outage.remove()
    app = create_app(**settings)
    assert mocksmtp.delivery(to=BOB).copies == 1
    app.extensions["outbox"].close()
