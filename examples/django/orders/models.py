"""Orders, and what became of their confirmations."""

from django.db import models


class Order(models.Model):
    """
    An order of a customer.

    ``mail`` is the state of its confirmation, ``reason`` the last reply to it.
    """

    class Mail(models.TextChoices):
        """A confirmation is waiting until it is accepted or rejected."""

        WAITING = "waiting"
        SENT = "sent"
        REFUSED = "refused"

    customer = models.EmailField()
    mail = models.CharField(max_length=7, choices=Mail, default=Mail.WAITING)
    reason = models.CharField(max_length=200, blank=True)
