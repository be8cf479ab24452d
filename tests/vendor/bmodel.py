# SPDX-License-Identifier: Apache-2.0
"""A bmodel on the vendor's unmodified runtime and on ours: equal bits.

    bmodel.py MODEL_RUNNER MODEL_TOOL MODEL.bmodel INPUT.npz

The last line is a row of the table of networks.sh: name, cycles by our model, processor seconds of our runtime and of
the vendor's with their simulators, and whether all outputs have equal bits.
"""
import os
import resource
import subprocess
import sys

import numpy


def run(command, settings=None):
    result = subprocess.run(command, env=settings, capture_output=True, text=True)
    if result.returncode:
        sys.exit("%s\n%s%s" % (" ".join(command), result.stdout, result.stderr))


def difference(ours, theirs):
    """None, or what is wrong with an output"""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return "%s %s, the vendor's is %s %s" % (ours.dtype, ours.shape, theirs.dtype, theirs.shape)
    if not ours.size:
        return "no values"
    if ours.dtype.kind == "f" and not numpy.isfinite(ours).all():
        return "not all values are finite"
    a, b = (x.reshape(-1).view("u%d" % x.dtype.itemsize) for x in (ours, theirs))
    wrong = numpy.flatnonzero(a != b)
    if wrong.size:
        i = wrong[0]
        return "%d of %d values differ, first at %s: %r, the vendor's is %r" % (
            wrong.size, a.size, numpy.unravel_index(i, ours.shape), ours.reshape(-1)[i], theirs.reshape(-1)[i])
    return None


def timed(command, settings=None):
    """runs it; the processor seconds that it took"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, settings)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cycles(model_tool, bmodel, settings):
    """of all command groups, by our model"""
    result = subprocess.run([model_tool, "cycles", bmodel], env=settings, capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr)
    return sum(int(line.split()[1]) for line in result.stdout.splitlines() if line.startswith("total "))


def compare(model_runner, model_tool, bmodel, inputs):
    """runs both, prints a line for each output; True when all have equal bits"""
    scratch = os.environ["TEST_TMPDIR"]
    name = os.path.splitext(os.path.basename(bmodel))[0]
    our_file, their_file = os.path.join(scratch, "ours.npz"), os.path.join(scratch, "theirs.npz")
    # Ours runs without the settings that point the vendor's programs to their libraries.
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_"))}
    our_time = timed([model_runner, "--model", bmodel, "--input", inputs, "--output", our_file], plain)
    their_time = timed([os.environ["ORACLE"], "run", bmodel, "--input", inputs, "-o", their_file])
    ours, theirs = numpy.load(our_file), numpy.load(their_file)
    if not ours.files or sorted(ours.files) != sorted(theirs.files):
        sys.exit("our outputs are %s, the vendor's %s" % (sorted(ours.files), sorted(theirs.files)))
    good = True
    for output in ours.files:
        what = difference(numpy.ascontiguousarray(ours[output]), numpy.ascontiguousarray(theirs[output]))
        print("%s: %s: %s" % (name, output, what or "%d values, equal bits" % ours[output].size))
        good = good and not what
    print("row: %s %d %.1f %.1f %s" % (
        name, cycles(model_tool, bmodel, plain), our_time, their_time, "equal" if good else "DIFFERENT"))
    return good


if __name__ == "__main__":
    sys.exit(0 if compare(*sys.argv[1:]) else 1)
