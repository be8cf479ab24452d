# SPDX-License-Identifier: Apache-2.0
"""The interpreter of the top dialect and ONNX Runtime on the same images."""
import argparse
import os
import subprocess
import sys
import tempfile
import zipfile

from measure import Cost, find, measure, medians, processors, read_networks

IMAGES = 16

HEADER = "%-16s %-8s %9s %9s %6s %9s %9s %7s %7s" % (
    "network", "", "images/s", "theirs", "ratio", "CPU s/im", "theirs", "MB", "theirs")


def line(name, what, ours, theirs, images):
    """Of one pass over the images."""
    return "%-16s %-8s %9.2f %9.2f %6.2f %9.3f %9.3f %7.0f %7.0f" % (
        name, what, images / ours.wall, images / theirs.wall, theirs.wall / ours.wall, ours.cpu / images,
        theirs.cpu / images, ours.memory / (1 << 20), theirs.memory / (1 << 20))


def write_images(inputs, path):
    """IMAGES variants of a network's one input: its values moved on."""
    with zipfile.ZipFile(inputs) as archive:
        name, = archive.namelist()
        data = archive.read(name)
    start = 10 + int.from_bytes(data[8:10], "little")
    header, values = data[:start], data[start:]
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(IMAGES):
            cut = 4 * 37 * i % len(values)
            archive.writestr("%02d.npy" % i, header + values[cut:] + values[:cut])


def passes(command, cpus):
    """Runs a program that prints the seconds, clock and processor, of each pass; leaves out the first pass."""
    limit = lambda: os.sched_setaffinity(0, cpus)
    result = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    if result.returncode:
        raise RuntimeError("%s:\n%s%s" % (" ".join(command), result.stdout, result.stderr))
    return medians([Cost(float(w), float(c), int(m)) for w, c, m in map(str.split, result.stdout.splitlines())][1:])


def main():
    parser = argparse.ArgumentParser(
        prog="benchmarks:top_interpreter",
        description="Runs each network on %d images, on the top dialect's interpreter and on ONNX Runtime, on the same "
        "processors, in turn. 'whole' is a process with everything, 'steady' a pass over the images after "
        "the first. Prints medians; the ratio is above 1 where the interpreter is faster." % IMAGES)
    parser.add_argument("networks", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help="names of networks, separated by commas")
    parser.add_argument("--runs", type=int, default=5, help="of each program (5)")
    parser.add_argument("--threads", type=int, default=2, help="and processors, for each program (2)")
    parser.add_argument("--model", default=[], action="append", metavar="FILE.onnx:FILE.mlir:INPUT.npz",
                        help="a network of your own, instead")
    options = parser.parse_args()
    cpus = processors(options.threads)
    networks = read_networks(options.networks)
    if options.model:
        networks = [type(networks[0])(os.path.basename(m).split(".")[0], *map(find, m.split(":"))) for m in options.model]
    wanted = [n for n in options.only.split(",") if n]
    print(HEADER, flush=True)
    for network in networks:
        if wanted and network.name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            images = os.path.join(scratch, "images.npz")
            write_images(network.inputs, images)
            program = os.path.join(os.getcwd(), "benchmarks/top_images")
            script = os.path.join(os.getcwd(), "benchmarks/onnxruntime_images.py")

            def both(count, threads):
                return [[program, network.mlir, images, str(count), str(threads), os.path.join(scratch, "ours%d" % threads)],
                        [sys.executable, "-sS", script, network.source, images, str(count), str(threads)]]

            for what, cost, count in (("whole", measure, 1), ("steady", passes, 5)):
                taken = [[], []]
                for _ in range(options.runs):
                    for costs, command in zip(taken, both(count, options.threads)):
                        costs.append(cost(command, cpus))
                print(line(network.name, what, *map(medians, taken), IMAGES), flush=True)
            measure(both(1, 1)[0])
            results = []
            for threads in (1, options.threads):
                with open(os.path.join(scratch, "ours%d" % threads), "rb") as file:
                    results.append(file.read())
            if results[0] != results[1]:
                raise RuntimeError("%s: one thread and %d give other bytes" % (network.name, options.threads))


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit("benchmarks:top_interpreter: %s" % error)
