"""The tests of mocksmtp, and how many examples their properties are tried with.

The environment variable ``HYPOTHESIS_PROFILE`` selects the profile: ``dev`` is for
`make check`, ``ci`` for `make test`, ``full`` for `make test-full`.
"""

from __future__ import annotations

import os

from hypothesis import settings

# No deadline: how long an example takes depends on what else the machine does. With
# `ci` the same code has the same examples, so that a failure comes from the change;
# `dev` and `full` find new ones.
settings.register_profile("dev", deadline=None, max_examples=20)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True)
settings.register_profile("full", deadline=None, max_examples=1000, print_blob=True)

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "dev")
"""The profile in use."""

settings.load_profile(PROFILE)
