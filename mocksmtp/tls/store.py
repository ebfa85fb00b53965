"""Stores certificates and their keys in files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from mocksmtp.tls.identity import CertificateError, KeyPair, parse_pair


class CertificateFolder:
    """
    A directory with one file per certificate, which also contains the key.

    Files are replaced atomically, so a certificate always matches its key. They have
    mode 0600; the directory is created with mode 0700 if missing.
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)

    def load(self, name: str) -> KeyPair | None:
        """
        Return the certificate stored as `name`, or None.

        :raises CertificateError: the file can't be read, or its content is invalid
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
        Store `pair` as `name`, and replace an earlier one.

        :raises CertificateError: the file can't be written
        """
        path = self._path(name)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(path, pair.key_pem + pair.chain_pem)
        except OSError as error:
            raise CertificateError(f"can't write {path}: {error.strerror}") from None

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.pem"


class CertificateTexts:
    """
    Certificates as texts, which are stored elsewhere.

    :param texts: the certificates by name, each with its key, in PEM
    :param save: called with the name and the text of a new one
    """

    def __init__(
        self, texts: Mapping[str, str], save: Callable[[str, str], None]
    ) -> None:
        self._texts = dict(texts)
        self._save = save

    def load(self, name: str) -> KeyPair | None:
        """
        Return the certificate stored as `name`, or None.

        :raises CertificateError: its text is invalid
        """
        text = self._texts.get(name)
        return None if text is None else parse_pair(text.encode(), text.encode())

    def adopt(self, name: str, text: str) -> bool:
        """
        Have the text of a certificate that another process has stored.

        :return: whether it is another one than before
        """
        before = self._texts.get(name)
        self._texts[name] = text
        return before != text

    def save(self, name: str, pair: KeyPair) -> None:
        """Store `pair` as `name`, and replace an earlier one."""
        text = (pair.key_pem + pair.chain_pem).decode()
        self._texts[name] = text
        self._save(name, text)


def _replace(path: Path, content: bytes) -> None:
    """Write the file atomically."""
    # mkstemp creates it with mode 0600.
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
