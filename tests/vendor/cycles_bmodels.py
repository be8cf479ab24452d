# SPDX-License-Identifier: Apache-2.0
"""Cycles of bmodels by our cycle model and by the vendor's cost functions.

    cycles_bmodels.py MODEL_TOOL MODEL.bmodel...

Lists every instruction that starts or ends at another cycle, or costs another number of cycles. Totals must agree within
1 %, and instructions exactly.
"""
import os
import subprocess
import sys

from oracle_cycles import load_groups
from oracle_cycles_model import CycleModel

SHOWN = 20


def ours(model_tool, bmodel):
    """({(engine, group, id): (start, end, cycles)}, total)"""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_"))}
    result = subprocess.run([model_tool, "cycles", bmodel], env=plain, capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr)
    steps, total = {}, 0
    for line in result.stdout.splitlines():
        words = line.split()
        if words[0] in ("TIU", "GDMA"):
            group, number, _, start, end, cycles = map(int, words[1:7])
            steps[words[0], group, number] = start, end, cycles
        elif words[0] == "total":
            total += int(words[1])
    return steps, total


def theirs(model, bmodel):
    steps, clock = {}, 0
    groups, dynamic = load_groups(bmodel)
    if dynamic or not groups:
        sys.exit(bmodel + ": not a static program")
    for number, (*_, tiu, dma) in enumerate(groups):
        found, clock = model.group(tiu, dma, clock)
        for s in found:
            steps["TIU" if s.engine == "tiu" else "GDMA", number, s.id] = s.start, s.end + 1, s.cycles
    return steps, clock


def check(model_tool, model, bmodel):
    our_steps, our_total = ours(model_tool, bmodel)
    their_steps, their_total = theirs(model, bmodel)
    name = os.path.basename(bmodel)
    if our_steps.keys() != their_steps.keys() or not our_steps:
        sys.exit("%s: %d instructions, the vendor's model sees %d" % (name, len(our_steps), len(their_steps)))
    wrong = [k for k in our_steps if our_steps[k] != their_steps[k]]
    error = our_total / their_total - 1
    print("%-24s %9d cycles, the vendor's %9d, %+.3f %%; %d of %d instructions differ" % (
        name, our_total, their_total, 100 * error, len(wrong), len(our_steps)))
    # First those whose own cost is wrong; the others follow from them.
    for key in sorted(wrong, key=lambda k: (our_steps[k][2] == their_steps[k][2], our_steps[k][0]))[:SHOWN]:
        print("    %s instruction %d of group %d: start, end, cycles %s, the vendor's %s" % (
            key[0], key[2], key[1], our_steps[key], their_steps[key]))
    return abs(error) <= 0.01 and not wrong


if __name__ == "__main__":
    cycle_model = CycleModel()
    good = [check(sys.argv[1], cycle_model, path) for path in sys.argv[2:]]
    sys.exit(0 if good and all(good) else 1)
