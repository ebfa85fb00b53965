import os

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.kept import FORGET, Kept


class KeptTests(SynchronousTestCase):
    def test_keeps(self) -> None:
        """Every mail is kept until all are forgotten."""
        kept = Kept()
        kept.keep(b"1")
        kept.keep(b"1")
        self.assertEqual(len(kept), 2)
        kept.forget()
        self.assertEqual(len(kept), 0)

    def test_signal(self) -> None:
        """The signal has the process forget its mails."""
        import signal

        before = signal.getsignal(FORGET)
        self.addCleanup(signal.signal, FORGET, before)
        kept = Kept()
        kept.keep(b"1")
        kept.forget_on_signal()
        os.kill(os.getpid(), FORGET)
        self.assertEqual(len(kept), 0)
