"""A mail server and the mock, side by side on one machine."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs

from tests.e2e.namespaces import connect, namespaces
from tests.e2e.postfix import Postfix
from tests.e2e.program import find
from tests.e2e.service import Service


@attrs.frozen
class Rig:
    """Both of them, running."""

    postfix: Postfix
    service: Service


def shared_rig() -> Rig:
    """
    The rig of all tests in this process, which ends with it.

    To set one up takes seconds, and trial calls no setUpClass.

    :raises SkipTest: it can't be had on this machine
    """
    outcome = _started()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@functools.cache
def _started() -> Rig | Exception:
    """What came of the one start."""
    stack = contextlib.ExitStack()
    try:
        with readable_files():
            rig = stack.enter_context(_rig())
    except Exception as error:
        return error
    atexit.register(stack.close)
    return rig


@contextlib.contextmanager
def _rig() -> Iterator[Rig]:
    find("postfix", "postfix")
    with contextlib.ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="mocksmtp-e2e-")
        directory = Path(stack.enter_context(temporary))
        directory.chmod(0o755)
        mta, mock = stack.enter_context(namespaces("mta", "mock"))
        connect(mta, mock)
        service = Service(mock, directory)
        stack.callback(service.stop)
        service.wait()
        postfix = Postfix(mta, directory, service.api.root())
        stack.callback(postfix.stop)
        postfix.wait()
        yield Rig(postfix, service)


@contextlib.contextmanager
def readable_files() -> Iterator[None]:
    """Let anybody read what is written meanwhile, for Postfix does not stay root."""
    umask = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(umask)
