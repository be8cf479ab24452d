# SPDX-License-Identifier: Apache-2.0
"""Whole runs of bmodels on our simulator and on the vendor's, side by side."""
import argparse
import os
import sys
import tempfile

from measure import alternate, find, measure, processors

HEADER = "%-28s %9s %9s %9s %9s %8s %8s" % (
    "bmodel", "ours wall", "CPU", "vendor's", "CPU", "wall x", "CPU x")


def line(name, ours, theirs):
    return "%-28s %9.3f %9.3f %9.3f %9.3f %8.1f %8.1f" % (
        name, ours.wall, ours.cpu, theirs.wall, theirs.cpu, theirs.wall / ours.wall, theirs.cpu / ours.cpu)


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
    parser.add_argument("--model_runner", default=os.path.join(os.environ.get("TOOLS", ""), "model_runner"), help=argparse.SUPPRESS)
    parser.add_argument("--oracle", default=os.environ.get("ORACLE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    cpus = processors(options.processors)
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
