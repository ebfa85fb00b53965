"""Certificates in the configuration file that are given as file names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from mocksmtp.config.errors import ConfigError
from mocksmtp.tls.documents import PEM_BEGIN

MAX_PEM_OCTETS = 2**20
"""The maximum size of a certificate file."""


def read_certificates(path: str, document: dict[str, Any]) -> None:
    """
    Replace file names in `document` by the contents of the files.

    :param path: the configuration file; file names are relative to its directory
    :raises ConfigError: a file cannot be read, or contains no PEM
    """
    folder = os.path.dirname(path)
    for place, certificate in _certificates(document):
        for key in ("certificatePem", "keyPem"):
            name = certificate.get(key)
            if isinstance(name, str) and PEM_BEGIN not in name:
                where = f"{path}: {place}.{key}"
                certificate[key] = _read(where, os.path.join(folder, name))


def _certificates(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every certificate table with its place; invalid tables are reported later."""
    hosts = document.get("hosts")
    places = [("", document)]
    for index, host in enumerate(hosts if isinstance(hosts, list) else ()):
        places.append((f"hosts[{index}].", host))
    for place, host in places:
        tls = host.get("tls") if isinstance(host, dict) else None
        certificate = tls.get("certificate") if isinstance(tls, dict) else None
        if isinstance(certificate, dict):
            yield f"{place}tls.certificate", certificate


def _read(where: str, name: str) -> str:
    try:
        with open(name, "rb") as file:
            octets = file.read(MAX_PEM_OCTETS + 1)
    except OSError as error:
        raise ConfigError(f"{where}: {name!r}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{where}: {name!r}: invalid file name") from None
    text = octets.decode("latin-1")
    if PEM_BEGIN not in text or len(octets) > MAX_PEM_OCTETS:
        raise ConfigError(f"{where}: {name!r}: not a PEM file: no {PEM_BEGIN} in it")
    return text
