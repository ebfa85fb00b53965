"""The address of a Redis server, as in ``redis://USER:PASSWORD@HOST:PORT/DB``."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

import attrs

SCHEMES = ("redis", "rediss", "redis+unix")
"""Plain TCP, TLS, and a UNIX socket."""

CLUSTER_SCHEMES = (
    *("redis-cluster", "rediss-cluster", "redis+cluster", "rediss+cluster"),
    *("redis-sentinel", "rediss-sentinel", "redis+sentinel", "rediss+sentinel"),
)
"""Schemes that other clients use for several servers."""

PORT = 6379

_EXAMPLE = "redis://redis.test:6379/0"


@attrs.frozen
class RedisAddress:
    """
    Where a Redis server is, and how to log in.

    :ivar path: a UNIX socket, instead of the host and the port
    :ivar database: the number of the database
    :ivar username: None for the default user
    :ivar ca: a PEM file with the certificates that are trusted; None for those of the
        system
    """

    host: str = ""
    port: int = PORT
    path: str | None = None
    database: int = 0
    username: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    is_tls: bool = False
    ca: str | None = None

    @property
    def name(self) -> str:
        """The server, for messages: ``HOST:PORT``, or the socket."""
        if self.path is not None:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else self._server

    @property
    def _server(self) -> str:
        return f"{self.host}:{self.port}"

    def __str__(self) -> str:
        """The URL, without the password."""
        user = "" if self.username is None else quote(self.username, safe="")
        if self.password is not None:
            user += ":***"
        user += "@" if user else ""
        if self.path is not None:
            return f"redis+unix://{user}{quote(self.path)}?db={self.database}"
        scheme = "rediss" if self.is_tls else "redis"
        query = "" if self.ca is None else f"?ca={quote(self.ca)}"
        return f"{scheme}://{user}{self.name}/{self.database}{query}"


def parse_address(text: str) -> RedisAddress:
    """
    Parse a URL.

    :raises ValueError: it is invalid; the message does not contain the password
    """
    scheme = text.partition(":")[0].lower()
    if scheme in CLUSTER_SCHEMES:
        raise ValueError(
            f"{scheme}:// is not supported: the store needs one Redis server, as in"
            f" {_EXAMPLE}"
        )
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(f"is not a URL; expected {_EXAMPLE}") from None
    if parts.fragment:
        raise ValueError("must not contain #; write %23 in a password")
    if "," in parts.netloc.rpartition("@")[2]:
        raise ValueError(
            "several servers are not supported: the store needs one Redis server, as"
            f" in {_EXAMPLE}"
        )
    try:
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError(f"the port is invalid; expected {_EXAMPLE}") from None
    query = _parse_query(parts)
    user = None if parts.username is None else unquote(parts.username) or None
    password = None if parts.password is None else unquote(parts.password)
    if user is not None and password is None:
        raise ValueError(f"the password of {user!r} is missing: USER:PASSWORD@"[:200])
    if scheme == "redis+unix":
        if host or not parts.path.startswith("/"):
            raise ValueError(
                "must name a socket, as in redis+unix:///run/redis/redis.sock?db=0"
            )
        return RedisAddress(
            path=unquote(parts.path),
            database=_parse_database(query.get("db", "")),
            username=user,
            password=password,
        )
    if not host:
        raise ValueError(f"the host is missing; expected {_EXAMPLE}")
    if "db" in query and parts.path.strip("/"):
        raise ValueError("the number of the database is given twice: /DB and ?db=DB")
    if "ca" in query and scheme != "rediss":
        raise ValueError("?ca=FILE needs TLS: rediss://")
    return RedisAddress(
        host=host,
        port=PORT if port is None else port,
        database=_parse_database(query.get("db", parts.path.strip("/"))),
        username=user,
        password=password,
        is_tls=scheme == "rediss",
        ca=query.get("ca"),
    )


def _parse_query(parts: SplitResult) -> dict[str, str]:
    found = parse_qs(parts.query, keep_blank_values=True)
    for name, values in found.items():
        if name not in ("db", "ca"):
            raise ValueError(f"unknown parameter ?{name}; allowed: db, ca"[:200])
        if len(values) > 1:
            raise ValueError(f"?{name} is given twice")
    return {name: values[0] for name, values in found.items()}


def _parse_database(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(f"the database must be a number, got {text!r}"[:200])
    return int(text)
