"""Reverse-path and forward-path (RFC 5321 §4.1.2), with UTF-8 (RFC 6531 §3.3).

One regular expression reads a path. Its repetitions are possessive: what was
read once is never read again, so that time is linear on any input.
"""

from __future__ import annotations

from mocksmtp.model.values import frozen

_ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]"
_DOT_STRING = _ATEXT + rb"++(?:\." + _ATEXT + rb"++)*+"
_QUOTED_STRING = rb'"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*+"'
# Let-dig and hyphen, an underscore as it is met in test networks, and a final
# dot as DNS has it. Which labels exist is not a matter of syntax.
_DOMAIN = rb"[A-Za-z0-9_\x80-\xff][A-Za-z0-9_.\x80-\xff-]*+"
_LITERAL = rb"\[[!-?A-Z^-~]++\]"
_MAILBOX = (
    rb"(?:" + _DOT_STRING + rb"|" + _QUOTED_STRING + rb")"
    rb"(?:@(?:" + _DOMAIN + rb"|" + _LITERAL + rb"))?+"
)
# A source route is accepted and ignored (RFC 5321 §4.1.1.3, appendix C).
_ROUTE = rb"(?:@" + _DOMAIN + rb"(?:,@" + _DOMAIN + rb")*+:)?+"

PATH = rb"(?:<(?:" + _ROUTE + rb"(" + _MAILBOX + rb"))?+>|(" + _MAILBOX + rb"))"
"""A path, in angle brackets or without them: two groups, of which one or, for the
null path, none has the mailbox."""


@frozen
class Address:
    """A mailbox as it was sent, or the null reverse-path.

    :ivar text: the address without angle brackets and source route; ``""`` for
        ``<>``
    """

    text: str

    @property
    def domain(self) -> str:
        """What follows the ``@``, as it was sent; ``""`` where there is none."""
        return self.text[self._at + 1 :]

    @property
    def local_part(self) -> str:
        """What precedes the ``@``, with its quotes."""
        return self.text[: self._at]

    @property
    def normalized(self) -> str:
        """The address with its domain in lower case (RFC 5321 §2.4)."""
        return self.local_part + self.text[self._at :].lower()

    @property
    def _at(self) -> int:
        """The index of the ``@`` before the domain, or that of the text's end."""
        at = self.text.rfind("@")
        return len(self.text) if at < 0 or self.text.endswith('"') else at


NULL = Address("")
"""The null reverse-path, ``<>`` (RFC 5321 §4.5.5)."""
