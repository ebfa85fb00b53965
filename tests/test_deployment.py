"""The files that others run the image by, as far as they can be checked without them.

No registry and no cluster is asked: Compose and Kubernetes see them elsewhere.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from twisted.trial.unittest import SkipTest, SynchronousTestCase

import mocksmtp
from mocksmtp.config import load_config
from mocksmtp.store.opening import parse_store
from mocksmtp.zone.text import parse_zone_text
from tests.markdown import ROOT

IMAGE = f"mocksmtp:{mocksmtp.__version__}"
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()


def check(tool: str, *arguments: str) -> str:
    """Run a tool of the extra `dev`; return its output, which is empty on success."""
    path = shutil.which(tool, path=Path(sys.executable).parent)
    if path is None:
        raise SkipTest(f"missing: {tool}")
    done = subprocess.run([path, *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


def exposed() -> set[tuple[int, str]]:
    """The ports of the image, and what they are for."""
    (line,) = re.findall(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE)
    pairs = (port.split("/") for port in line.split())
    return {(int(number), kind.upper()) for number, kind in pairs}


class ComposeTests(SynchronousTestCase):
    """``docker/compose*.yaml``"""

    def documents(self) -> dict[str, dict[str, Any]]:
        paths = sorted((ROOT / "docker").glob("compose*.yaml"))
        return {path.name: yaml.safe_load(path.read_text()) for path in paths}

    def test_they_follow_the_specification(self) -> None:
        """By its JSON schema."""
        paths = [str(ROOT / "docker" / name) for name in self.documents()]
        self.assertEqual(len(paths), 2)
        told = subprocess.run(
            [
                *(sys.executable, "-m", "check_jsonschema"),
                *("--builtin-schema", "vendor.compose-spec", *paths),
            ],
            capture_output=True,
            text=True,
        )
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)

    def test_the_mail_server_asks_the_service(self) -> None:
        """Its resolver is the fixed address of the service, which is in the subnet."""
        for name, document in self.documents().items():
            services = document["services"]
            service = services.pop("mocksmtp")
            (server,) = services.values()
            address = service["networks"]["mail"]["ipv4_address"]
            self.assertEqual(server["dns"], address, name)
            (network,) = document["networks"]["mail"]["ipam"]["config"]
            subnet = ipaddress.ip_network(network["subnet"])
            self.assertIn(ipaddress.ip_address(address), subnet)
            self.assertEqual(service["image"], IMAGE)

    def test_the_service_is_the_mx_of_every_domain(self) -> None:
        """Its configuration can be read, and leads to its own address."""
        for name, document in self.documents().items():
            config = tomllib.loads(document["configs"]["mocksmtp"]["content"])
            mx, host = parse_zone_text(config["dnsRecords"])
            self.assertEqual(str(mx.name), "*", name)
            service = document["services"]["mocksmtp"]
            address = service["networks"]["mail"]["ipv4_address"]
            self.assertEqual(str(host.rdata.address), address)
            self.assertEqual(mx.rdata.exchange, host.name)


def manifest(name: str) -> list[dict[str, Any]]:
    """The documents of a file; each follows the schema of its kind strictly."""
    documents = [*yaml.safe_load_all((ROOT / "docker" / name).read_text())]
    newest = kubernetes_validate.latest_version()
    for document in documents:
        kubernetes_validate.validate(document, newest, strict=True)
    return documents


class KubernetesTests(SynchronousTestCase):
    """``docker/kubernetes-memory.yaml`` and ``kubernetes-store.yaml``"""

    def setUp(self) -> None:
        found = manifest("kubernetes-memory.yaml")
        self.documents = {one["kind"]: one for one in found}
        template = self.documents["Deployment"]["spec"]["template"]
        self.pod = template["spec"]
        (self.container,) = self.pod["containers"]

    def test_what_it_contains(self) -> None:
        """A configuration, a pod, a service."""
        self.assertEqual(set(self.documents), {"ConfigMap", "Deployment", "Service"})

    def test_the_ports_are_those_of_the_image(self) -> None:
        """And the service leads to each of them by its name."""
        ports = {
            port["name"]: (port["containerPort"], port["protocol"])
            for port in self.container["ports"]
        }
        self.assertEqual(set(ports.values()), exposed())
        for port in self.documents["Service"]["spec"]["ports"]:
            expected = ports.pop(port["targetPort"])
            self.assertEqual((port["port"], port["protocol"]), expected)
        self.assertEqual(ports, {})

    def test_a_store_needs_a_volume(self) -> None:
        """The second file is the first with a volume, which the user may write to."""
        found = manifest("kubernetes-store.yaml")
        documents = {one["kind"]: one for one in found}
        self.assertEqual(documents["Service"], self.documents["Service"])
        deployment = documents["Deployment"]["spec"]
        self.assertEqual(deployment["strategy"], {"type": "Recreate"})
        self.assertEqual(deployment["replicas"], 1)
        pod = deployment["template"]["spec"]
        self.assertEqual(pod["securityContext"]["fsGroup"], 10025)
        dockerfile = (ROOT / "docker/Dockerfile").read_text()
        self.assertIn("USER 10025:10025", dockerfile)
        (container,) = pod["containers"]
        variables = {one["name"]: one["value"] for one in container["env"]}
        folder = variables["MOCKSMTP_STORE"].removeprefix("sqlite:").rpartition("/")[0]
        places = [one["mountPath"] for one in container["volumeMounts"]]
        self.assertIn(folder, places)
        load_config({}, {k: v for k, v in variables.items() if "CONFIG" not in k})

    def test_the_probes(self) -> None:
        """All ask `/health` of the API."""
        for kind in "startup", "readiness", "liveness":
            request = self.container[f"{kind}Probe"]["httpGet"]
            self.assertEqual(request, {"path": "/health", "port": "http"})

    def test_it_asks_for_no_right(self) -> None:
        """Low ports are opened by a setting that is safe for every pod."""
        security = self.container["securityContext"]
        self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
        self.assertTrue(security["readOnlyRootFilesystem"])
        (sysctl,) = self.pod["securityContext"]["sysctls"]
        self.assertEqual(sysctl["name"], "net.ipv4.ip_unprivileged_port_start")
        self.assertEqual(self.container["image"], IMAGE)


class ReplicasTests(SynchronousTestCase):
    """``docker/kubernetes.yaml``: replicas with Redis"""

    def setUp(self) -> None:
        found = manifest("kubernetes.yaml")
        self.documents = {(d["kind"], d["metadata"]["name"]): d for d in found}
        self.deployment = self.documents["Deployment", "mocksmtp"]["spec"]
        self.pod = self.deployment["template"]["spec"]
        (self.container,) = self.pod["containers"]

    def test_several_replicas(self) -> None:
        """They are replaced one by one, and one at a time may be evicted."""
        self.assertGreater(self.deployment["replicas"], 1)
        rolling = self.deployment["strategy"]["rollingUpdate"]
        self.assertEqual(rolling, {"maxUnavailable": 0, "maxSurge": 1})
        budget = self.documents["PodDisruptionBudget", "mocksmtp"]["spec"]
        self.assertEqual(budget["maxUnavailable"], 1)
        labels = self.deployment["template"]["metadata"]["labels"]
        self.assertEqual(budget["selector"]["matchLabels"], labels)

    def test_they_use_the_redis_of_the_file(self) -> None:
        """By the name and port of its service, with the password of the secret."""
        service = self.documents["Service", "mocksmtp-redis"]["spec"]
        secret = self.documents["Secret", "mocksmtp-redis"]["stringData"]
        variables = {one["name"]: one.get("value") for one in self.container["env"]}
        url = variables["MOCKSMTP_STORE"]
        assert url is not None
        url = url.replace("$(REDIS_PASSWORD)", secret["password"])
        address = parse_store(url).redis
        assert address is not None
        self.assertEqual(
            (address.host, address.port),
            ("mocksmtp-redis", service["ports"][0]["port"]),
        )
        self.assertEqual(address.password, secret["password"])
        load_config({}, {"MOCKSMTP_STORE": url, "MOCKSMTP_STORE_WAIT": "5m"})

    def test_redis_refuses_what_it_has_no_room_for(self) -> None:
        """It evicts nothing, and what it was given survives its end."""
        pod = self.documents["StatefulSet", "mocksmtp-redis"]["spec"]["template"]
        (container,) = pod["spec"]["containers"]
        (command,) = container["args"]
        self.assertIn("--maxmemory-policy noeviction", command)
        self.assertIn("--appendonly yes", command)

    def test_redis_being_away_restarts_no_pod(self) -> None:
        """It gets no traffic then; a restart would not help."""
        self.assertIn("tcpSocket", self.container["livenessProbe"])
        for kind in "startup", "readiness":
            request = self.container[f"{kind}Probe"]["httpGet"]
            self.assertEqual(request, {"path": "/health", "port": "http"})

    def test_the_ports_and_rights_are_those_of_one_pod(self) -> None:
        """As in the file without Redis."""
        one = {d["kind"]: d for d in manifest("kubernetes-memory.yaml")}
        self.assertEqual(self.documents["Service", "mocksmtp"], one["Service"])
        pod = one["Deployment"]["spec"]["template"]["spec"]
        self.assertEqual(self.pod["securityContext"], pod["securityContext"])
        for name in "image", "ports", "securityContext":
            self.assertEqual(self.container[name], pod["containers"][0][name])


class WorkflowTests(SynchronousTestCase):
    """``.github/workflows``"""

    def steps(self, name: str) -> list[str]:
        """The commands of a workflow."""
        text = (ROOT / ".github/workflows" / name).read_text()
        jobs = yaml.safe_load(text)["jobs"].values()
        return [step["run"] for job in jobs for step in job["steps"] if "run" in step]

    def test_they_follow_the_schema(self) -> None:
        """That of GitHub."""
        paths = sorted(map(str, (ROOT / ".github/workflows").glob("*.yml")))
        self.assertEqual(len(paths), 2)
        updates = str(ROOT / ".github/dependabot.yml")
        for schema, files in ("github-workflows", paths), ("dependabot", [updates]):
            told = subprocess.run(
                [
                    *(sys.executable, "-m", "check_jsonschema"),
                    *("--builtin-schema", f"vendor.{schema}", *files),
                ],
                capture_output=True,
                text=True,
            )
            self.assertEqual(told.returncode, 0, told.stdout + told.stderr)

    def test_they_are_safe(self) -> None:
        """zizmor finds no error: expressions, rights, pinned actions."""
        told = check("zizmor", "--offline", "--quiet", ".github")
        self.assertEqual(told, "")

    def test_actions_are_pinned(self) -> None:
        """By a commit, with the version that it had in a comment."""
        for path in (ROOT / ".github/workflows").glob("*.yml"):
            for line in path.read_text().splitlines():
                if "uses:" in line:
                    self.assertRegex(
                        line, r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$"
                    )

    def test_they_run_what_maintainers_run(self) -> None:
        """The same targets; a release is published after its check only."""
        self.assertEqual(
            self.steps("release.yml"), ["make release-check", "make images"]
        )
        self.assertTrue(any(".ci/run" in step for step in self.steps("ci.yml")))
        text = (ROOT / ".github/workflows/release.yml").read_text()
        jobs = yaml.safe_load(text)["jobs"]
        self.assertEqual(
            [one.get("needs") for one in jobs.values()], [None] + 2 * ["check"]
        )
        tools = (ROOT / "Makefile").read_text()
        for target, command in (
            ("release-check: dist", "tools/release-check dist"),
            ("images: site", "docker/build-multiarch"),
        ):
            recipe = tools.partition(f"\n{target}\n")[2].partition("\n\n")[0]
            self.assertIn(command, recipe)


class ScriptTests(SynchronousTestCase):
    """The shell scripts of the repository"""

    def test_shellcheck_finds_no_fault(self) -> None:
        """In scripts of tools, docker and examples."""
        folders = ".ci", "docker", "examples/postfix", "tools"
        scripts = [
            str(path)
            for folder in folders
            for path in sorted((ROOT / folder).iterdir())
            if path.is_file() and re.match(rb"#!.*\b(ba)?sh\n", path.read_bytes()[:100])
        ]
        self.assertGreater(len(scripts), 8)
        self.assertEqual(check("shellcheck", "--severity=warning", *scripts), "")


class DebianPackagesTests(SynchronousTestCase):
    """`tools/debian-packages`, which `make packages` calls"""

    APT_CACHE = """
if [ "$2" != chromium ]; then echo "$2 | 1 | here"; fi
"""

    def install(self, *packages: str) -> tuple[str, list[str]]:
        """Install packages on a machine that has none; return output and calls."""
        folder = Path(self.mktemp())
        folder.mkdir()
        calls = folder / "calls"
        programs = {
            "dpkg-query": "exit 1",
            "debconf-set-selections": "cat >/dev/null",
            "id": "echo 0",
            "apt-cache": self.APT_CACHE,
            "apt-get": f'echo "$@" >>{calls.absolute()}',
        }
        for name, text in programs.items():
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)
        path = f"{folder.absolute()}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [str(ROOT / "tools/debian-packages"), *packages],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, calls.read_text().splitlines()

    def test_a_package_that_a_distribution_does_not_have(self) -> None:
        """The others are installed, and it is named."""
        output, calls = self.install("curl", "chromium", "swaks")
        self.assertIn("There is no package chromium.", output)
        self.assertEqual(calls[-1], "install -y -qq --no-install-recommends curl swaks")


class VersionTests(SynchronousTestCase):
    """The image's name in documents"""

    def test_it_is_that_of_this_version(self) -> None:
        """Wherever a command or a file names the image."""
        paths = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        paths += (ROOT / "docker").glob("*.yaml")
        found = {
            name
            for path in paths
            for name in re.findall(r"(?<!/)\bmocksmtp:\d[\w.]*\b", path.read_text())
        }
        self.assertEqual(found, {IMAGE})


class RequirementsTests(SynchronousTestCase):
    """``docker/requirements.txt``, which `tools/pin` writes"""

    def test_the_versions_are_those_of_the_tests(self) -> None:
        """Each with the hash of what is fetched."""
        tested = dict(
            re.findall(
                r"^([\w.-]+)==(\S+)$",
                normal((ROOT / "tests/constraints.txt").read_text()),
                re.MULTILINE,
            )
        )
        text = normal((ROOT / "docker/requirements.txt").read_text())
        pinned = re.findall(
            r"^([\w.-]+)==(\S+)[^\n]*\\\n((?: +--hash=sha256:[0-9a-f]{64}[ \\]*\n)+)",
            text,
            re.MULTILINE,
        )
        self.assertEqual(len(pinned), text.count("=="))
        for name, version, _ in pinned:
            self.assertEqual(tested[name], version, name)


def normal(text: str) -> str:
    """With the names of packages as pip compares them."""
    return re.sub(
        r"^[\w.-]+(?===)",
        lambda found: re.sub("[-_.]+", "-", found[0]).lower(),
        text,
        flags=re.MULTILINE,
    )
