from twisted.trial.unittest import SynchronousTestCase

from benchmarks.machine import Machine, _cpu_model


class MachineTests(SynchronousTestCase):
    def test_description(self) -> None:
        """A machine is described by its CPU, its programs and the date."""
        machine = Machine("Some CPU", 2, "3.11", {"Twisted": "26.10"}, "2026-01-02")
        self.assertEqual(
            str(machine), "Some CPU, 2 CPUs; Python 3.11, Twisted 26.10; 2026-01-02"
        )

    def test_cpu_model(self) -> None:
        """The CPU's name is the first in the kernel's list."""
        listed = "processor\t: 0\nmodel name\t: One: Two\nmodel name\t: Three\n"
        self.assertEqual(_cpu_model(listed), "One: Two")

    def test_this(self) -> None:
        """The machine has CPUs, and Twisted has a version."""
        machine = Machine.this()
        self.assertGreater(machine.cores, 0)
        self.assertRegex(machine.versions["Twisted"], r"^\d")
