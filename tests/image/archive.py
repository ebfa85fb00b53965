"""The image's archive, as `docker load` would read it."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import attrs
from twisted.trial.unittest import SkipTest

from tests.e2e.program import find
from tests.markdown import ROOT

_MINUTES = 20
"""How long a build may take where much is fetched; it takes one."""


@attrs.frozen
class Archive:
    """
    What ``docker/build-tarball`` has left.

    :ivar said: the last line that it printed
    """

    path: Path
    said: str

    @property
    def identifier(self) -> str:
        """The image's, as Docker names it."""
        return self.said.split()[-1]

    @property
    def materials(self) -> Path:
        """The bill of materials."""
        return self.path.with_suffix(".cdx.json")

    @property
    def config(self) -> dict[str, Any]:
        """The image's configuration."""
        with tarfile.open(self.path) as archive:
            name = self._manifest(archive)["Config"]
            return dict(json.load(_file(archive, name)))

    @property
    def tags(self) -> list[str]:
        """The names that Docker gives it."""
        with tarfile.open(self.path) as archive:
            return list(self._manifest(archive)["RepoTags"])

    def layers(self) -> Iterator[tarfile.TarFile]:
        """Its file systems, the base first."""
        with tarfile.open(self.path) as archive:
            for name in self._manifest(archive)["Layers"]:
                with tarfile.open(fileobj=_file(archive, name)) as layer:
                    yield layer

    def unpack(self, root: Path) -> None:
        """Lay its layers over each other, as no layer of ours takes anything away."""
        for layer in self.layers():
            layer.extractall(root, filter="tar")

    def _manifest(self, archive: tarfile.TarFile) -> dict[str, Any]:
        (manifest,) = json.load(_file(archive, "manifest.json"))
        return dict(manifest)


def _file(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(name)
    assert file is not None, name
    return file


def build(folder: Path) -> Archive:
    """
    Build the image on Debian's packages.

    :raises SkipTest: what it takes is not installed
    """
    if os.geteuid() != 0:
        raise SkipTest("only root can make a base of Debian's packages")
    for program in "buildah", "mmdebstrap", "runc":
        find(program, program)
    probe = ["unshare", "--mount", "--pid", "--net", "--fork", "true"]
    told = subprocess.run(probe, capture_output=True, text=True)
    if told.returncode != 0:
        raise SkipTest(f"no containers here: {told.stderr.strip()}")
    path = folder / "image.tar"
    done = subprocess.run(
        [ROOT / "docker/build-tarball"],
        env={
            **os.environ,
            "BASE": "debian",
            "OUTPUT": str(path),
            "PYTHON": sys.executable,
        },
        capture_output=True,
        text=True,
        timeout=60 * _MINUTES,
    )
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return Archive(path, done.stdout.splitlines()[-1])


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Goes away with this process."""
    return tempfile.TemporaryDirectory(prefix="mocksmtp-image-")


@functools.cache
def _built() -> Archive | Exception:
    try:
        return build(Path(_folder().name))
    except (AssertionError, SkipTest) as error:
        return error


def shared_archive() -> Archive:
    """
    The image of all tests in this process, built once.

    :raises SkipTest: it can't be built on this machine
    """
    outcome = _built()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@functools.cache
def shared_root() -> Path:
    """Its file system."""
    root = Path(_folder().name) / "root"
    # Others than root are to enter it.
    root.parent.chmod(0o755)
    shared_archive().unpack(root)
    root.chmod(0o755)
    return root
