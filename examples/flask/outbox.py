"""A queue of mails in SQLite: a thread sends them, and tries again after a pause."""

import smtplib
import sqlite3
import threading
import time
from contextlib import closing
from email.message import EmailMessage
from email.utils import make_msgid

TABLE = """
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    content BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
)
"""


class Outbox:
    """
    Mails that are waiting, sent or failed; those that wait survive a restart.

    :param path: the SQLite file
    :param smtp: the host and port of the mail server
    :param pause: seconds before the second attempt; each further pause is twice as long
    :param attempts: after how many a mail fails
    """

    def __init__(self, path, smtp, sender, pause=60, attempts=8):
        self.path, self.smtp, self.sender = path, smtp, sender
        self.pause, self.attempts = pause, attempts
        self.changed = threading.Event()
        self.ended = False
        with self.open() as database:
            database.execute(TABLE)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def open(self):
        return closing(sqlite3.connect(self.path, isolation_level=None))

    def add(self, recipient, subject, text):
        """Queue a mail; return its number."""
        message = EmailMessage()
        message["From"], message["To"] = self.sender, recipient
        message["Subject"] = subject
        # One for all attempts, so that a second copy can be recognized.
        message["Message-ID"] = make_msgid(domain=self.sender.partition("@")[2])
        message.set_content(text)
        with self.open() as database:
            added = database.execute(
                "INSERT INTO mails (recipient, content) VALUES (?, ?)",
                (recipient, message.as_bytes()),
            )
        self.changed.set()
        return added.lastrowid

    def state(self, number):
        """The state of a mail, its attempts, and the last reply."""
        with self.open() as database:
            found = database.execute(
                "SELECT state, attempts, reason FROM mails WHERE id = ?", (number,)
            ).fetchone()
        return found and dict(zip(("state", "attempts", "reason"), found, strict=True))

    def close(self):
        """End the thread; mails that wait are sent after the next start."""
        self.ended = True
        self.changed.set()
        self.thread.join()

    def run(self):
        """Send each mail that is due, and wait for the next."""
        while not self.ended:
            self.changed.clear()
            with self.open() as database:
                found = database.execute(
                    "SELECT id, recipient, content, attempts, due FROM mails "
                    "WHERE state = 'waiting' ORDER BY due"
                ).fetchone()
            left = None if found is None else found[-1] - time.time()
            if left is None or left > 0:
                self.changed.wait(left)
            else:
                self.send(*found[:-1])

    def send(self, number, recipient, content, attempts):
        """Send a mail once, and save what follows from the reply."""
        code, reason = self.attempt(recipient, content)
        attempts += 1
        if code == 250:
            state = "sent"
        elif code >= 500 or attempts == self.attempts:
            state = "failed"
        else:
            state = "waiting"
        due = time.time() + self.pause * 2 ** (attempts - 1)
        with self.open() as database:
            database.execute(
                "UPDATE mails SET state = ?, attempts = ?, due = ?, reason = ? "
                "WHERE id = ?",
                (state, attempts, due, reason, number),
            )

    def attempt(self, recipient, content):
        """Return the code and text of the reply; code 0 if there is none."""
        code, text = 250, ""
        try:
            with smtplib.SMTP(*self.smtp, timeout=30) as server:
                server.sendmail(self.sender, recipient, content)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients[recipient]
        except smtplib.SMTPResponseException as error:
            code, text = error.smtp_code, error.smtp_error
        except OSError as error:
            code, text = 0, str(error)
        return code, text if isinstance(text, str) else text.decode()
