#!/usr/bin/env python3
"""
Makes the archive of a container image reproducible.

    tools/settle.py IN.tar OUT.tar NAME:TAG EPOCH

buildah records its version and the random name of its build container. This removes
both, sets the time of every entry to `EPOCH`, and prints the id of the image, the hash
of its configuration.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile


def main(source: str, target: str, tag: str, epoch: str) -> None:
    """Write the archive anew, and print the identifier."""
    with (
        tarfile.open(source) as old,
        tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as new,
    ):
        (manifest,) = json.loads(read(old, "manifest.json"))
        config = json.loads(read(old, manifest["Config"]))
        config.pop("container", None)
        config.pop("container_config", None)
        config["config"].pop("Hostname", None)
        config["config"].get("Labels", {}).pop("io.buildah.version", None)
        text = json.dumps(config, sort_keys=True, separators=(",", ":")).encode()
        digest = hashlib.sha256(text).hexdigest()
        manifest = {
            "Config": f"{digest}.json",
            "Layers": manifest["Layers"],
            "RepoTags": [tag],
        }
        for name in manifest["Layers"]:
            layer = old.extractfile(name)
            assert layer is not None, name
            new.addfile(entry(name, old.getmember(name).size, epoch), layer)
        for name, content in (
            (manifest["Config"], text),
            ("manifest.json", json.dumps([manifest]).encode()),
        ):
            new.addfile(entry(name, len(content), epoch), io.BytesIO(content))
    print(f"sha256:{digest}")


def read(archive: tarfile.TarFile, name: str) -> bytes:
    """A file of an archive."""
    file = archive.extractfile(name)
    assert file is not None, name
    return file.read()


def entry(name: str, size: int, epoch: str) -> tarfile.TarInfo:
    """The head of a file in an archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime = size, int(epoch)
    return info


main(*sys.argv[1:])
