# SPDX-License-Identifier: Apache-2.0
"""Every instruction of our bmodels is of a form that the differential tests draw.

    coverage.py MODEL.bmodel...

Two instructions are alike when format, sub-opcode and types are; then each value of the fields in FEATURES must be
drawn for that kind of instruction too.
"""
import sys

from case import Case
from forms import all_forms
from oracle_cmodel import L2, LOCAL, STATIC, decode_all

NUMBERS = range(60)      # cases of each form that are looked at
KIND = ("tsk_eu_typ", "cmd_special_function", "fill_constant_en", "res0_prec", "opd0_prec", "opd1_prec")
FEATURES = ("tsk_opd_num", "res0_str", "opd0_str", "opd1_str", "opd0_const", "opd1_const", "opd2_const", "opd3_const",
            "res_add", "kernel_rotate", "pad_mode", "nchw_copy", "stride_enable", "left_tran", "opd2_n_str")


def memory(addr):
    return "local" if LOCAL <= addr < STATIC else "system" if addr >= L2 else "other"


def kind_and_features(name, fields):
    name = name.replace("_reg", "").replace("_0x000_", "")       # the decoder's names are longer
    route = ""
    if "DMA" in name:
        high, low = ("l8", "h32") if "matrix" in name else ("h8", "l32")
        ends = [fields.get(f"{side}_start_addr_{high}", 0) << 32 | fields.get(f"{side}_start_addr_{low}", 0) for side in ("src", "dst")]
        route = "to ".join(memory(a) + " " for a in (ends[1:] if fields.get("fill_constant_en") else ends))
    kind = (name, route.strip(), *(f"{k}={fields[k]}" for k in KIND if fields.get(k)))
    return kind, {f"{k}={fields[k]}" for k in FEATURES if fields.get(k)}


def drawn():
    seen = {}
    for form, fill in all_forms().items():
        for number in NUMBERS:
            case = Case(form, number, 1)
            fill(case)
            for name, fields in case.instructions():
                kind, features = kind_and_features(name, fields)
                seen.setdefault(kind, set()).update(features)
    return seen


def emitted(path):
    from debugger.disassembler import BModel
    from debugger.target_common import use_backend
    model = BModel(path)
    with use_backend(model.chip):
        for net in model.net:
            for parameter in net.parameter:
                for group in (g for s in parameter.sub_net for g in s.cmd_group):
                    for engine, words in (("tiu", group.tiu_cmd.bytes), ("dma", group.dma_cmd.bytes)):
                        for name, fields, _ in decode_all(words, engine):
                            if "sys" not in name.lower():
                                yield name, fields


def main():
    seen, count, missing = drawn(), 0, {}
    for path in sys.argv[1:]:
        for name, fields in emitted(path):
            count += 1
            kind, features = kind_and_features(name, fields)
            what = [] if features <= seen.get(kind, set()) else sorted(features - seen[kind]) if kind in seen else ["the kind"]
            if what:
                missing.setdefault((" ".join(kind), " ".join(what)), path)
    for (kind, what), path in sorted(missing.items()):
        print(f"{path}: {kind}: {what} is not drawn")
    print(f"{count} instructions in {len(sys.argv) - 1} bmodels, {len(seen)} kinds drawn")
    return 1 if missing or not count else 0


if __name__ == "__main__":
    sys.exit(main())
