# SPDX-License-Identifier: Apache-2.0
"""Instructions of the vendor's compiler, decoded by the vendor's tables and by ours.

    instruction_streams.py MODEL_TOOL MODEL.bmodel...

Each instruction must have the field values that the vendor's register tables
give.
"""

import os
import re
import subprocess
import sys

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
model_tool = sys.argv[1]


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit("%s\n%s%s" % (" ".join(command), result.stdout, result.stderr))
    return result.stdout


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


def check(bmodel):
    ours = our_fields(run(model_tool, "disasm", bmodel))
    theirs = vendor_fields(bmodel)
    if len(ours) < 100 or ours.keys() != theirs.keys():
        sys.exit("%s: %d instructions, the vendor reads %d" %
                 (bmodel, len(ours), len(theirs)))
    for key in ours:
        if ours[key] != theirs[key]:
            sys.exit("%s: %s\nours   %s\nvendor %s" %
                     (bmodel, key, ours[key], theirs[key]))
    print("%s: %d instructions" % (bmodel, len(ours)))


for name in sys.argv[2:]:
    check(name)
