"""How many files, sockets among them, this process and its servers may have open."""

import resource


def allow_open_files(count: int) -> None:
    """Raise the limit to ``count``, or as far as the system lets it be raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return
    allowed = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
