"""A newsletter: who subscribes receives a mail."""

import os

from flask import Flask, abort, request

from outbox import Outbox


def create_app(**settings):
    """
    Create the application.

    :param settings: of the `Outbox`
    """
    app = Flask(__name__)
    smtp = os.environ.get("SMTP_HOST", "127.0.0.1"), os.environ.get("SMTP_PORT", 25)
    given = {"path": "outbox.sqlite", "smtp": smtp, "sender": "news@here.test"}
    outbox = app.extensions["outbox"] = Outbox(**given | settings)

    @app.post("/subscribers")
    def subscribe():
        text = "Thank you for your subscription.\n"
        return {"mail": outbox.add(request.form["address"], "Welcome", text)}, 202

    @app.get("/mails/<int:number>")
    def mail(number):
        return outbox.state(number) or abort(404)

    return app
