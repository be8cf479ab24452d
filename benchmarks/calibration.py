# SPDX-License-Identifier: Apache-2.0
"""Calibration, ours and the vendor's: time and memory."""
import argparse
import glob
import os
import sys
import tempfile
import zipfile

from compile import shapes_of
from measure import measure, medians, processors, read_networks

HEADER = "%-20s %6s %8s %8s %6s %8s %8s %6s %6s %6s %6s" % (
    "network", "tuned", "ours s", "CPU s", "MB", "theirs s", "CPU s", "MB", "time x", "CPU x", "mem x")


def line(name, tuned, ours, theirs):
    megabyte = 1 << 20
    return "%-20s %6d %8.2f %8.2f %6.0f %8.2f %8.2f %6.0f %6.1f %6.1f %6.1f" % (
        name, tuned, ours.wall, ours.cpu, ours.memory / megabyte, theirs.wall, theirs.cpu, theirs.memory / megabyte,
        theirs.wall / ours.wall, theirs.cpu / ours.cpu, theirs.memory / ours.memory)


def write_samples(inputs, folder, count):
    """Variants of a network's inputs: their values moved on."""
    os.mkdir(folder)
    with zipfile.ZipFile(inputs) as archive:
        arrays = [(name, archive.read(name)) for name in archive.namelist()]
    for i in range(count):
        with zipfile.ZipFile(os.path.join(folder, "%03d.npz" % i), "w") as archive:
            for name, data in arrays:
                start = 10 + int.from_bytes(data[8:10], "little")
                cut = start + 4 * 37 * i % (len(data) - start)
                archive.writestr(name, data[:start] + data[cut:] + data[start:cut])


def vendors_mlir(oracle, network, samples, scratch):
    """The network as the vendor's calibrator reads it."""
    folder = os.path.join(scratch, "vendor")
    measure([oracle, "calibrate", network.source, "--shapes", shapes_of(network.inputs), "--data", samples, "--num", "1",
             "--workdir", folder, "-o", os.path.join(scratch, "one.table")])
    found = [path for path in glob.glob(os.path.join(folder, "**", "*.mlir"), recursive=True) if "_origin" not in path]
    if len(found) != 1:
        raise RuntimeError("the vendor's network is not found among %s" % found)
    return found[0]


def main():
    parser = argparse.ArgumentParser(
        prog="benchmarks:calibration",
        description="Calibrates each network, converted before, with run_calibration and with the vendor's "
        "(tools/oracle/oracle calibrate), whole processes on the same samples and processors, in turn. 'tuned' is the "
        "number of samples that thresholds are tuned with. Prints medians: seconds and megabytes of the largest process; "
        "'x' is how many times more the vendor's needs.")
    parser.add_argument("networks", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="ppocr_det", help="names of networks, separated by commas (ppocr_det)")
    parser.add_argument("--images", type=int, default=10, help="samples (10)")
    parser.add_argument("--tuned", default="0,10", help="numbers of samples to tune with (0,10)")
    parser.add_argument("--runs", type=int, default=3, help="of each program (3)")
    parser.add_argument("--vendor_runs", type=int, help="fewer, as they take long")
    parser.add_argument("--processors", type=int, default=2, help="for each program (2)")
    options = parser.parse_args()
    tools, oracle = os.environ["TOOLS"], os.environ["ORACLE"]
    cpus = processors(options.processors)
    wanted = options.only.split(",")
    print(HEADER, flush=True)
    for network in read_networks(options.networks):
        if network.name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            samples = os.path.join(scratch, "samples")
            write_samples(network.inputs, samples, options.images)
            theirs = vendors_mlir(oracle, network, samples, scratch)
            for tuned in options.tuned.split(","):
                commands = [[
                    os.path.join(tools, "run_calibration"), network.mlir, "--dataset", samples, "--tune_num", tuned, "-o",
                    os.path.join(scratch, "ours.table")
                ], [
                    oracle, "calibrate", theirs, "--data", samples, "--tune", tuned, "--workdir", os.path.dirname(theirs), "-o",
                    os.path.join(scratch, "theirs.table")
                ]]
                costs = [[], []]
                for run in range(options.runs):
                    for who, command in enumerate(commands):
                        if who == 0 or run < (options.vendor_runs or options.runs):
                            costs[who].append(measure(command, cpus))
                print(line(network.name, int(tuned), *map(medians, costs)), flush=True)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit("benchmarks:calibration: %s" % error)
