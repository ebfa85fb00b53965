"""Files in which certificates and their keys outlive the service."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from mocksmtp.tls.identity import CertificateError, KeyPair, parse_pair


class Store:
    """
    A directory with one file for each certificate, which its key stands in too.

    One file of both is never half replaced. It is for its owner's eyes only
    (0600), and so is the directory, which is made when it is missed (0700).
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)

    def load(self, name: str) -> KeyPair | None:
        """
        What was kept as `name`, or None.

        :raises CertificateError: it can't be read, or is no certificate with its key
        """
        path = self._path(name)
        try:
            pem = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CertificateError(f"can't read {path}: {error.strerror}") from None
        try:
            return parse_pair(pem, pem)
        except CertificateError as error:
            raise CertificateError(f"{path}: {error}") from None

    def save(self, name: str, pair: KeyPair) -> None:
        """
        Keep `pair` as `name`, in place of what there was.

        :raises CertificateError: it can't be written
        """
        path = self._path(name)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(path, pair.key_pem + pair.chain_pem)
        except OSError as error:
            raise CertificateError(f"can't write {path}: {error.strerror}") from None

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.pem"


def _replace(path: Path, content: bytes) -> None:
    """Write the file as a whole, or not at all."""
    # Such a file is made with 0600.
    number, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
