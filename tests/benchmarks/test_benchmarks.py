"""The benchmarks: a run of each kind, small"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import __main__ as program
from benchmarks import compare
from benchmarks.calls import COUNTS, count_calls
from benchmarks.loads import LOADS, Plan
from benchmarks.peers import PEERS
from tests.installed import is_installed

PIPELINED, TLS, GROWTH, IDLE = (LOADS[n] for n in (1, 7, 9, 16))


class RunTests(SynchronousTestCase):
    def run_with(
        self, *arguments: str
    ) -> tuple[int, str, dict[str, dict[str, list[float]]]]:
        """The exit code, all that was printed, and the samples of each load."""
        self.patch(program, "QUICK", Plan(rounds=2, share=100, kept=200))
        self.patch(program.signal, "signal", lambda *_: None)
        path, out = Path(self.mktemp()), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = program.main(["--quick", "--free", f"--json={path}", *arguments])
        return code, out.getvalue(), json.loads(path.read_text())["loads"]

    def test_servers_in_rounds(self) -> None:
        """Each server has a sample a round, and those that know no TLS none over it."""
        only = "--only=pipelined-1k", "--only=tls-pipelined-1k"
        code, said, loads = self.run_with(*only, "--servers=floor,stock")
        self.assertEqual(code, 0, said)
        counts = {case: len(rounds) for case, rounds in loads[PIPELINED.name].items()}
        self.assertEqual(counts, {"floor": 2, "twisted.mail": 2})
        self.assertEqual([*loads[TLS.name]], ["floor"])

    def test_mocksmtp(self) -> None:
        """What only mocksmtp does is measured too."""
        if not is_installed():
            self.skipTest("mocksmtp is not installed beside this Python")
        only = "--only=behaviors-all", "--only=filling"
        code, said, _ = self.run_with(*only, "--servers=mocksmtp")
        self.assertEqual(code, 0, said)

    def test_a_server_that_cannot_be_started(self) -> None:
        """It is reported, the exit code is 1, and the others are measured."""
        broken = evolve(PEERS[3], commands={"smtp": lambda *_: ["/nowhere/server"]})
        self.patch(program, "PEERS", (PEERS[2], broken))
        cases = {"floor": PIPELINED.cases["floor"], "twisted.mail": (broken, len)}
        load = evolve(PIPELINED, cases=cases)
        self.patch(program.main, "__defaults__", ((load,),))
        code, said, loads = self.run_with()
        self.assertEqual((code, [*loads[load.name]]), (1, ["floor"]))
        self.assertIn("failed: stock: [Errno 2] No such file", said)

    def test_ratios(self) -> None:
        """Above 1 the base is the cheaper one; a cost may have a limit of its own."""
        for small, expected in ((9.0, "yes"), (7.0, "NO")):
            samples = {"of 1 MiB": [1.0, small, 10.0], "of 64 MiB": [10.0]}
            self.assertEqual(program.ratio(GROWTH, samples, "of 1 MiB"), small / 10)
            self.assertEqual(program.verdict(GROWTH, samples), expected)
        for size, expected in ((30_000.0, "yes"), (40_000.0, "NO")):
            self.assertEqual(program.verdict(IDLE, {"mocksmtp": [size]}), expected)


class CompareTests(SynchronousTestCase):
    """`benchmarks.compare`"""

    def run_with(self, *rivals: compare.Rival) -> tuple[int, str]:
        """The exit code and what was printed, of a short run with these servers."""
        if shutil.which("smtp-source", path="/usr/sbin:/usr/bin") is None:
            self.skipTest("smtp-source, a part of Postfix, is not installed")
        self.patch(compare, "rivals", lambda: rivals)
        self.patch(compare, "STARTS", 1)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = compare.main(["--mails=20", "--rounds=1"])
        return code, out.getvalue()

    def test_a_server_that_is_not_installed_is_named(self) -> None:
        """The others have a column with all loads and their start."""
        floor = compare.Rival("floor", "", PEERS[2].commands["smtp"], announces=True)
        code, said = self.run_with(floor, compare.Rival("Other", "in $OTHER", None))
        self.assertEqual(code, 0, said)
        self.assertIn("skipped: Other: not found (in $OTHER)", said)
        table = [line for line in said.splitlines() if line.startswith("| ")]
        self.assertEqual(table[0], "| load | floor |")
        self.assertEqual(len(table), 2 + len(compare.LOADS) + 1)
        for line in table[2:-1]:
            self.assertRegex(line, r"\| [0-9,]+ µs, [0-9,]+/s \|$")
        self.assertRegex(table[-1], r"\| [0-9.]+ s \|$")

    def test_a_server_that_fails(self) -> None:
        """It is no column, and the exit code is 1."""
        broken = compare.Rival("Broken", "", lambda *_: ["/nowhere/server"])
        code, said = self.run_with(broken)
        self.assertEqual(code, 1)
        self.assertIn("failed: Broken: [Errno 2] No such file", said)


class CallsTests(SynchronousTestCase):
    def test_counts(self) -> None:
        """Only Python functions count, and every run counts the same."""
        calls = count_calls(lambda: [json.dumps([]) for _ in range(3)])
        self.assertEqual([calls[name] for name in calls if "dumps" in name], [3])
        for count in COUNTS.values():
            self.assertEqual(count(), count())

    def test_a_mail_needs_few_calls(self) -> None:
        """Each one that is added is seen, which no measurement of time would show."""
        calls = COUNTS["1 KiB mail, pipelined"]()
        self.assertLessEqual(calls.total(), 40, calls)

    def test_a_put_needs_few_calls(self) -> None:
        """Features of other requests cost a PUT of a behavior nothing."""
        calls = COUNTS["PUT of a behavior"]()
        # Those of Twisted, Klein and Werkzeug depend on their versions.
        own = {name: n for name, n in calls.items() if "mocksmtp" in name}
        self.assertLessEqual(sum(own.values()), 120, own)
