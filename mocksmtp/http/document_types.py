"""Documents that are told and never read, as typed dictionaries.

The functions that make them are in the modules beside this one. That what they make
is this, field by field, is tested.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class IdsDocument(TypedDict):
    """The ids of what was added."""

    ids: list[str]


class HealthDocument(TypedDict):
    """Whether the service is alive."""

    status: str


class StatusDocument(TypedDict):
    """The version, uptime, addresses and contents of the service."""

    version: str
    instance: str
    uptime: float
    addresses: dict[str, list[str]]
    hosts: dict[str, dict[str, int]]
    mailboxes: dict[str, int]
    dnsRecords: int


class ErrorDocument(TypedDict):
    """One thing that is wrong with a request, and where in it."""

    path: str
    message: str


class ProblemDocument(TypedDict):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[ErrorDocument]]


ALL: tuple[type, ...] = (IdsDocument, HealthDocument, StatusDocument, ProblemDocument)
"""Those that are told on their own."""
