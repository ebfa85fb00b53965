"""A container of the image, under runc and with the restrictions that Docker can set.

The root file system is read-only, there are no capabilities and no new privileges, and
in the place of the shells is nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.namespaces import Namespace
from tests.e2e.program import Program, find
from tests.image.archive import Archive

_SHELLS = ("/usr/bin/dash", "/usr/bin/bash", "/usr/bin/sh")


class Container:
    """
    The image with its own entry point, as the first process of a container.

    :param folder: an empty one, for what runc keeps
    :param namespace: the network, or None for one without any interface
    :param options: what follows the entry point
    :param environment: variables beside those of the image
    :param lowest_port: that others than root may open; Docker has 0
    """

    def __init__(
        self,
        archive: Archive,
        root: Path,
        folder: Path,
        namespace: Namespace | None = None,
        options: tuple[str, ...] = (),
        lowest_port: int = 0,
        **environment: str,
    ) -> None:
        self._folder = folder
        image = archive.config["config"]
        command = [*image["Entrypoint"], *options]
        variables = [
            *image["Env"],
            *(f"{name}={value}" for name, value in environment.items()),
        ]
        specification = {
            "ociVersion": "1.0.2",
            "process": {
                **_process(image["User"], image["WorkingDir"], variables),
                "args": command,
            },
            "root": {"path": str(root), "readonly": True},
            "mounts": _mounts(root),
            "linux": {
                "namespaces": [
                    *({"type": kind} for kind in ("pid", "mount", "ipc", "uts")),
                    _network(namespace),
                ],
                "sysctl": {"net.ipv4.ip_unprivileged_port_start": str(lowest_port)},
            },
        }
        (folder / "config.json").write_text(json.dumps(specification))
        self._variables = variables
        self._name = f"mocksmtp-image-{os.getpid()}-{folder.name}"
        self.program = Program(
            self._runc("run", "--bundle", str(folder), self._name), folder
        )

    def wait(self) -> None:
        """Answer once all listeners are up."""
        self.program.printed("Mock SMTP server started")

    @property
    def pid(self) -> int:
        """The number of its first process, out here."""
        told = subprocess.run(
            self._runc("state", self._name), capture_output=True, check=True
        )
        return int(json.loads(told.stdout)["pid"])

    def run(
        self, *command: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the image in there, as a health check is run."""
        told = [f"--env={name}={value}" for name, value in environment.items()]
        return subprocess.run(
            self._runc("exec", *told, self._name, *command),
            capture_output=True,
            text=True,
            timeout=30,
        )

    def remove(self) -> None:
        """End it, whatever it does."""
        subprocess.run(
            self._runc("delete", "--force", self._name),
            capture_output=True,
            check=False,
        )
        self.program.stop()

    def _runc(self, *arguments: str) -> list[str]:
        return [find("runc", "runc"), "--root", str(self._folder / "runc"), *arguments]


def _process(user: str, folder: str, variables: list[str]) -> dict[str, Any]:
    uid, _, gid = user.partition(":")
    return {
        "user": {"uid": int(uid), "gid": int(gid)},
        "env": variables,
        "cwd": folder,
        "noNewPrivileges": True,
    }


def _mounts(root: Path) -> list[dict[str, Any]]:
    shells = [name for name in _SHELLS if (root / name[1:]).is_file()]
    return [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
        *(
            {
                "destination": str((root / name[1:]).resolve()).removeprefix(str(root)),
                "type": "bind",
                "source": "/dev/null",
                "options": ["bind", "ro"],
            }
            for name in shells
        ),
    ]


def _network(namespace: Namespace | None) -> dict[str, str]:
    if namespace is None:
        return {"type": "network"}
    return {"type": "network", "path": f"/var/run/netns/{namespace.name}"}
