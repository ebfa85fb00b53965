"""``manage.py send_waiting``, for cron."""

from django.core.management.base import BaseCommand

from orders.mails import confirm
from orders.models import Order


class Command(BaseCommand):
    """Send the confirmations that are waiting."""

    help = "Send the confirmations that are waiting."

    def handle(self, *args, **options):
        """Send them."""
        for order in Order.objects.filter(mail=Order.Mail.WAITING):
            confirm(order)
