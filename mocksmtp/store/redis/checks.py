"""Whether a Redis server can be the store; nothing is changed before that is clear."""

from __future__ import annotations

from twisted.logger import Logger

from mocksmtp.store.interface import StoreError
from mocksmtp.store.redis.connection import Connection, ReplyError
from mocksmtp.store.redis.scripts import PREFIX, VERSION

OLDEST = (6, 2)
"""The oldest version of Redis that has all commands which are used."""

TYPES = {
    "version": "string",
    "numbers": "hash",
    "control": "stream",
    "live": "zset",
    "acks": "hash",
    "turn": "string",
    "waiting": "list",
    "counted": "zset",
    "dropped": "zset",
    "mails": "zset",
    "mailboxes": "set",
    "totals": "hash",
    "clears": "hash",
    "removals": "zset",
    "sessions": "zset",
    "log": "stream",
    "events": "stream",
    "arrivals": "stream",
    "watched": "string",
    "state:host": "hash",
    "state:behavior": "hash",
    "state:service": "hash",
}
"""The types of keys whose names are fixed, or nearly."""

_log = Logger()


async def check_server(connection: Connection) -> None:
    """
    Refuse a server that cannot be the store.

    :raises StoreError: with the reason
    """
    try:
        facts = _facts(await connection.call("INFO"))
    except ReplyError as error:
        raise StoreError(f"this user may not read INFO ({error})") from None
    if "redis_version" not in facts:
        raise StoreError("is not a Redis server")
    version = facts["redis_version"]
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise StoreError(f"is Redis {version}; needed is {oldest} or newer, or Valkey")
    if facts.get("cluster_enabled") == "1" or facts.get("redis_mode") == "cluster":
        raise StoreError("is a cluster; the store needs a single server")
    if facts.get("role") == "slave":
        raise StoreError("is a replica, which accepts no writes; give its primary")
    settings = await _settings(connection, facts)
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        raise StoreError(
            f"maxmemory-policy is {policy}; needed is noeviction: Redis would remove"
            " mails and state"
        )
    await check_keys(connection)
    _report(settings)


async def check_keys(connection: Connection) -> None:
    """
    Refuse keys that are not those of this version.

    :raises StoreError: with the reason
    """
    for name, expected in TYPES.items():
        found = (await connection.call("TYPE", PREFIX + name)).decode()
        if found not in ("none", expected):
            raise StoreError(
                f"{PREFIX}{name} is a {found}, not a {expected}: the keys that begin"
                f" with {PREFIX} are those of another program"
            )
    version = await connection.call("GET", f"{PREFIX}version")
    if version is None:
        for name in TYPES:
            if await connection.call("EXISTS", PREFIX + name):
                raise StoreError(
                    f"there is {PREFIX}{name}, but no {PREFIX}version: the keys that"
                    f" begin with {PREFIX} are those of another program"
                )
    elif version != b"%d" % VERSION:
        shown = version[:20].decode(errors="replace")
        raise StoreError(
            f"has version {shown} of the keys; this version of mocksmtp uses {VERSION}"
        )


def _facts(text: bytes) -> dict[str, str]:
    """The facts that INFO reports, by name."""
    lines = (
        line.partition(":") for line in text.decode(errors="replace").split("\r\n")
    )
    return {name: value for name, colon, value in lines if colon}


async def _settings(connection: Connection, facts: dict[str, str]) -> dict[str, str]:
    """The settings of the server, as far as this user may read them."""
    settings: dict[str, str] = {}
    try:
        for name in ("maxmemory-policy", "appendonly", "appendfsync"):
            pair = await connection.call("CONFIG", "GET", name)
            if len(pair) == 2:
                settings[name] = pair[1].decode()
    except ReplyError:
        # A service of a cloud may not have it.
        if "maxmemory_policy" in facts:
            settings["maxmemory-policy"] = facts["maxmemory_policy"]
        if "aof_enabled" in facts:
            settings["appendonly"] = "yes" if facts["aof_enabled"] == "1" else "no"
    return settings


def _report(settings: dict[str, str]) -> None:
    """Log what a restart of the server keeps."""
    append, sync = settings.get("appendonly"), settings.get("appendfsync", "unknown")
    if append == "yes":
        _log.info("Redis: appendonly yes, appendfsync {sync}", sync=sync)
    elif append == "no":
        _log.info("Redis: appendonly no; mails and state may not survive its restart")
    else:
        _log.info("Redis: the appendonly setting is unknown, CONFIG is not allowed")
