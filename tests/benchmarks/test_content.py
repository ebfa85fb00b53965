from twisted.trial.unittest import SynchronousTestCase

from benchmarks.content import content_of


class ContentTests(SynchronousTestCase):
    def test_size(self) -> None:
        """A content has just the size asked for, and ends with a line's end."""
        for size in (64, 1024, 1025, 102400, 1024 * 1024):
            content = content_of(size)
            self.assertEqual(len(content), size)
            self.assertTrue(content.endswith(b"\r\n"))

    def test_lines(self) -> None:
        """No line is longer than 80 bytes or begins with a dot."""
        lines = content_of(5000).split(b"\r\n")
        self.assertLessEqual(max(map(len, lines)), 78)
        self.assertFalse([line for line in lines if line.startswith(b".")])
