"""CPU time and memory of mocksmtp per mail, compared with other servers.

Each server is a process on loopback. The figure is the CPU time that it uses per mail,
which depends far less than elapsed time on what else the machine does. The cases of a
load are measured in turns, so that a slow minute slows all of them. A load that was
refused, or not answered in full, is an error and never a figure; a figure that misses
its goal is no error, because no test may depend on time.

To add a server, add a row to `peers.PEERS`; to add a load, a row to `loads.LOADS`.
"""
