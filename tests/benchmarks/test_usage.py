import os
import subprocess
import sys
import time

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.usage import cpu_seconds, resident_bytes

BURN_AND_WAIT = """
import time
while time.process_time() < 0.1:
    pass
print(flush=True)
input()
"""
NOBODY = 2**22 + 1  # above every process id that Linux gives


class UsageTests(SynchronousTestCase):
    def burning_child(self) -> "subprocess.Popen[bytes]":
        """A child that has used 0.1 s of CPU time, and waits."""
        child = subprocess.Popen(
            [sys.executable, "-c", BURN_AND_WAIT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.addCleanup(child.communicate, b"\n")
        assert child.stdout is not None
        child.stdout.readline()
        return child

    def test_own_cpu_time(self) -> None:
        """The own process's CPU time is what Python says it is."""
        before = time.process_time()
        self.assertGreaterEqual(cpu_seconds(os.getpid()), before)

    def test_of_another_process(self) -> None:
        """Another process's CPU time is read to the end."""
        self.assertGreaterEqual(cpu_seconds(self.burning_child().pid), 0.1)

    def test_with_children(self) -> None:
        """A child's CPU time counts for its parent."""
        self.burning_child()
        own = time.process_time()
        self.assertGreaterEqual(cpu_seconds(os.getpid()), own + 0.1)

    def test_memory(self) -> None:
        """Memory that is written to becomes resident."""
        before = resident_bytes(os.getpid())
        block = b"x" * (32 * 1024 * 1024)
        grown = resident_bytes(os.getpid()) - before
        self.assertGreaterEqual(grown, len(block) * 0.9)

    def test_no_such_process(self) -> None:
        """A process that is not there is an error."""
        self.assertRaises(ProcessLookupError, cpu_seconds, NOBODY)
        self.assertRaises(ProcessLookupError, resident_bytes, NOBODY)
