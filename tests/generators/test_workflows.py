"""actionlint finds no error in the workflows"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.generators.test_clients import need, run
from tests.markdown import ROOT

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"


class ActionlintTests(SynchronousTestCase):
    """``.github/workflows``, with the program that Go builds"""

    def test_there_is_no_error(self) -> None:
        """In the syntax, the expressions, the inputs of actions and the commands."""
        need("go")
        folder = Path(self.mktemp())
        folder.mkdir()
        run(folder, "go", "install", ACTIONLINT, GOBIN=str(folder.absolute()))
        paths = map(str, sorted((ROOT / ".github/workflows").glob("*.yml")))
        self.assertEqual(run(folder, str(folder.absolute() / "actionlint"), *paths), "")
