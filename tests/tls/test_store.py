"""Files of certificates and keys."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.identity import CertificateError
from mocksmtp.tls.issuing import Validity, make_root
from mocksmtp.tls.store import CertificateFolder

VALIDITY = Validity(datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
ROOT = make_root("a root", VALIDITY)


class StoreTests(SynchronousTestCase):
    """Store"""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp(), "tls")
        self.store = CertificateFolder(self.directory)

    def test_what_is_saved_is_loaded(self) -> None:
        """By another store, at the next start."""
        self.assertIsNone(self.store.load("root"))
        self.assertFalse(self.directory.exists())
        self.store.save("root", ROOT)
        loaded = CertificateFolder(self.directory).load("root")
        assert loaded is not None
        self.assertEqual(loaded.identity(), ROOT.identity())

    def test_a_file_is_for_its_owner_only(self) -> None:
        """And so is the directory, whatever the process's mask."""
        self.addCleanup(os.umask, os.umask(0))
        self.store.save("root", ROOT)
        self.assertEqual(self.directory.stat().st_mode & 0o777, 0o700)
        path = self.directory / "root.pem"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_a_file_is_replaced_as_a_whole(self) -> None:
        """Nothing else is left in the directory."""
        self.store.save("root", ROOT)
        other = make_root("another", VALIDITY)
        self.store.save("root", other)
        self.assertEqual(os.listdir(self.directory), ["root.pem"])
        loaded = self.store.load("root")
        assert loaded is not None
        self.assertEqual(loaded.identity(), other.identity())

    def test_a_file_that_is_no_certificate(self) -> None:
        """Is named, with what is wrong, and not written over."""
        self.store.save("root", ROOT)
        path = self.directory / "root.pem"
        for content, why in (
            (b"", "there is no certificate in PEM that is whole"),
            (ROOT.chain_pem, "there is no key in PEM that is whole"),
            (ROOT.key_pem, "there is no certificate in PEM that is whole"),
        ):
            path.write_bytes(content)
            error = self.assertRaises(CertificateError, self.store.load, "root")
            self.assertEqual(str(error), f"{path}: {why}")
            self.assertEqual(path.read_bytes(), content)

    def test_a_file_that_can_not_be_read(self) -> None:
        """Is named, with the system's reason."""
        path = self.directory / "root.pem"
        path.mkdir(parents=True)
        error = self.assertRaises(CertificateError, self.store.load, "root")
        self.assertEqual(str(error), f"can't read {path}: Is a directory")

    def test_a_directory_that_is_none(self) -> None:
        """Is an error of the file that was to be written."""
        self.directory.parent.mkdir()
        self.directory.write_bytes(b"")
        path = self.directory / "root.pem"
        error = self.assertRaises(CertificateError, self.store.save, "root", ROOT)
        self.assertEqual(str(error), f"can't write {path}: File exists")

    def test_a_file_that_can_not_be_replaced(self) -> None:
        """Leaves nothing behind that was written for it."""
        (self.directory / "root.pem" / "x").mkdir(parents=True)
        error = self.assertRaises(CertificateError, self.store.save, "root", ROOT)
        self.assertIn("can't write", str(error))
        self.assertEqual(os.listdir(self.directory), ["root.pem"])
