"""The types of the page's modules, which their comments declare"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mocksmtp.web import shell

TYPESCRIPT = "typescript@5.9.3"

OPTIONS = (
    *("--noEmit", "--allowJs", "--checkJs", "--strict", "--noUnusedLocals"),
    *("--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"),
    *("--lib", "es2023,dom,dom.iterable"),
)


class ModuleTests(SynchronousTestCase):
    def test_types(self) -> None:
        """TypeScript finds no error in any module."""
        for program in "node", "npm":
            if shutil.which(program) is None:
                raise SkipTest(f"{program} is not installed")
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        self.run_program(
            folder, "npm", "install", "--no-audit", "--no-fund", TYPESCRIPT
        )
        static = Path(shell.__file__).parent / "static"
        modules = sorted(map(str, static.glob("*.js")))
        self.assertGreater(len(modules), 4)
        compiler = folder / "node_modules" / "typescript" / "bin" / "tsc"
        self.run_program(folder, "node", str(compiler), *OPTIONS, *modules)

    def run_program(self, folder: Path, *command: str) -> None:
        ran = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=300,
        )
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
