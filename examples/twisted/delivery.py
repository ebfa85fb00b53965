"""Delivers mail as RFC 5321, section 5.1 describes: by MX, with retries."""

from io import BytesIO

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.task import deferLater
from twisted.mail.smtp import ESMTPSenderFactory, SMTPClientError
from twisted.names import dns
from twisted.names.error import DNSNameError, DomainError

PAUSES = (60, 300, 900, 3600)
"""Seconds between the attempts."""


class Undeliverable(Exception):
    """A mail was rejected, or deferred by all attempts."""


class MailExchanges:
    """
    Looks up where the mail of a domain is delivered.

    :param resolver: an `IResolver`
    """

    def __init__(self, resolver, port=25):
        self.resolver = resolver
        self.port = port

    async def find(self, domain):
        """
        Return addresses and ports, in the order in which they are tried.

        :raises Undeliverable: the domain does not exist, or accepts no mail (RFC 7505)
        :raises DomainError: the DNS does not answer
        """
        try:
            answers, _, _ = await self.resolver.lookupMailExchange(domain)
        except DNSNameError:
            raise Undeliverable(f"no such domain: {domain}") from None
        found = [one.payload for one in answers if one.type == dns.MX]
        names = [str(one.name) for one in sorted(found, key=lambda one: one.preference)]
        if names == [""]:
            raise Undeliverable(f"{domain} accepts no mail")
        places = []
        for name in names or [domain]:
            answers, _, _ = await self.resolver.lookupAddress(name)
            places += [
                (one.payload.dottedQuad(), self.port)
                for one in answers
                if one.type == dns.A
            ]
        return places


class Sender:
    """
    Delivers mails.

    :param exchanges: has `find`, as `MailExchanges`
    """

    def __init__(self, reactor, exchanges, pauses=PAUSES):
        self.reactor = reactor
        self.exchanges = exchanges
        self.pauses = pauses

    async def deliver(self, sender, recipient, content):
        """
        Deliver a mail to a recipient.

        :raises Undeliverable: it is rejected, or no attempt succeeds
        """
        for pause in (*self.pauses, None):
            reason = await self.attempt(sender, recipient, content)
            if reason is None:
                return
            if pause is None:
                raise Undeliverable(reason)
            await deferLater(self.reactor, pause)

    async def attempt(self, sender, recipient, content):
        """Try all exchanges; return None, or why each has failed."""
        try:
            places = await self.exchanges.find(recipient.partition("@")[2])
        except DomainError as error:
            return f"DNS: {error!r}"
        reason = "no mail exchange has an address"
        for place in places:
            try:
                await self.send(place, sender, recipient, content)
            except SMTPClientError as error:
                code, text = reply(error)
                reason = f"{code} {text.decode()}"
                if 500 <= code < 600:
                    raise Undeliverable(reason) from None
            except (ConnectError, ConnectionClosed) as error:
                reason = str(error)
            else:
                return None
        return reason

    def send(self, place, sender, recipient, content):
        """Send a mail to a host."""
        sent = Deferred()
        factory = ESMTPSenderFactory(
            None,
            None,
            sender,
            recipient,
            BytesIO(content),
            sent,
            retries=0,
            requireAuthentication=False,
            requireTransportSecurity=False,
        )
        factory.noisy = False
        self.reactor.connectTCP(*place, factory)
        return sent


def reply(error):
    """The code and text of the reply that caused an error."""
    for _, code, text in error.addresses or ():  # of a refused recipient
        return code, text
    return error.code, error.resp
