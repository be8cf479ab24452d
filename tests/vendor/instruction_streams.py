# SPDX-License-Identifier: Apache-2.0
"""Streams of the vendor's compiler, read and written by ours.

    instruction_streams.py MODEL_TOOL MODEL.onnx SHAPES

Compiles the model with the vendor's compiler in F32, F16, BF16 and INT8. Each
file must keep its bytes through `model_tool disasm` and `model_tool asm`, hold
only instructions that our verifier accepts, and each instruction must have the
field values that the vendor's register tables give.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

import numpy

# Header fields that the two listings show in their own ways.
HEADER = {
    "cmd_short", "tsk_typ", "tsk_eu_typ", "cmd_id", "cmd_id_dep", "cmd_id_en",
    "cmd_type", "cmd_special_function", "localmem_mask_l32",
    "localmem_mask_h32",
}
# The vendor's names of the address halves of DMA_matrix are swapped.
MATRIX = {
    "src_start_addr_h32": "src_start_addr_l32",
    "src_start_addr_l8": "src_start_addr_h8",
    "dst_start_addr_h32": "dst_start_addr_l32",
    "dst_start_addr_l8": "dst_start_addr_h8",
}

oracle = os.environ["ORACLE"]
model_tool, model, shapes = sys.argv[1:]
scratch = pathlib.Path(os.environ["TEST_TMPDIR"])


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit("%s\n%s%s" % (" ".join(command), result.stdout, result.stderr))
    return result.stdout


def compile_model(quantize):
    bmodel = str(scratch / (quantize + ".bmodel"))
    more = []
    if quantize == "INT8":
        samples = scratch / "samples"
        samples.mkdir()
        random = numpy.random.RandomState(0)
        for i in range(2):
            data = random.uniform(-1, 1, json.loads(shapes)[0]).astype(numpy.float32)
            numpy.savez(samples / ("%d.npz" % i), x=data)
        table = str(scratch / "table")
        run(oracle, "calibrate", model, "--shapes", shapes, "--data",
            str(samples), "-o", table)
        more = ["--calibration", table]
    run(oracle, "compile", model, "--shapes", shapes, "--quantize", quantize,
        "--name", "net", "-o", bmodel, *more)
    return bmodel


def values(text):
    pairs = (word.split("=") for word in text.split() if "=" in word)
    return {name: int(value, 0) for name, value in pairs}


def vendor_fields(bmodel):
    """(engine, id) -> (dependency, fields)."""
    result = {}
    for line in run(oracle, "disasm", bmodel, "--format", "fields").splitlines():
        match = re.match(r"(tiu|dma)\s+(\d+) <\s*(\d+) (\S+)\s*(.*)", line)
        if not match:
            continue
        engine, number, dependency, name, fields = match.groups()
        fields = values(fields)
        if "matrix" in name:
            fields = {MATRIX.get(key, key): fields[key] for key in fields}
        fields = {key: fields[key] for key in fields if key not in HEADER}
        result[engine, int(number)] = (int(dependency), fields)
    return result


def our_fields(listing):
    result = {}
    for line in listing.splitlines():
        if line[0] in ";.":
            continue
        fields = values(line)
        key = ("dma" if "DMA" in line.split()[0] else "tiu", fields["cmd_id"])
        rest = {name: fields[name] for name in fields if name not in HEADER}
        result[key] = (fields.get("cmd_id_dep", 0), rest)
    return result


def check(quantize):
    bmodel = compile_model(quantize)
    listing = str(scratch / (quantize + ".asm"))
    again = str(scratch / (quantize + ".again.bmodel"))
    run(model_tool, "disasm", bmodel, "-o", listing)
    run(model_tool, "asm", listing, "--into", bmodel, "-o", again)
    if pathlib.Path(bmodel).read_bytes() != pathlib.Path(again).read_bytes():
        sys.exit(quantize + ": disasm and asm change the file")
    run(model_tool, "verify", bmodel)
    ours = our_fields(pathlib.Path(listing).read_text())
    theirs = vendor_fields(bmodel)
    if len(ours) < 100 or ours.keys() != theirs.keys():
        sys.exit("%s: %d instructions, the vendor reads %d" %
                 (quantize, len(ours), len(theirs)))
    for key in ours:
        if ours[key] != theirs[key]:
            sys.exit("%s: %s\nours   %s\nvendor %s" %
                     (quantize, key, ours[key], theirs[key]))
    print("%s: %d instructions" % (quantize, len(ours)))


for name in ("F32", "F16", "BF16", "INT8"):
    check(name)
