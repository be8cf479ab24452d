# SPDX-License-Identifier: Apache-2.0
"""Compilation, ours and the vendor's: time, memory, size and cycles."""
import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from collections import namedtuple

from measure import measure, medians, processors, read_networks

# Of a compilation: its cost, the bmodel's bytes, and its cycles.
Result = namedtuple("Result", "cost size cycles")

HEADER = ("%-22s %8s %8s %6s %8s %8s %6s %6s %6s %6s %7s %7s %10s %10s %7s" % (
    "network", "ours s", "CPU s", "MB", "theirs s", "CPU s", "MB", "time x", "CPU x", "mem x", "bmodel", "theirs",
    "cycles", "theirs", "ratio"))


def line(name, ours, theirs):
    megabyte = 1 << 20
    o, t = ours.cost, theirs.cost
    return "%-22s %8.2f %8.2f %6.0f %8.2f %8.2f %6.0f %6.1f %6.1f %6.1f %7.1f %7.1f %10d %10d %7.2f" % (
        name, o.wall, o.cpu, o.memory / megabyte, t.wall, t.cpu, t.memory / megabyte, t.wall / o.wall, t.cpu / o.cpu,
        t.memory / o.memory, ours.size / megabyte, theirs.size / megabyte, ours.cycles, theirs.cycles,
        ours.cycles / theirs.cycles)


def shapes_of(npz):
    """Shapes of the arrays of an .npz, as --input_shapes takes them."""
    shapes = []
    with zipfile.ZipFile(npz) as archive:
        for name in archive.namelist():
            header = archive.read(name)[:256].decode("latin1")
            shape = header[header.index("'shape': (") + 10:]
            shapes.append("[" + shape[:shape.index(")")].rstrip(", ").replace(" ", "") + "]")
    return "[" + ",".join(shapes) + "]"


def cycles(tool, bmodel):
    result = subprocess.run([tool, "cycles", bmodel], capture_output=True, text=True, check=True)
    return sum(int(line.split()[1]) for line in result.stdout.splitlines() if line.startswith("total"))


def commands(network, mode, scratch, tools, oracle):
    """Of each compiler: the command, and the bmodel that it writes."""
    ours, theirs = os.path.join(scratch, "ours.bmodel"), os.path.join(scratch, "theirs.bmodel")
    shapes = shapes_of(network.inputs)
    mlir = os.path.join(scratch, "top.mlir")
    both = '"$0" --model_name net --model_def "$2" --input_shapes "$3" --mlir "$4" && ' \
           '"$1" --mlir "$4" --quantize "$5" --chip bm1684x --model "$6"'
    return [
        (["sh", "-c", both, os.path.join(tools, "model_transform"), os.path.join(tools, "model_deploy"), network.source,
          shapes, mlir, mode, ours], ours),
        ([oracle, "compile", network.source, "--shapes", shapes, "--quantize", mode, "-o", theirs], theirs),
    ]


def main():
    parser = argparse.ArgumentParser(
        prog="benchmarks:compile",
        description="Compiles each network with model_transform and model_deploy, without validation, and with the "
        "vendor's tools (tools/oracle/oracle compile), whole processes on the same processors, in turn. Prints medians: "
        "seconds, megabytes of the largest process, megabytes of the bmodel, and cycles by the cycle model; 'x' "
        "is how many times more the vendor's tools need.")
    parser.add_argument("networks", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help="names of networks, separated by commas")
    parser.add_argument("--modes", default="F32,F16,BF16", help="(F32,F16,BF16)")
    parser.add_argument("--runs", type=int, default=3, help="of each compiler, network and mode (3)")
    parser.add_argument("--vendor_runs", type=int, help="fewer, as they take long")
    parser.add_argument("--processors", type=int, default=2, help="for each compiler (2)")
    options = parser.parse_args()
    tools, oracle = os.environ["TOOLS"], os.environ["ORACLE"]
    cpus = processors(options.processors)
    wanted = [n for n in options.only.split(",") if n]
    print(HEADER, flush=True)
    for network in read_networks(options.networks):
        if wanted and network.name not in wanted:
            continue
        for mode in options.modes.split(","):
            with tempfile.TemporaryDirectory() as scratch:
                both = commands(network, mode, scratch, tools, oracle)
                costs = [[], []]
                for run in range(options.runs):
                    for who, (command, _) in enumerate(both):
                        if who == 0 or run < (options.vendor_runs or options.runs):
                            costs[who].append(measure(command, cpus))
                ours, theirs = (
                    Result(medians(taken), os.path.getsize(bmodel), cycles(os.path.join(tools, "model_tool"), bmodel))
                    for taken, (_, bmodel) in zip(costs, both))
                print(line("%s_%s" % (network.name, mode.lower()), ours, theirs), flush=True)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit("benchmarks:compile: %s" % error)
