# SPDX-License-Identifier: Apache-2.0
"""Whole runs of bmodels on our simulator and on the vendor's, side by side."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

# Seconds of one process: on the clock, and of all its threads and children.
Times = namedtuple("Times", "wall cpu")


def measure(command, cpus=None):
    """Runs a command on the given processors; fails with its output when it does."""
    limit = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, preexec_fn=limit)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            text = output.read().decode(errors="replace")
            raise RuntimeError("%s ended with %d:\n%s" % (" ".join(command), process.returncode, text))
    return Times(wall, usage.ru_utime + usage.ru_stime)


def medians(runs):
    return Times(statistics.median(r.wall for r in runs), statistics.median(r.cpu for r in runs))


def alternate(commands, runs, cpus):
    """Medians of `runs` runs of each command, taken in turn."""
    taken = [[] for _ in commands]
    for _ in range(runs):
        for command, times in zip(commands, taken):
            times.append(measure(command, cpus))
    return [medians(times) for times in taken]


HEADER = "%-28s %9s %9s %9s %9s %8s %8s" % (
    "bmodel", "ours wall", "CPU", "vendor's", "CPU", "wall x", "CPU x")


def line(name, ours, theirs):
    return "%-28s %9.3f %9.3f %9.3f %9.3f %8.1f %8.1f" % (
        name, ours.wall, ours.cpu, theirs.wall, theirs.cpu, theirs.wall / ours.wall, theirs.cpu / ours.cpu)


def find(path):
    """A path given by the user, or one in the runfiles."""
    theirs = os.path.join(os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd()), path)
    return theirs if os.path.exists(theirs) else path


def main():
    parser = argparse.ArgumentParser(
        prog="benchmarks:simulator",
        description="Runs each bmodel on our model_runner and on the vendor's runtime and simulator "
        "(tools/oracle/oracle run), whole processes on the same processors, in turn. Prints medians "
        "in seconds and how many times ours is faster.")
    parser.add_argument("models", nargs="+", metavar="MODEL.bmodel[:INPUT.npz]",
                        help="without an input, random values")
    parser.add_argument("--runs", type=int, default=5, help="of each program and model (5)")
    parser.add_argument("--processors", type=int, default=2, help="for each program (2)")
    parser.add_argument("--model_runner", default=os.environ.get("MODEL_RUNNER"), help=argparse.SUPPRESS)
    parser.add_argument("--oracle", default=os.environ.get("ORACLE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    cpus = set(sorted(os.sched_getaffinity(0))[:options.processors])
    print(HEADER, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for argument in options.models:
            model, _, given = argument.partition(":")
            model = find(model)
            inputs = find(given) if given else os.path.join(scratch, "inputs.npz")
            if not given:
                measure([options.oracle, "run", model, "--save-input", inputs], cpus)
            ours, theirs = alternate([
                [options.model_runner, "--model", model, "--input", inputs,
                 "--output", os.path.join(scratch, "ours.npz")],
                [options.oracle, "run", model, "--input", inputs, "-o", os.path.join(scratch, "theirs.npz")],
            ], options.runs, cpus)
            print(line(os.path.basename(model), ours, theirs), flush=True)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit("benchmarks:simulator: %s" % error)
