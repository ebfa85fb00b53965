"""Which mails a reader asks for."""

from __future__ import annotations

import attrs

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.speed import contains
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mime import subject_of


def _normalized(address: str) -> str:
    """An address for comparison: the domain without case."""
    return Address(address).normalized


@attrs.frozen
class MailQuery:
    """A filter over mails; what is None lets all pass.

    :ivar sender: the whole reverse-path, ``""`` for the null one; the domain is
        compared without case
    :ivar recipient: the whole address of one of the recipients
    :ivar subject: a part of the decoded Subject field
    :ivar contains: a part of the content; octets are compared
    """

    sender: str | None = attrs.field(
        default=None, converter=attrs.converters.optional(_normalized)
    )
    recipient: str | None = attrs.field(
        default=None, converter=attrs.converters.optional(_normalized)
    )
    subject: str | None = None
    contains: str | None = None
    _part: bytes | None = attrs.field(init=False, eq=False, repr=False)

    @_part.default
    def _encode(self) -> bytes | None:
        return None if self.contains is None else self.contains.encode()

    def matches(self, mail: Mail) -> bool:
        """Whether `mail` is one of those asked for."""
        envelope = mail.envelope
        if self.sender is not None and envelope.sender.normalized != self.sender:
            return False
        if self.recipient is not None and not any(
            recipient.address.normalized == self.recipient
            for recipient in envelope.recipients
        ):
            return False
        if self._part is not None and not contains(mail.content, self._part):
            return False
        return self.subject is None or self.subject in subject_of(mail.content)


EVERYTHING = MailQuery()
