"""What the image is made of."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from twisted.trial.unittest import SynchronousTestCase

import mocksmtp
from tests.image.archive import build, shared_archive
from tests.markdown import ROOT

# The key for a layer's size: what 120 MB are, as disks are sold.
MOST = 120 * 10**6


class ArchiveTests(SynchronousTestCase):
    """``docker/build-tarball``"""

    def setUp(self) -> None:
        self.archive = shared_archive()

    def test_the_same_commit_has_the_same_digest(self) -> None:
        """Built again it is the same, bit by bit, and so is the bill of materials."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        again = build(Path(folder.name))
        self.assertEqual(again.identifier, self.archive.identifier)
        for one, other in (
            (again.path, self.archive.path),
            (again.materials, self.archive.materials),
        ):
            self.assertEqual(one.read_bytes(), other.read_bytes())

    def test_what_docker_is_told(self) -> None:
        """A user of its own, the ports, the check without a shell, and the labels."""
        version = mocksmtp.__version__
        self.assertEqual(self.archive.tags, [f"mocksmtp:{version}"])
        config = self.archive.config["config"]
        self.assertRegex(config["User"], r"^[1-9]\d+:[1-9]\d+$")
        ports = {"25/tcp", "8000/tcp", "53/tcp", "53/udp"}
        self.assertEqual(set(config["ExposedPorts"]), ports)
        self.assertEqual(config["Healthcheck"]["Test"][0], "CMD")
        self.assertEqual(config["StopSignal"], "SIGTERM")
        labels = config["Labels"]
        for name in (
            *("title", "description", "licenses", "revision", "created"),
            *("url", "source", "documentation"),
        ):
            self.assertTrue(labels[f"org.opencontainers.image.{name}"], name)
        self.assertEqual(labels["org.opencontainers.image.version"], version)

    def test_it_is_small(self) -> None:
        """What it adds to its base is below 120 MB."""
        _, added = [sum(entry.size for entry in layer) for layer in self.sizes()]
        self.assertLess(added, MOST)

    def sizes(self) -> list[list[object]]:
        return [layer.getmembers() for layer in self.archive.layers()]

    def test_nothing_is_left_that_belongs_elsewhere(self) -> None:
        """One layer with the program's environment, its user, and no pip."""
        *_, added = self.sizes()
        names = [entry.name for entry in added]
        outside = {name for name in names if not f"{name}/".startswith("opt/mocksmtp/")}
        self.assertEqual(outside - {"opt"}, {"etc", "etc/passwd", "etc/group"})
        self.assertFalse([name for name in names if "/site-packages/pip/" in name])

    def test_the_bill_of_materials(self) -> None:
        """It is valid, and has each package that is pinned, and those of the base."""
        text = self.archive.materials.read_text()
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        self.assertIsNone(error)
        urls = {part["purl"] for part in json.loads(text)["components"]}
        pinned = (ROOT / "docker/requirements.txt").read_text()
        for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", pinned, re.MULTILINE):
            self.assertIn(f"pkg:pypi/{name}@{version}", urls)
        self.assertIn(f"pkg:pypi/mocksmtp@{mocksmtp.__version__}", urls)
        self.assertTrue(
            [url for url in urls if url.startswith("pkg:deb/debian/python3@")]
        )
