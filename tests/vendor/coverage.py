# SPDX-License-Identifier: Apache-2.0
"""Every instruction of bmodels, whoever compiled them, is of a form that the differential tests draw.

    coverage.py [--list] MODEL.bmodel...

Two instructions are alike when format, sub-opcode, types, signs of integers and, for copies, the memories at both ends
are. For each kind that occurs in a bmodel, the cases that CI runs (`--cases` of `--seed`) must hold the kind, each
value of the fields in FEATURES that occurs with it, and each of the traits below (pads, strides of 0, more channels
than lanes, ...). --list prints the kinds of the bmodels, with how often they occur.
"""
import argparse
import collections
import sys

from case import LANES, draw
from forms import all_forms
from oracle_cmodel import L2, LOCAL, STATIC, decode_all

SUB_OPCODES = ("tsk_eu_typ", "cmd_special_function", "fill_constant_en")
TYPES = ("res0_prec", "opd0_prec", "opd1_prec", "opd2_prec", "src_data_format", "mask_data_format", "index_data_format")
FEATURES = ("tsk_opd_num", "res0_str", "opd0_str", "opd1_str", "opd0_const", "opd1_const", "opd2_const", "opd3_const",
            "res_add", "kernel_rotate", "pad_mode", "nchw_copy", "stride_enable", "left_tran", "opd2_n_str")
SIGNS = {"opd0_sign": "opd0_prec", "opd1_sign": "opd1_prec"}
FLOAT_CODES = (1, 2, 5)
# Fields that some operations have but do not read: the type and sign of a second operand of casts and the like.
UNARY_AR = (1, 14, 19, 26, 29, 30)
GDMA_WITHOUT_TYPES = ("DMA_",)


def memory(addr):
    return "local" if LOCAL <= addr < STATIC else "system" if addr >= L2 else "other"


def ends(name, fields):
    high, low = ("l8", "h32") if name == "DMA_matrix" else ("h8", "l32")
    at = [fields.get(f"{side}_start_addr_{high}", 0) << 32 | fields.get(f"{side}_start_addr_{low}", 0) for side in ("src", "dst")]
    return "to ".join(memory(a) + " " for a in (at[1:] if fields.get("fill_constant_en") else at)).strip()


def traits(name, fields):
    """what the numbers of an instruction are about, as words"""
    get = lambda k: fields.get(k, 0)
    found = set()
    for k in "udlr":
        if get({"u": "opd0_up_pad", "d": "opd0_dn_pad", "l": "opd0_lf_pad", "r": "opd0_rt_pad"}[k]):
            found.add("pads")
    for axis in "xy":
        if get(f"opd1_{axis}_ins0"):
            found.add("dilation")
        if get(f"opd0_{axis}_ins0"):
            found.add("inserted elements")
        if get(f"res_op_{axis}_str") > 1:
            found.add("stride")
    if get("res0_n") > 1:
        found.add("n > 1")
    if get("res0_c") > LANES:
        found.add("c > 64")
    if get("res0_h") > 1:
        found.add("h > 1")
    for operand in ("res0", "opd0", "opd1"):
        if not get(f"{operand}_const") and get(f"{operand}_str") == 3 and f"{operand}_w_str" in fields:
            found |= {f"{operand} {k} stride 0" for k in "nchw" if not get(f"{operand}_{k}_str")}
            if get(f"{operand}_w_str") > 1:
                found.add(f"{operand} w stride")
    if "DMA" in name and get("stride_enable") and not get("cmd_special_function"):
        for side in ("src", "dst"):
            if not (side == "src" and get("fill_constant_en")) and get(f"{side}_wstride") > 1:
                found.add(f"{side} w stride")
    return found


def kind_and_features(name, fields):
    """(kind, set of what must be drawn with it)"""
    name = name.replace("_reg", "").replace("_0x000_", "").rstrip("_")       # the decoder's names are longer
    dma = "DMA" in name
    kind = [name, *(f"{k}={fields[k]}" for k in SUB_OPCODES if fields.get(k))]
    unary = name == "sAR" and fields.get("tsk_eu_typ", 0) in UNARY_AR
    if dma:
        kind.insert(1, ends(name, fields))
    for k in TYPES:
        if fields.get(k) and not (unary and k in ("opd1_prec", "opd2_prec")) and not (name == "sAR" and k == "opd2_prec") and not dma:
            kind.append(f"{k}={fields[k]}")
    for sign, prec in SIGNS.items():
        if unary and sign == "opd1_sign":
            continue
        if sign in fields and fields.get(prec, fields.get("opd0_prec", 0)) not in FLOAT_CODES:
            kind.append(f"{sign}={fields[sign]}")
    features = {f"{k}={fields.get(k, 0)}" for k in FEATURES} | traits(name, fields)
    if dma:
        features.add(f"src_data_format={fields.get('src_data_format', 0)}")
    if unary:
        features -= {f for f in features if f.startswith(("opd1_", "opd2_const"))}
    return tuple(kind), features


def drawn(cases, seed):
    seen = {}
    for form, fill in all_forms().items():
        for number in range(cases):
            case = draw(fill, form, number, seed)
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.bmodel")
    parser.add_argument("--cases", type=int, default=50, help="cases of each form, as CI runs them (50)")
    parser.add_argument("--seed", type=int, default=1, help="as CI runs them (1)")
    parser.add_argument("--list", action="store_true", help="print the kinds that the bmodels hold")
    args = parser.parse_args()
    seen, counts, missing = drawn(args.cases, args.seed), collections.Counter(), {}
    for path in args.models:
        before = sum(counts.values())
        for name, fields in emitted(path):
            kind, features = kind_and_features(name, fields)
            counts[kind] += 1
            what = sorted(features - seen[kind]) if kind in seen else ["the kind"]
            if what:
                missing.setdefault((" ".join(kind), ", ".join(what)), path)
        if sum(counts.values()) == before:
            missing[("no instructions", "anything")] = path
    if args.list:
        for kind, count in sorted(counts.items()):
            print(f"{count:7} {' '.join(kind)}")
    for (kind, what), path in sorted(missing.items()):
        print(f"{path}: {kind}: {what} is not drawn")
    print(f"{sum(counts.values())} instructions of {len(counts)} kinds in {len(args.models)} bmodels, {len(seen)} kinds drawn")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
