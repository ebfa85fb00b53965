"""What can go wrong in a benchmark."""


class BenchmarkError(Exception):
    """A server could not be started, or a load not be run to its end."""
