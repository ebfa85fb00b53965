"""Server CPU and memory per mail, beside other servers and a floor.

Run from the project's root::

    python -m benchmarks [--quick] [--only NAME] [--servers NAMES]
                         [--markdown FILE] [--json FILE]

Every server is a process of its own on a loopback port, and what is compared is
the CPU time (user and system) that it spent per mail, which depends far less than
elapsed time does on what else the machine is doing. Rounds are interleaved across
servers, so that a slow minute slows all of them; the median of the rounds counts.

A ratio is always the other server's CPU per mail over mocksmtp's: above 1 mocksmtp
is the cheaper one. A load that was refused, or that is not answered in full, is an
error and never a figure; a figure that falls short is printed and is no error, for
no test may depend on time.
"""
