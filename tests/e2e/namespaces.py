"""Network namespaces: machines of their own, as far as the network goes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from twisted.trial.unittest import SkipTest

from tests.e2e.program import find

_P = ParamSpec("_P")
_T = TypeVar("_T")

# Both paths are those of `ip netns`.
_NAMES = Path("/var/run/netns")
_SETTINGS = Path("/etc/netns")
_PREFIX = "mocksmtp-e2e"
_CLONE_NEWNET = 0x40000000

# Those of this process: it may have several sets at once.
_in_use: set[str] = set()


class Namespace:
    """
    One network namespace, named for this process.

    :ivar name: its name for ``ip netns``
    """

    def __init__(self, role: str) -> None:
        self.name = f"{_PREFIX}-{role}-{os.getpid()}"
        _in_use.add(self.name)
        _ip("netns", "add", self.name)

    def command(self, *command: str) -> list[str]:
        """What runs `command` in here."""
        return [find("ip", "iproute2"), "netns", "exec", self.name, *command]

    def call(
        self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Call `function` in here, in a thread that is here for this call."""

        def inside() -> _T:
            _enter(self.name)
            return function(*args, **kwargs)

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(inside).result()

    def set_resolv_conf(self, text: str) -> None:
        """Give its programs this ``/etc/resolv.conf``."""
        settings = _SETTINGS / self.name
        settings.mkdir(parents=True)
        (settings / "resolv.conf").write_text(text)

    def set_addresses(self, *addresses: str) -> None:
        """Bring up its end of the cable with these addresses."""
        _ip("-n", self.name, "link", "set", "lo", "up")
        for address in addresses:
            _ip("-n", self.name, "addr", "add", f"{address}/24", "dev", "cable")
        _ip("-n", self.name, "link", "set", "cable", "up")


@contextlib.contextmanager
def namespaces(*roles: str) -> Iterator[list[Namespace]]:
    """
    Namespaces that exist within the block, also where that fails.

    What a run that was killed has left is removed before.

    :raises SkipTest: they can't be made here
    """
    if os.geteuid() != 0:
        raise SkipTest("only root can make network namespaces")
    find("ip", "iproute2")
    _remove(_left_behind())
    before = set(_in_use)
    try:
        try:
            made = [Namespace(role) for role in roles]
        except subprocess.CalledProcessError as error:
            raise SkipTest(f"no network namespaces: {error.stderr.strip()}") from None
        yield made
    finally:
        ended = _in_use - before
        _remove(name for name in _existing() if name in ended)
        _in_use.difference_update(ended)


def connect(one: Namespace, other: Namespace) -> None:
    """
    Put a cable between them; each end is an interface named ``cable``.

    :raises SkipTest: this kernel has none
    """
    ends = [["cable", "netns", space.name] for space in (one, other)]
    try:
        _ip("link", "add", *ends[0], "type", "veth", "peer", *ends[1])
    except subprocess.CalledProcessError as error:
        raise SkipTest(f"no virtual Ethernet: {error.stderr.strip()}") from None


def _ip(*arguments: str) -> str:
    done = subprocess.run(
        [find("ip", "iproute2"), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


def _enter(name: str) -> None:
    """Move this thread; Python has os.setns from 3.12 on only."""
    libc = ctypes.CDLL(None, use_errno=True)
    with (_NAMES / name).open() as namespace:
        if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), name)


def _existing() -> Iterator[str]:
    """The names of all that there are, or that have settings."""
    return (path.name for path in (*_NAMES.glob("*"), *_SETTINGS.glob("*")))


def _left_behind() -> Iterator[str]:
    """The names of those whose process is gone, or had the number that we have."""
    for name in _existing():
        ours = re.fullmatch(rf"{_PREFIX}-\w+-(\d+)", name)
        if ours is None or name in _in_use:
            continue
        if int(ours[1]) == os.getpid() or not _is_alive(int(ours[1])):
            yield name


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _remove(names: Iterable[str]) -> None:
    """Remove namespaces, and end what still runs in them."""
    for name in set(names):
        shutil.rmtree(_SETTINGS / name, ignore_errors=True)
        # Another run may be removing it, too.
        with contextlib.suppress(subprocess.CalledProcessError):
            for process in _ip("netns", "pids", name).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            _ip("netns", "delete", name)
