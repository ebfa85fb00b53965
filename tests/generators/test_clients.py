"""Each generator makes a client that compiles and works"""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import treq
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, TestCase

from mocksmtp.testing import start_mock

HERE = Path(__file__).parent

OAPI_CODEGEN = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"
PYTHON_CLIENT = "openapi-python-client==0.29.1"
OPENAPI_GENERATOR = "org.openapitools:openapi-generator-cli:7.14.0:jar"

MINUTES = 15
"""How long a generator and a compiler may take, with what they fetch."""


def run(folder: Path, *command: str, **environment: str) -> str:
    """What a program prints; it must succeed. Blocks."""
    ran = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=MINUTES * 60,
    )
    if ran.returncode:
        said = f"{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}"
        raise AssertionError(f"{command} failed:\n{said}")
    return ran.stdout


def need(*programs: str) -> None:
    """Skip the test, and name the program, where one is missing."""
    for program in programs:
        if shutil.which(program) is None:
            raise SkipTest(f"{program} is not installed")


class ClientTests(TestCase):
    """Put a behavior, wait for a mail, read its delivery"""

    timeout = MINUTES * 60

    async def setUp(self) -> None:
        self.mock = await start_mock(self.addCleanup)
        answer = await treq.get(f"{self.mock.url}/openapi.json", persistent=False)
        self.folder = self.make_folder(await answer.content())

    def make_folder(self, document: bytes) -> Path:
        """A folder of the test's own, with the description."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        (folder / "openapi.json").write_bytes(document)
        return folder

    async def check(self, make: Callable[[Path, str], str]) -> None:
        """`make` builds a client and runs it, while a mail arrives."""
        await deferToThread(_send, self.mock.smtp)
        said = await deferToThread(make, self.folder, self.mock.url)
        self.assertEqual(said.split(), ["hi", "accepted"])
        answer = await treq.get(f"{self.mock.url}/smtpBehaviors", persistent=False)
        (behavior,) = await answer.json()
        self.assertEqual(behavior["response"]["delay"], 10)

    async def test_typescript(self) -> None:
        """openapi-typescript, with openapi-fetch."""
        need("node", "npm")
        await self.check(_typescript)

    async def test_go(self) -> None:
        """oapi-codegen."""
        need("go")
        await self.check(_go)

    async def test_python(self) -> None:
        """openapi-python-client."""
        await self.check(_python)

    async def test_linters(self) -> None:
        """spectral and redocly find no error."""
        need("node", "npm")
        await deferToThread(_lint, self.folder)

    async def test_openapi_generator(self) -> None:
        """Java, Go, Python and TypeScript compile; the Python client runs."""
        need("java", "mvn", "go", "node", "npm")
        await self.check(_openapi_generator)


def _send(address: tuple[str, int]) -> None:
    with smtplib.SMTP(*address, timeout=10) as client:
        client.sendmail("me@here.test", ["you@there.test"], "Subject: hi\n\ntext\n")


def _npm(folder: Path) -> Path:
    """The programs of `package.json`, installed into a folder."""
    shutil.copy(HERE / "package.json", folder)
    run(folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
    return folder / "node_modules" / ".bin"


_TSC = ("--strict", "--target", "es2022", "--module", "esnext", "--skipLibCheck")
_RESOLUTION = ("--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable")


def _typescript(folder: Path, url: str) -> str:
    programs = _npm(folder)
    run(folder, str(programs / "openapi-typescript"), "openapi.json", "-o", "api.d.ts")
    shutil.copy(HERE / "client.ts", folder)
    run(folder, str(programs / "tsc"), *_TSC, *_RESOLUTION, "client.ts")
    return run(folder, "node", "client.js", url)


def _lint(folder: Path) -> None:
    programs = _npm(folder)
    (folder / ".spectral.yaml").write_text('extends: ["spectral:oas"]\n')
    run(folder, str(programs / "spectral"), "lint", "openapi.json")
    run(folder, str(programs / "redocly"), "lint", "openapi.json")


def _go(folder: Path, url: str) -> str:
    generate = ("-generate", "types,client", "-package", "main", "-o", "api.go")
    run(folder, "go", "run", OAPI_CODEGEN, *generate, "openapi.json")
    shutil.copy(HERE / "client.go", folder)
    run(folder, "go", "mod", "init", "example.test/client")
    run(folder, "go", "mod", "tidy")
    run(folder, "go", "vet", ".")
    return run(folder, "go", "run", ".", url)


def _python(folder: Path, url: str) -> str:
    run(folder, sys.executable, "-m", "venv", "venv")
    python = str(folder / "venv" / "bin" / "python")
    run(folder, python, "-m", "pip", "--quiet", "install", PYTHON_CLIENT, "mypy")
    generate = ("generate", "--path", "openapi.json", "--output-path", "made")
    program = str(folder / "venv" / "bin" / "openapi-python-client")
    said = run(folder, program, *generate)
    if "parsing" in said:
        raise AssertionError(f"something is left out:\n{said[-4000:]}")
    shutil.copy(HERE / "client.py.txt", folder / "made" / "client.py")
    run(folder / "made", python, "-m", "mypy", "--config-file=", "client.py")
    return run(folder / "made", python, "client.py", url)


def _openapi_generator(folder: Path, url: str) -> str:
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
    run(
        folder,
        "mvn",
        "-q",
        copy,
        f"-Dartifact={OPENAPI_GENERATOR}",
        f"-DoutputDirectory={folder}",
    )
    (jar,) = folder.glob("openapi-generator-cli*.jar")
    for language, *options in (
        ("java", "--library", "native"),
        ("go", "--additional-properties", "withGoMod=true"),
        ("python",),
        ("typescript-fetch",),
    ):
        generate = ("generate", "-i", "openapi.json", "-g", language, "-o", language)
        run(folder, "java", "-jar", str(jar), *generate, *options)
    run(folder / "java", "mvn", "-q", "compile")
    shutil.rmtree(folder / "go" / "test")
    run(folder / "go", "go", "mod", "tidy")
    run(folder / "go", "go", "build", "./...")
    tsc = str(_npm(folder) / "tsc")
    run(folder / "typescript-fetch", tsc, "--noEmit", *_TSC, *_RESOLUTION, "index.ts")
    run(folder, sys.executable, "-m", "venv", "venv")
    python = str(folder / "venv" / "bin" / "python")
    run(
        folder,
        python,
        "-m",
        "pip",
        "--quiet",
        "install",
        "-r",
        "python/requirements.txt",
    )
    shutil.copy(HERE / "openapi_generator.py.txt", folder / "python" / "client.py")
    return run(folder / "python", python, "client.py", url)
