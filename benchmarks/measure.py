# SPDX-License-Identifier: Apache-2.0
"""Runs programs in turn and takes medians of their time and memory."""
import os
import statistics
import subprocess
import tempfile
import time
from collections import namedtuple

# Of one command: seconds on the clock; processor seconds of all its threads and
# children; bytes that the largest of its processes had in memory at a time.
Cost = namedtuple("Cost", "wall cpu memory")


def measure(command, cpus=None, env=None):
    """Runs a command on the given processors; fails with its output when it does."""
    limit = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, preexec_fn=limit, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            text = output.read().decode(errors="replace")
            raise RuntimeError("%s ended with %d:\n%s" % (" ".join(command), process.returncode, text))
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def medians(runs):
    """Of each quantity by itself."""
    return Cost(*(statistics.median(values) for values in zip(*runs)))


def alternate(commands, runs, cpus):
    """Medians of `runs` runs of each command, taken in turn."""
    taken = [[] for _ in commands]
    for _ in range(runs):
        for command, costs in zip(commands, taken):
            costs.append(measure(command, cpus))
    return [medians(costs) for costs in taken]


def processors(count):
    """The first `count` of those that this process may use."""
    return set(sorted(os.sched_getaffinity(0))[:count])


def find(path):
    """A path given by the user, or one in the runfiles."""
    theirs = os.path.join(os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd()), path)
    return theirs if os.path.exists(theirs) else path


Network = namedtuple("Network", "name source mlir inputs")


def read_networks(path):
    """The networks of a `benchmark_networks` target."""
    with open(path) as file:
        return [Network(*line.split()) for line in file]
