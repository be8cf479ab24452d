# SPDX-License-Identifier: Apache-2.0
"""Costs of random instructions by our cycle model and by the vendor's cost functions: equal cycles and bytes.

    cycles_sampling.py PRINT_COSTS [--draws=N] [--seed=S] [--form=NAME] [--list]

Rules were fitted on even seeds only; the tests run odd ones. A form, a seed and a number name a draw. Field values reach
over what programs hold: long forms, gaps, zero and overlapping strides, any start lane, every operand type that the functions accept
(they end the process for others).
"""
import argparse
import ctypes
import os
import random
import subprocess
import sys

import oracle_cmodel
from oracle_cmodel import GLOBAL, L2, LOCAL, STATIC, encode
from oracle_cycles_model import CycleModel

ANY = (0, 1, 2, 3, 4, 5)                # operand types
FLOATS = (1, 2, 5)
FORMS = {}


def form(function):
    FORMS[function.__name__] = function
    return function


class Draw:
    """random field values"""

    def __init__(self, name, seed, number):
        self.rng = random.Random(f"{name}/{seed}/{number}")

    def pick(self, *choices):
        return self.rng.choice(choices)

    def chance(self, p):
        return self.rng.random() < p

    def size(self, most=300):
        return min(self.pick(1, 2, 3, 16, 64, self.rng.randint(1, 50), self.rng.randint(1, most)), most)

    def shape(self, prefix="res0_"):
        sizes = self.pick(1, 1, 1, 2, 5), self.pick(1, 3, 64, 65, self.rng.randint(1, 300)), self.size(), self.size()
        return {prefix + k: v for k, v in zip("nchw", sizes)}

    def local(self):
        """a TIU address: often lane 0, often a bank that others take, too"""
        offset = self.pick(0, 0x1000, 0x5000, 0x9000, self.rng.randrange(0, 0x40000, 64))
        return offset + (self.rng.randint(0, 63) << 18 if self.chance(0.3) else 0)

    def gdma_addresses(self, *directions):
        system = GLOBAL, GLOBAL + (1 << 36), L2, STATIC
        system_side = lambda: self.rng.choice(system) + 64 * self.rng.randint(0, 1000)
        local_side = lambda: LOCAL + self.rng.randrange(0, 1 << 24, 64)
        sides = {"S2L": (system_side, local_side), "L2S": (local_side, system_side), "S2S": (system_side, system_side),
                 "L2L": (local_side, local_side)}
        src, dst = (side() for side in sides[self.pick(*(directions or sides))])
        return {"src_start_addr_l32": src & 0xFFFFFFFF, "src_start_addr_h8": src >> 32,
                "dst_start_addr_l32": dst & 0xFFFFFFFF, "dst_start_addr_h8": dst >> 32}

    def strides(self, side, n, c, h, w):
        """dense, with gaps, permuted, or repeating ones"""
        style = self.pick("dense", "gaps", "gaps", "spread", "permuted", "repeating", "wild")
        ws = self.pick(1, 2, 3, 5) if style == "spread" else 1
        gap = (lambda *values: self.pick(*values)) if style != "dense" else (lambda *values: 0)
        hs = w * ws + gap(0, 0, 1, 5, 100, 1000)
        cs = h * hs + gap(0, 0, 1, 64, 1000, 5000)
        ns = c * cs + gap(0, 0, 1, 10000)
        if style == "permuted":
            ns, cs, hs = self.rng.sample((ns, cs, hs), 3)
        if style == "repeating":
            ns, cs, hs = (self.pick(0, 1, x) for x in (ns, cs, hs))
        if style == "wild":
            ns, cs, hs = (self.rng.randint(0, 1 << self.rng.randint(1, 24)) for _ in range(3))
        return {f"{side}_{k}stride": v & 0xFFFFFFFF for k, v in zip("nchw", (ns, cs, hs, ws))}


# ---- TIU: (form of the tables, fields) ---------------------------------------------------------------
AR_TYPES = [(2, 2, 2), (1, 1, 1), (5, 5, 5), (0, 0, 3), (0, 0, 0), (0, 3, 4), (3, 3, 0), (4, 4, 0), (0, 4, 1), (4, 0, 0)]
AR_OPERATIONS = [i for i in range(31) if i not in (17, 24, 25)]         # those that the decoder of the vendor knows
AR_UNARY = (1, 14, 19, 26, 28, 29, 30)


@form
def ar(d):
    f = {**d.shape(), "tsk_eu_typ": d.pick(*AR_OPERATIONS)}
    f["res0_h"] = d.size(40)
    f["tsk_opd_num"] = 1 if f["tsk_eu_typ"] in AR_UNARY else 2
    f["opd0_prec"], f["opd1_prec"], f["res0_prec"] = d.pick(*AR_TYPES)
    w = f["res0_w"]
    for name in ("res0", "opd0", "opd1"):
        f[name + "_addr"] = d.pick(0x1000, 0x5000, 0x1040, 0x41000, 0x9000)
        if d.chance(0.5) and (name != "opd1" or f["tsk_opd_num"] > 1):
            ws = d.pick(0, 1, 1, 1, 2, 3, d.rng.randint(0, 80))
            f[name + "_str"] = 3
            f[name + "_w_str"] = ws
            f[name + "_h_str"] = d.pick(0, w * ws, w * ws + d.rng.randint(0, 5), d.rng.randint(0, 200))
    f["opd0_const"], f["opd1_const"] = int(d.chance(0.15)), int(d.chance(0.25))
    if f["tsk_eu_typ"] == 12:
        f["opd2_n_str"] = d.pick(0, 1, 2, 3)
    return "sAR", f


@form
def conv(d):
    return "sCONV", {**d.shape(), "opd0_c": d.size(), "opd1_h": d.pick(1, 2, 3, 5, 7), "opd1_w": d.pick(1, 2, 3, 5, 7),
                     "opd0_prec": d.pick(*ANY), "res0_addr": d.local(), "res_op_x_str": d.pick(1, 2)}


@form
def pord(d):
    return "sPorD", {**d.shape(), "tsk_eu_typ": d.pick(0, 1, 2, 4, 5, 6, 7), "opd1_h": d.pick(1, 1, 2, 3, 7),
                     "opd1_w": d.pick(1, 1, 2, 3, 7), "res_op_x_str": d.pick(1, 1, 2, 4, 15),
                     "res_op_y_str": d.pick(1, 1, 2, 4, 15), "res0_prec": d.pick(*ANY), "opd0_prec": d.pick(*ANY),
                     "res0_addr": d.local()}


@form
def mm(d):
    return "sMM", {"tsk_eu_typ": 1, "opd0_n": d.size(), "res0_c": d.size(), "res0_w": d.size(), "opd1_w": d.size(),
                   "opd0_c": d.size(), "opd0_w": d.size(), "opd0_prec": d.pick(0, 2, 3, 4), "res0_addr": d.local(),
                   "opd2_const": d.pick(0, 1), "res_add": d.pick(0, 1)}


@form
def mm2(d):
    return "sMM2", {"tsk_eu_typ": d.pick(4, 5, 6), "res0_c": d.size(), "res0_w": d.size(), "opd1_c": d.size(),
                    "opd1_w": d.size(), "opd0_prec": d.pick(0, 1, 5), "res0_prec": 2}


@form
def requant(d):
    return "sRQ_sDQ", {**d.shape(), "tsk_eu_typ": d.pick(0, 1, 3, 4), "opd0_addr": d.local(), "opd1_addr": d.local(),
                       "res0_addr": d.local(), "opd1_const": d.pick(0, 1), "opd0_prec": d.pick(*ANY),
                       "res0_prec": d.pick(*ANY)}


@form
def compare(d):
    return "sCMP", {**d.shape(), "tsk_eu_typ": d.pick(22, 23, 24, 25, 26), "opd0_prec": d.pick(*ANY),
                    "opd2_prec": d.pick(*ANY), "res0_addr": d.local()}


@form
def linear(d):
    return "sLIN", {**d.shape(), "tsk_eu_typ": d.pick(1, 20, 21), "res0_prec": d.pick(*FLOATS), "res0_addr": d.local()}


@form
def special(d):
    return "sSFU", {**d.shape(), "tsk_eu_typ": d.pick(12, 13, 15, 17), "opd0_prec": d.pick(*FLOATS),
                    "opd1_n": d.rng.randint(1, 40), "res0_addr": d.local()}


@form
def gather_in_lane(d):
    return "sSG", {**d.shape(), "tsk_eu_typ": d.pick(*range(11), 13, 14, 15, 16), "opd1_w": d.size(),
                   "opd0_prec": d.pick(*ANY), "res0_addr": d.local()}


@form
def gather_lines(d):
    return "sSGL", {**d.shape(), "tsk_eu_typ": d.pick(17, 18), "res0_prec": d.pick(*ANY), "res0_addr": d.local()}


@form
def outer(d):
    return "sVC", {"tsk_eu_typ": d.pick(*range(24)), "opd0_c": d.size(), "opd0_w": d.size(), "opd1_w": d.size(),
                   "res0_c": d.size(), "res0_w": d.size(), "res0_addr": d.local() & ~3, "res0_prec": d.pick(*ANY),
                   "opd0_prec": d.pick(*ANY), "opd1_prec": d.pick(*ANY)}


@form
def broadcast_in_local(d):
    f = {**d.shape(), "tsk_eu_typ": d.pick(2, 3, 4, 5), "res0_prec": d.pick(*ANY), "opd0_addr": d.local(),
         "res0_addr": d.local()}
    f["opd0_c"] = f["res0_c"] if f["tsk_eu_typ"] == 2 else 1
    return "sTRANS_sBC", f


@form
def transpose_in_local(d):
    return "sTRANS_sBC", {**d.shape(), "tsk_eu_typ": d.pick(0, 1), "res0_prec": d.pick(*ANY), "opd0_c": d.size(),
                          "opd0_w": d.size(), "res0_addr": d.local()}


# ---- GDMA --------------------------------------------------------------------------------------------
def tensor_copy(d, *directions, **more):
    size = d.shape("src_")
    n, c, h, w = size.values()
    f = {k + "size": v for k, v in size.items()}
    return "DMA_tensor", {**f, **d.strides("src", n, c, h, w), **d.strides("dst", n, c, h, w),
                          **d.gdma_addresses(*directions), "stride_enable": d.pick(0, 1, 1, 1), "nchw_copy": d.pick(0, 1),
                          "src_data_format": d.pick(*ANY), **more}


@form
def load(d):
    return tensor_copy(d, "S2L")


@form
def store(d):
    return tensor_copy(d, "L2S")


@form
def system_copy(d):
    return tensor_copy(d, "S2S")


@form
def local_copy(d):
    return tensor_copy(d, "L2L")


@form
def nc_transpose(d):
    return tensor_copy(d, cmd_special_function=1)


@form
def broadcast(d):
    name, f = tensor_copy(d, "S2L", "L2L", cmd_special_function=3)
    return name, {**f, "src_csize": 1, "dst_csize": d.size()}


@form
def fill(d):
    name, f = tensor_copy(d, "S2L", "S2S", "L2L", fill_constant_en=1)
    return name, {**f, **{f"dst_{k}size": f[f"src_{k}size"] for k in "nchw"}}


@form
def matrix(d):
    rows, columns = d.pick(1, 1, d.size(65535)), d.pick(d.size(), d.rng.randint(1, 65535))
    width = d.pick(1, d.rng.randint(1, columns), d.rng.randint(1, min(columns, 100)))
    system, local = d.pick(("src", "dst"), ("dst", "src"))
    a = d.gdma_addresses("S2L" if system == "src" else "L2S")
    # the vendor's table has the halves of addresses the other way round
    a = {f"{side}_start_addr_h32": a[f"{side}_start_addr_l32"] for side in ("src", "dst")} | \
        {f"{side}_start_addr_l8": a[f"{side}_start_addr_h8"] for side in ("src", "dst")}
    return "DMA_matrix", {**a, f"{system}_hsize": rows, f"{system}_wsize": columns, f"{system}_hstride": columns + d.size(),
                          f"{local}_nsize": rows, f"{local}_csize": min(-(-columns // width), 65535), f"{local}_wsize": width,
                          f"{local}_nstride": d.size(), f"{local}_cstride": d.size(), "stride_enable": 1,
                          "cmd_special_function": d.pick(0, 1), "src_data_format": d.pick(*ANY)}


@form
def general(d):
    return "sDMA_general", {**d.gdma_addresses(), "src_cstride(move length)": d.rng.randint(1, 1 << d.rng.randint(1, 22)),
                            "cmd_special_function": d.pick(0, 1), "src_data_format": d.pick(*ANY)}


@form
def cw_transpose(d):
    _, f = tensor_copy(d)
    return "DMA_cw_transpose", f


@form
def masked_select(d):
    _, f = tensor_copy(d)
    return "DMA_masked_select", f


@form
def nonzero(d):
    _, f = tensor_copy(d)
    del f["dst_nstride"]                # holds the first index
    return "DMA_nonzero", {**f, "index_data_format": d.pick(*ANY)}


def indexed(d):
    return {**d.gdma_addresses(), "src_csize": d.size(), "src_hsize": d.size(2000), "src_wsize": d.size(),
            "index_hsize": d.size(2000), "index_csize": 1, "stride_enable": 1, "src_data_format": d.pick(*ANY)}


@form
def gather(d):
    return "DMA_gather", indexed(d)


@form
def scatter(d):
    return "DMA_scatter", indexed(d)


# ---- comparison --------------------------------------------------------------------------------------
OPCODES = {"DMA_tensor": 0, "DMA_matrix": 1, "DMA_masked_select": 2, "DMA_general": 3, "DMA_cw_transpose": 4,
           "DMA_nonzero": 5, "DMA_gather": 7, "DMA_scatter": 8}


class SampledModel(CycleModel):
    """CycleModel reads LIN, SGL, VC and nonzero, which the vendor's compiler never emits, like their relatives; here by
    the fields that they have"""

    def tiu(self, cls, r):
        function, arguments = super().tiu(cls, r)
        a = list(arguments)
        if cls == "LIN":                # (n, c, h, w, type, ..)
            a[4] = r["res0_prec"]
        if cls == "SGL":                # (n, c, w, h, operation, type, ..)
            a[5] = r["res0_prec"]
        if cls == "VC":                 # (n, c, h, w, ..): a row for each value of the left operand
            a[0] = (r["opd0_c"] - 1) * r["opd0_w"] + r["opd1_w"]
        return function, a

    def dma(self, cls, r):
        if cls == "matrix" and "src_hsize/dst_hsize" in r:              # the short form
            r = dict(r)
            for side in ("src", "dst"):
                r[side + "_start_addr_h32"], r[side + "_start_addr_l8"] = r[side + "_start_addr_l32"], r[side + "_start_addr_h8"]
            is_store = LOCAL <= self._addr(r, "src", "") < STATIC
            for name in [name for name in r if "/" in name]:
                r[name.split("/")[is_store]] = r[name]
        function, arguments = super().dma(cls, r)
        a = list(arguments)
        if cls == "nonzero":            # (n, c, h, w, source, destination, type, type of the index, ..)
            a[7] = r["index_data_format"]
        return function, a


def table(name):
    """the vendor's table of a form"""
    tables = oracle_cmodel._tables()
    return next(tables[n] for n in (name, name + "_reg", name + "__reg", name + "_0x000__reg") if n in tables)


OTHER_SIZE = {"sTRANS_sBC": "TRANS_BC", "sRQ_sDQ": "RQ_DQ", "sDMA_general": "DMA_general", "DMA_matrix": "sDMA_matrix",
              "DMA_masked_select": "sDMA_masked_select", "DMA_nonzero": "sDMA_nonzero"}


def in_other_size(name, fields):
    """the same instruction in its long or short form, by the fields of that one; None for forms of one size"""
    other = OTHER_SIZE.get(name) or (name[1:] if name[0] == "s" else None)
    if other is None:
        return None
    found = {}
    for field in (f[0] for f in table(other)._fields_):
        for candidate in field.split("/"):
            if candidate in fields:
                found[field] = fields[candidate]
    if other == "sDMA_matrix":
        for side in ("src", "dst"):
            found[side + "_start_addr_l32"] = fields[side + "_start_addr_h32"]
            found[side + "_start_addr_h8"] = fields[side + "_start_addr_l8"]
    return other, found


def encoded(name, fields):
    """(engine, words, class of the vendor's tables, all its fields)"""
    engine = "dma" if "DMA" in name else "tiu"
    if engine == "dma":
        fields = {"cmd_type": OPCODES[name.lstrip("s")], **fields}
    register = table(name)
    words = encode(register.__name__, **fields)
    values = register.from_buffer_copy(words + bytes(ctypes.sizeof(register)))
    return engine, words, register.__name__, {f[0]: getattr(values, f[0]) for f in register._fields_}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("print_costs")
    parser.add_argument("--draws", type=int, default=50, help="of each form")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--form", action="append", choices=sorted(FORMS), help="only this one; may be repeated")
    a = parser.parse_args()
    model = SampledModel()
    asked, streams = [], {"tiu": b"", "dma": b""}
    for name in a.form or FORMS:
        for number in range(a.draws):
            draw = Draw(name, a.seed, number)
            format_name, fields = FORMS[name](draw)
            if draw.chance(0.3):
                format_name, fields = in_other_size(format_name, fields) or (format_name, fields)
            engine, words, reg_class, reg = encoded(format_name, fields)
            streams[engine] += words
            theirs = model.cost(engine, model.class_of(reg_class)[1], reg)
            # The vendor's count of bytes is a signed 32-bit number.
            size = theirs[1] & 0xFFFFFFFF if engine == "dma" else 0
            asked.append((engine, name, number, fields, theirs[0], size))
    asked.sort(key=lambda x: x[0] != "tiu")          # as print_costs prints
    paths = []
    for engine in ("tiu", "dma"):
        paths.append(os.path.join(os.environ["TEST_TMPDIR"], engine + ".bin"))
        with open(paths[-1], "wb") as f:
            f.write(streams[engine])
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_"))}
    ours = subprocess.run([a.print_costs, *paths], env=plain, capture_output=True, text=True)
    if ours.returncode:
        sys.exit(ours.stderr)
    lines = ours.stdout.splitlines()
    if len(lines) != len(asked):
        sys.exit("%d instructions, %d costs" % (len(asked), len(lines)))
    wrong, nonzero_costs = {}, {}
    for (_, name, number, fields, cycles, size), line in zip(asked, lines):
        words = line.split()
        good = words[0] == str(cycles) and int(words[1]) & 0xFFFFFFFF == size
        nonzero_costs[name] = nonzero_costs.get(name, 0) + (cycles > 0)
        if not good:
            wrong.setdefault(name, []).append("#%d: ours %s, the vendor's %d cycles %s bytes: %s" % (
                number, line, cycles, size, fields))
    for name in a.form or FORMS:
        bad = wrong.get(name, [])
        print("%-20s %d of %d equal" % (name, a.draws - len(bad), a.draws))
        for what in bad[:5]:
            print("   ", what)
        if not nonzero_costs[name]:
            sys.exit(name + ": nothing drawn has a cost")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
