"""The loads that every server is put under, and what is asked of mocksmtp."""

from attrs import frozen

from benchmarks.clients import Client, Pipelining, SmtpSource
from benchmarks.kinds import FLOOR, NO_JOURNAL, SMTP_SINK, STOCK
from benchmarks.lockstep import LockStep

KIB = 1024
MIB = 1024 * KIB


@frozen
class Ask:
    """A least ratio of another server's CPU per mail to mocksmtp's.

    Attributes:
        against: the other server's name.
        at_least: the ratio asked; None where one is only hoped for.
        aim: the ratio hoped for; None where there is no other.

    """

    against: str
    at_least: float | None = None
    aim: float | None = None


# No more than 15 % slower than without a journal.
_JOURNAL = Ask(NO_JOURNAL.name, 1 / 1.15)
_SINK = Ask(SMTP_SINK.name, aim=0.5)
_FLOOR = Ask(FLOOR.name, 0.6, aim=0.8)
_SECURE_FLOOR = Ask(FLOOR.name, 0.8)


@frozen
class Load:
    """Mails sent in one way.

    Attributes:
        name: what the command line calls it.
        title: what the tables call it.
        client: what sends them.
        mails: how many in a round.
        asks: what is asked of mocksmtp.
        secure: whether the servers speak TLS from the first byte.

    """

    name: str
    title: str
    client: Client
    mails: int
    asks: tuple[Ask, ...]
    secure: bool = False


LOADS = (
    Load(
        "lockstep-1k",
        "1 KiB, lock-step",
        SmtpSource(KIB),
        mails=1500,
        asks=(_FLOOR, Ask(STOCK.name, 1.5, aim=2), _JOURNAL, _SINK),
    ),
    Load(
        "pipelined-1k",
        "1 KiB, pipelined",
        Pipelining(KIB),
        mails=2400,
        asks=(_FLOOR, Ask(STOCK.name, 2.5, aim=4), _JOURNAL, _SINK),
    ),
    Load(
        "lockstep-100k",
        "100 KiB, lock-step",
        SmtpSource(100 * KIB),
        mails=200,
        asks=(Ask(FLOOR.name, 0.7),),
    ),
    Load(
        "lockstep-1m",
        "1 MiB, lock-step",
        SmtpSource(MIB),
        mails=30,
        asks=(Ask(FLOOR.name, 0.7), Ask(STOCK.name, 4)),
    ),
    Load(
        "recipients-100",
        "100 recipients, pipelined",
        Pipelining(KIB, recipients=100),
        mails=120,
        asks=(Ask(STOCK.name, 4),),
    ),
    Load(
        "connections",
        "a connection per mail",
        SmtpSource(KIB, keep_connection=False),
        mails=800,
        asks=(Ask(STOCK.name, 1.5),),
    ),
    Load(
        "tls-lockstep-1k",
        "TLS, 1 KiB, lock-step",
        LockStep(KIB, secure=True),
        mails=1000,
        asks=(_SECURE_FLOOR,),
        secure=True,
    ),
    Load(
        "tls-pipelined-1k",
        "TLS, 1 KiB, pipelined",
        Pipelining(KIB, secure=True),
        mails=2000,
        # What is asked over TLS is asked of lock-step; this one is told beside it.
        asks=(Ask(FLOOR.name, aim=0.8),),
        secure=True,
    ),
    Load(
        "tls-1m",
        "TLS, 1 MiB, lock-step",
        LockStep(MIB, secure=True),
        mails=30,
        asks=(_SECURE_FLOOR,),
        secure=True,
    ),
)
