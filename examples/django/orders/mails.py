"""Sends confirmations."""

import smtplib

from django.core.mail import EmailMessage

from orders.models import Order


def confirm(order):
    """Send the confirmation of an order, and save what the mail server replied."""
    code, reason = attempt(order)
    if code == 250:
        order.mail = Order.Mail.SENT
    elif code >= 500:
        order.mail = Order.Mail.REFUSED
    order.reason = reason[:200]
    order.save()


def attempt(order):
    """Send it once; return the code and text of the reply."""
    mail = EmailMessage(
        f"Order {order.pk}",
        "Thank you.\n",
        to=[order.customer],
        # If a reply is lost the mail is sent again: by this header, the customer's
        # mail program recognizes the second copy.
        headers={"Message-ID": f"<order-{order.pk}@here.test>"},
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, text = error.recipients[order.customer]
    except smtplib.SMTPResponseException as error:
        code, text = error.smtp_code, error.smtp_error
    except OSError as error:  # no connection, or no reply
        code, text = 0, str(error)
    else:
        code, text = 250, ""
    return code, text if isinstance(text, str) else text.decode()
