# SPDX-License-Identifier: Apache-2.0
"""Single instructions with random operands: the vendor's simulator against ours, bit for bit.

    oracle exec differential.py --replay PATH                        50 cases of every form, a new seed
    oracle exec differential.py --replay PATH --cases 1000 --seed 7
    oracle exec differential.py --replay PATH --form 'conv.*' --seed 7 --case 17     one case, in detail
    oracle exec differential.py --list

PATH is //runtime/simulator:replay. Every byte of the result and of the margins around it is compared; only a NaN may
differ from another NaN, in f32 and in sums. A case that the vendor's simulator refuses is an error of the form's description here.
Exit code 0: all cases agree.
"""
import argparse
import fnmatch
import os
import pickle
import random
import struct
import subprocess
import sys
import tempfile

import numpy as np

from case import draw, in_local, is_nan, row_addresses, size
from forms import all_forms
from oracle_cmodel import CModel, LANE_BYTES, LOCAL

SHOWN = 3               # differing cases of a form that are described
PROBED = 4              # cases of a form in which the bytes that our simulator says it uses are checked, too
PATIENCE = 3            # refused cases after which the rest of a form is skipped


def work(jobs, seed, pipe):
    """runs the cases on one simulator and sends each outcome as soon as it is there"""
    forms = all_forms()
    with CModel(16 << 20) as model:
        for form, number in jobs:
            case = draw(forms[form], form, number, seed)
            case.run(model)
            body = pickle.dumps((case.records(), case.expected(), case.instructions()), protocol=4)
            pipe.write(struct.pack("<Q", len(body)) + body)
            pipe.flush()


def on_vendor(jobs, seed, verbose):
    """yields (form, number, outcome); outcome None: the simulator ended its process (it is restarted behind the case)"""
    refused = {}
    while jobs:
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read_end)
            errors = os.fdopen(os.dup(2), "w")
            if not verbose:                           # the simulator greets on stdout, and aborts with a stack trace
                silence = os.open(os.devnull, os.O_WRONLY)
                os.dup2(silence, 1)
                os.dup2(silence, 2)
            status = 1
            try:
                with os.fdopen(write_end, "wb") as pipe:
                    work(jobs, seed, pipe)
                status = 0
            except Exception as error:                # the parent sees a missing case
                print(f"differential: {type(error).__name__}: {error}", file=errors, flush=True)
            os._exit(status)
        os.close(write_end)
        done = 0
        with os.fdopen(read_end, "rb") as pipe:
            while True:
                head = pipe.read(8)
                body = pipe.read(struct.unpack("<Q", head)[0]) if len(head) == 8 else b""
                if not body:
                    break
                yield (*jobs[done], pickle.loads(body))
                done += 1
        os.waitpid(pid, 0)
        if done == len(jobs):
            return
        form, number = jobs[done]
        yield form, number, None
        refused[form] = refused.get(form, 0) + 1
        jobs = [job for job in jobs[done + 1:] if job[0] != form or refused[form] < PATIENCE]


def on_ours(replay, records):
    """[(error message, memory that was read)] of the cases"""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_"))}
    with tempfile.TemporaryDirectory() as folder:
        cases, results = os.path.join(folder, "cases"), os.path.join(folder, "results")
        with open(cases, "wb") as f:
            f.write(b"TPUCASE1" + b"".join(records))
        run = subprocess.run([replay, f"--probe={PROBED}", cases, results], env=plain, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"{replay} ended with {run.returncode}: {run.stderr.strip()}")
        with open(results, "rb") as f:
            data = f.read()
    if data[:8] != b"TPURSLT1":
        raise RuntimeError(f"{replay} wrote no results")
    out, at = [], 8
    while at < len(data):
        _, length = struct.unpack_from("<II", data, at)
        message = data[at + 8:at + 8 + length].decode()
        at += 8 + length
        size, = struct.unpack_from("<Q", data, at)
        out.append((message, data[at + 8:at + 8 + size]))
        at += 8 + size
    if len(out) != len(records):
        raise RuntimeError(f"{replay} returned {len(out)} results for {len(records)} cases")
    return out


def where(addr):
    if in_local(addr):
        lane, offset = divmod(addr - LOCAL, LANE_BYTES)
        return f"lane {lane} offset {offset:#x}"
    return f"address {addr:#x}"


def difference(expected, memory):
    """None, or a sentence about the first difference"""
    at, count, first = 0, 0, None
    for addr, want, nan_type in expected:
        got = np.frombuffer(memory, np.uint8, want.size, at).reshape(want.shape)
        at += want.size
        word = np.dtype(f"u{size(nan_type)}" if nan_type else "u1")
        a, b = want.view(word), got.view(word)
        wrong = a != b
        if nan_type:
            wrong &= ~(is_nan(a, nan_type) & is_nan(b, nan_type))
        if wrong.any() and first is None:
            row, column = np.argwhere(wrong)[0]
            start = column * word.itemsize // 4 * 4
            first = (f"{where(row_addresses(addr, len(want))[row] + start)}: vendor {want[row, start:start + 4].tobytes()[::-1].hex()}, "
                     f"ours {got[row, start:start + 4].tobytes()[::-1].hex()} (4 bytes, highest first)")
        count += int(wrong.sum())
    return first and f"{count} values differ, first at {first}"


def describe(instructions):
    for name, fields in instructions:
        yield f"{name} " + " ".join(f"{k}={v}" for k, v in fields.items() if v)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replay", help="our simulator's replay tool")
    parser.add_argument("--cases", type=int, default=50, help="cases of each form (50)")
    parser.add_argument("--seed", type=int, help="a new one by default; it is printed")
    parser.add_argument("--form", action="append", help="only these forms (shell pattern; may be repeated)")
    parser.add_argument("--case", type=int, help="only the case of this number, with the vendor's own messages")
    parser.add_argument("--list", action="store_true", help="print the names of the forms")
    args = parser.parse_args()
    names = [name for name in all_forms() if not args.form or any(fnmatch.fnmatch(name, p) for p in args.form)]
    if args.list:
        print("\n".join(names))
        return 0
    if not names:
        parser.error(f"no form is called {args.form}; see --list")
    seed = random.SystemRandom().randrange(1 << 31) if args.seed is None else args.seed
    numbers = range(args.cases) if args.case is None else [args.case]
    print(f"seed {seed}: {len(names)} forms, {len(numbers)} cases each", flush=True)

    bad, total = 0, 0
    batch, refused = [], []

    def finish(form):
        """compares the collected cases of one form"""
        nonlocal bad, total
        ours = on_ours(args.replay, [outcome[0] for _, outcome in batch]) if args.replay and batch else []
        found = []
        for (number, (_, expected, instructions)), (message, memory) in zip(batch, ours):
            what = f"our simulator refuses: {message}" if message else difference(expected, memory)
            if what:
                found.append((number, what, instructions))
        total += len(ours)
        if found or refused:
            bad += 1
            print(f"{form}: {len(found)} of {len(batch)} cases differ" + (f", the vendor refuses {refused}" if refused else ""))
            for number, what, instructions in found[:SHOWN]:
                print(f"  #{number}: {what}")
                for line in describe(instructions):
                    print(f"      {line}")
            sys.stdout.flush()
        batch.clear()
        refused.clear()

    current = None
    for form, number, outcome in on_vendor([(n, i) for n in names for i in numbers], seed, args.case is not None):
        if form != current and current is not None:
            finish(current)
        current = form
        if outcome is None:
            refused.append(number)
        else:
            batch.append((number, outcome))
    finish(current)
    print(f"{total} cases compared, {len(names) - bad} of {len(names)} forms agree")
    if args.replay and not total:
        print("nothing was compared")
        return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
