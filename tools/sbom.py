#!/usr/bin/env python3
"""
Prints the bill of materials of an image as CycloneDX 1.6.

    tools/sbom.py IMAGE.tar VERSION CREATED

It lists the Python distributions in /opt/mocksmtp and the Debian packages. The same
image results in the same text.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
import uuid
from collections.abc import Iterator
from datetime import datetime
from email import message_from_string
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

TELLING = re.compile(
    r"(?:\./)?(?:opt/mocksmtp/lib/python[^/]*/site-packages/[^/]*\.dist-info/METADATA"
    r"|var/lib/dpkg/status)"
)
"""The files that describe a package."""


def python_components(root: Path) -> Iterator[Component]:
    """The distributions of the program's environment."""
    places = (root / "opt/mocksmtp/lib").glob("python*/site-packages")
    for found in distributions(path=list(map(str, places))):
        name = found.metadata["Name"]
        normal = re.sub("[-_.]+", "-", name).lower()
        url = PackageURL("pypi", name=normal, version=found.version)
        yield component(name, found.version, url)


def debian_components(root: Path) -> Iterator[Component]:
    """The installed packages of the base."""
    status = root / "var/lib/dpkg/status"
    for paragraph in status.read_text().split("\n\n") if status.exists() else ():
        package = message_from_string(paragraph.strip() + "\n\n")
        if package["Status"] == "install ok installed":
            name, version = package["Package"], package["Version"]
            more = {"arch": package["Architecture"]}
            yield component(
                name, version, PackageURL("deb", "debian", name, version, more)
            )


def component(name: str, version: str, url: PackageURL) -> Component:
    """A part of the image."""
    return Component(
        name=name,
        version=version,
        purl=url,
        bom_ref=url.to_string(),
        type=ComponentType.LIBRARY,
    )


def unpack(archive: str, root: Path) -> None:
    """What tells of packages in the layers of an image, laid over each other."""
    with tarfile.open(archive) as image:
        listed = image.extractfile("manifest.json")
        assert listed is not None
        (manifest,) = json.load(listed)
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=image.extractfile(name)) as layer:
                wanted = [one for one in layer if TELLING.fullmatch(one.name)]
                layer.extractall(root, wanted, filter="data")


def main(archive: str, version: str, created: str) -> None:
    """Print the bill; `created` is a time of ISO 8601."""
    image = Component(
        name="mocksmtp",
        version=version,
        type=ComponentType.CONTAINER,
        bom_ref=f"image:mocksmtp@{version}",
    )
    with TemporaryDirectory() as folder:
        root = Path(folder)
        unpack(archive, root)
        parts = [*python_components(root), *debian_components(root)]
    bom = Bom(components=parts)
    bom.metadata.component = image
    bom.metadata.timestamp = datetime.fromisoformat(created)
    named = "\n".join(sorted(part.bom_ref.value or "" for part in parts))
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"{version}\n{created}\n{named}")
    bom.register_dependency(image, parts)
    print(JsonV1Dot6(bom).output_as_string(indent=1))


main(*sys.argv[1:])
