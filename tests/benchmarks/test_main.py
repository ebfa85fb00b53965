import contextlib
import io
import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import benchmarks.__main__ as program
from benchmarks.alone import Measurement
from benchmarks.clients import Pipelining
from benchmarks.errors import BenchmarkError
from benchmarks.growth import Growth
from benchmarks.kinds import FLOOR
from benchmarks.loads import Load
from benchmarks.measure import Plan
from benchmarks.rows import Row
from benchmarks.servers import Kind


class MainTests(SynchronousTestCase):
    def setUp(self) -> None:
        load = Load("lockstep-1k", "tiny", Pipelining(1024), mails=4, asks=())
        self.patch(program, "LOADS", (load,))
        self.patch(program, "QUICK", Plan(rounds=1, share=1, kept=1))
        self.patch(program.signal, "signal", lambda *_: None)
        self.out = io.StringIO()
        self.err = io.StringIO()

    def run_with(self, *arguments: str) -> int:
        with (
            contextlib.redirect_stdout(self.out),
            contextlib.redirect_stderr(self.err),
        ):
            return program.main(["--quick", "--free", *arguments])

    def test_peers_alone(self) -> None:
        """A run that could be run succeeds, and writes what it is asked to write."""
        as_json, as_markdown = Path(self.mktemp()), Path(self.mktemp())
        code = self.run_with(
            *("--servers", "floor", "--only", "lockstep-1k"),
            *("--json", str(as_json), "--markdown", str(as_markdown)),
        )
        self.assertEqual(code, 0, self.err.getvalue())
        self.assertIn("tiny", self.out.getvalue())
        self.assertIn("| tiny |", as_markdown.read_text())
        loads = json.loads(as_json.read_text())["loads"]
        self.assertEqual(len(loads["lockstep-1k"]["cpuPerMail"]["floor"]), 1)

    def test_failure(self) -> None:
        """A server that cannot be started makes the run fail, and the rest is run."""
        broken = Kind("stock", "broken", lambda _: ["/nowhere/server"])
        self.patch(program, "KINDS", (FLOOR, broken))
        code = self.run_with("--servers", "floor,stock", "--only", "lockstep-1k")
        self.assertEqual(code, 1)
        self.assertIn("failed: stock cannot be started", self.err.getvalue())
        self.assertIn("tiny", self.out.getvalue())

    def test_unknown_server(self) -> None:
        """A server that there is not is refused."""
        self.assertRaises(SystemExit, self.run_with, "--servers", "sendmail")
        self.assertIn("there is no server 'sendmail'", self.err.getvalue())

    def test_secure(self) -> None:
        """A load over TLS is for those servers that speak it, and for no others."""
        client = Pipelining(1024, secure=True)
        load = Load("tls-pipelined-1k", "tiny", client, mails=4, asks=(), secure=True)
        self.patch(program, "LOADS", (load,))
        path = Path(self.mktemp())
        code = self.run_with(
            *("--servers", "floor,stock", "--only", "tls-pipelined-1k"),
            *("--json", str(path)),
        )
        self.assertEqual(code, 0, self.err.getvalue())
        loads = json.loads(path.read_text())["loads"]
        self.assertEqual(list(loads["tls-pipelined-1k"]["cpuPerMail"]), ["floor"])

    def test_alone(self) -> None:
        """What is measured of mocksmtp alone is a row, or a failure that is told."""
        row = Row("growth of something", "1", "2", True)
        works = Measurement("growth", lambda plan: Growth(1, 2), lambda _: (row,))
        fails = Measurement("memory", self.refuse, lambda _: (row,), one_cpu=False)
        self.patch(program, "ALONE", (works, fails))
        code = self.run_with("--only", "growth", "--only", "memory")
        self.assertEqual(code, 1)
        self.assertIn("DATA of 64 MiB", self.out.getvalue())
        self.assertIn("failed: memory: 452 no", self.err.getvalue())

    def refuse(self, plan: Plan) -> None:
        raise BenchmarkError("452 no")

    def test_memory_of_peers(self) -> None:
        """Memory is measured of mocksmtp alone."""
        arguments = ("--servers", "floor", "--only", "memory")
        self.assertRaises(SystemExit, self.run_with, *arguments)
        self.assertIn("of mocksmtp alone", self.err.getvalue())
