# SPDX-License-Identifier: Apache-2.0
"""One differential case: the memory before, the instructions, the memory to compare.

A form (forms/*.py) is a function that fills a Case: it asks for operands, which get disjoint places and random
contents, and encodes instructions on them. Everything is drawn from case.rng, so form, seed and number
name a case for good. run() executes it on the vendor's simulator and adds the expected memory; to_bytes() is the
record sequence that //runtime/simulator:replay reads.

Contents are drawn for whole blocks of memory, the gaps between rows and channels included, so no case depends on what
an earlier one left behind, and a result block has MARGIN random bytes around it that must survive.
"""
import struct

import numpy as np

from oracle_cmodel import GLOBAL, L2, LANE_BYTES, LANES, LOCAL, encode

TIU, GDMA = 0, 1
CASE, WRITE, EXECUTE, READ = 1, 3, 5, 6        # records of the replay tool
EU_BYTES = 64
MARGIN = 64
ALIGNED, COMPACT, SCALAR, STRIDED = range(4)

# name: (code in the instruction, bytes, signed)
DTYPES = {"i8": (0, 1, 1), "u8": (0, 1, 0), "f16": (1, 2, 1), "f32": (2, 4, 1), "i16": (3, 2, 1), "u16": (3, 2, 0),
          "i32": (4, 4, 1), "u32": (4, 4, 0), "bf16": (5, 2, 1)}
FLOATS = ("f32", "f16", "bf16")
INTS = ("i8", "u8", "i16", "u16", "i32", "u32")
SPECIALS = {
    "f32": [0, 1 << 31, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x7F7FFFFF, 0xFF7FFFFF, 0x00000001, 0x80000001,
            0x007FFFFF, 0x00800000, 0x3F800000, 0xBF800000],
    "f16": [0, 1 << 15, 0x7C00, 0xFC00, 0x7FFF, 0xFE00, 0x7BFF, 0xFBFF, 0x0001, 0x8001, 0x03FF, 0x0400, 0x3C00, 0xBC00],
    "bf16": [0, 1 << 15, 0x7F80, 0xFF80, 0x7FFF, 0xFFC0, 0x7F7F, 0xFF7F, 0x0001, 0x8001, 0x007F, 0x0080, 0x3F80, 0xBF80],
}

LONG_FORMS = {"sRQ_sDQ": "RQ_DQ", "sTRANS_sBC": "TRANS_BC"}      # the others: without the s
GDMA_TYPES = {"tensor": 0, "matrix": 1, "masked_select": 2, "general": 3, "cw_transpose": 4, "nonzero": 5, "gather": 7, "scatter": 8}


def code(dtype):
    return DTYPES[dtype][0]


def size(dtype):
    return DTYPES[dtype][1]


def signed(dtype):
    return DTYPES[dtype][2]


def in_local(addr):
    return LOCAL <= addr < LOCAL + LANES * LANE_BYTES


def row_addresses(addr, rows):
    """addresses of the rows of a block: one lane further each, wrapping, in local memory; elsewhere there is one row"""
    if not in_local(addr):
        return [addr]
    lane, offset = divmod(addr - LOCAL, LANE_BYTES)
    return [LOCAL + (lane + i) % LANES * LANE_BYTES + offset for i in range(rows)]


def ceil_div(a, b):
    return -(-a // b)


def round_up(a, b):
    return ceil_div(a, b) * b


def nan_class(dtype, any_nan):
    """the float type in which NaN are compared as a class, or None"""
    return dtype if dtype == "f32" or (any_nan and dtype in FLOATS) else None


def is_nan(words, dtype):
    exponent, fraction = {"f32": (0x7F800000, 0x7FFFFF), "f16": (0x7C00, 0x3FF), "bf16": (0x7F80, 0x7F)}[dtype]
    return (words & exponent == exponent) & (words & fraction != 0)


def as_bits(x, dtype):
    """f32 values -> bit patterns of a float type, round to nearest even; NaN stays NaN"""
    x = np.atleast_1d(np.asarray(x, np.float32))
    if dtype == "f32":
        return x.view(np.uint32)
    if dtype == "f16":
        with np.errstate(over="ignore"):
            return x.astype(np.float16).view(np.uint16)
    u = x.view(np.uint32).astype(np.uint64)
    return ((u + 0x7FFF + ((u >> 16) & 1)) >> 16).astype(np.uint16)


def values(rng, dtype, count, style=None):
    """`count` random elements as unsigned words. Styles: normal (about 1), scaled (one random magnitude), mixed (normal
    with infinities, NaN, denormals, extremes), bits (all patterns); for integers bits and edges."""
    bits = 8 * size(dtype)
    word = np.dtype(f"u{size(dtype)}")
    if dtype not in FLOATS:
        x = rng.randint(0, 1 << 32, count, np.uint64).astype(word)
        if style is None and rng.rand() < 0.3:
            style = "edges"
        if style == "small":
            return (x % 15 - 7).astype(word)
        if style == "edges":
            edge = np.array([0, 1, -1, 1 << (bits - 1), (1 << (bits - 1)) - 1, 2, 127, 128]).astype(np.int64).astype(word)
            pick = rng.rand(count) < 0.5
            x[pick] = edge[rng.randint(0, edge.size, int(pick.sum()))]
        return x
    style = style or rng.choice(["normal", "scaled", "mixed", "bits"], p=[0.4, 0.2, 0.25, 0.15])
    if style == "bits":
        return rng.randint(0, 1 << 32, count, np.uint64).astype(word)
    x = rng.standard_normal(count).astype(np.float32)
    if style == "scaled":
        reach = 12 if dtype == "f16" else 60
        x *= np.float32(2.0) ** rng.randint(-reach, reach)
    x = as_bits(x, dtype).astype(word)
    if style == "mixed":
        pick = rng.rand(count) < 0.15
        x[pick] = np.array(SPECIALS[dtype], word)[rng.randint(0, len(SPECIALS[dtype]), int(pick.sum()))]
    return x


class Operand:
    """A tensor in local memory: addr is what TIU instructions hold, strides are (n, c, h, w) in elements, rows the
    number of lanes that it touches, words the elements per lane of its block."""

    def __init__(self, addr, dtype, shape, layout, strides, rows, words):
        self.addr, self.dtype, self.shape, self.layout = addr, dtype, shape, layout
        self.strides, self.rows, self.words = strides, rows, words

    @property
    def dma_addr(self):
        return LOCAL + self.addr


def layout_strides(layout, shape, dtype, lane):
    n, c, h, w = shape
    groups = ceil_div(c + lane, LANES)
    if layout == SCALAR:
        return 0, 1, 0, 0
    cs = round_up(h * w, EU_BYTES // size(dtype)) if layout == ALIGNED else h * w
    return groups * cs, cs, w, 1


ATTEMPTS = 5            # draws of a case before its form is in error


class DoesNotFit(Exception):
    """the operands that were drawn are larger than a lane"""


class Case:
    def __init__(self, form, number, seed, attempt=0):
        self.name = f"{form}#{number}"
        self.rng = np.random.RandomState([seed & 0xFFFFFFFF, number] + list(form.encode()) + [attempt] * (attempt > 0))
        self._next = MARGIN + EU_BYTES * int(self.rng.randint(0, 64))
        self._next_global = 4096 * int(self.rng.randint(1, 16))
        self._next_l2 = 4096
        self._before, self._steps, self._results, self._after = [], [], [], []

    # ---- random choices
    def chance(self, p):
        return self.rng.rand() < p

    def pick(self, *choices):
        return choices[self.rng.randint(len(choices))]

    def between(self, low, high):
        """both ends included"""
        return int(self.rng.randint(low, high + 1))

    def lane(self):
        return self.pick(0, 0, 0, self.between(1, 63))

    def channels(self):
        return self.pick(1, 2, 3, 5, 16, 63, 64, 65, 70, 130, self.between(1, 150))

    def shape(self, per_lane=400):
        """[n, c, h, w] of at most about `per_lane` elements in a lane"""
        c = self.channels()
        groups = ceil_div(c, LANES) + 1
        h = self.pick(1, 2, 3, 5, 7, self.between(1, 20))
        w = self.pick(1, 2, 3, 7, 15, 16, 17, 31, 33, self.between(1, 70))
        n = self.pick(1, 1, 1, 2, 3)
        while n * groups * h * w > per_lane:
            n, h, w = (1, h, w) if n > 1 else (1, h // 2, w) if h > 1 else (1, 1, ceil_div(w, 2))
        return n, c, h, w

    # ---- operands
    def _reserve(self, byte_count, alignment):
        start = round_up(self._next, alignment)
        self._next = round_up(start + byte_count + MARGIN, 4) + 4 * int(self.rng.randint(0, 8)) + MARGIN
        if self._next > LANE_BYTES:
            raise DoesNotFit(f"{self.name}: the operands do not fit into a lane")
        return start

    def _data(self, dtype, count, style, data):
        if data is None:
            return values(self.rng, dtype, count, style)
        out = np.ascontiguousarray(data).reshape(-1)
        if out.size != count or out.dtype.itemsize != size(dtype):
            raise ValueError(f"{self.name}: {out.size} x {out.dtype} given for {count} x {dtype}")
        return out

    def local_block(self, dtype, lane, rows, words, style=None, data=None, result=False, alignment=EU_BYTES, any_nan=False):
        """`words` elements at the same offset of `rows` lanes from `lane` on; returns the local address"""
        start = self._reserve(words * size(dtype), alignment)
        body = self._data(dtype, rows * words, style, data).view(np.uint8).reshape(rows, -1)
        first = start
        if result:
            first = start - MARGIN
            edges = self.rng.randint(0, 256, (rows, 2 * MARGIN)).astype(np.uint8)
            tail = -body.shape[1] % 4
            body = np.concatenate([edges[:, :MARGIN], body, edges[:, MARGIN:2 * MARGIN - 4 + tail]], 1)
            self._results.append((LOCAL + lane * LANE_BYTES + first, rows, body.shape[1], nan_class(dtype, any_nan)))
        self._before.append((LOCAL + lane * LANE_BYTES + first, np.ascontiguousarray(body)))
        return lane * LANE_BYTES + start

    def local(self, dtype, shape, layout=ALIGNED, lane=0, strides=None, style=None, data=None, result=False, alignment=None,
              any_nan=False):
        """a tensor [n, c, h, w]; `strides` for layout STRIDED; data: words of the whole block, lane by lane;
        any_nan: a result in which one NaN is as good as another (always so for f32)"""
        strides = strides or layout_strides(layout, shape, dtype, lane)
        n, c, h, w = shape
        groups = ceil_div(c + lane, LANES)
        words = 1 + sum((k - 1) * s for k, s in zip((n, groups, h, w), strides))
        rows = min(c, LANES)
        alignment = alignment or (4 if layout in (COMPACT, SCALAR) else EU_BYTES)
        addr = self.local_block(dtype, lane, rows, words, style, data, result, alignment, any_nan)
        return Operand(addr, dtype, shape, layout, strides, rows, words)

    def random_layout(self, shape, dtype, lane, broadcast=True):
        """(layout, strides or None) for an AR operand; broadcast: strides of 0 are allowed (never for results)"""
        layout = self.pick(ALIGNED, ALIGNED, COMPACT, STRIDED, STRIDED, *([SCALAR] if broadcast else []))
        if layout != STRIDED:
            return layout, None
        n, c, h, w = shape
        ws = self.pick(1, 1, 1, 2, 3)
        hs = w * ws + self.pick(0, 0, 1, 5)
        cs = h * hs + self.pick(0, 3)
        strides = [ceil_div(c + lane, LANES) * cs + self.pick(0, 2), cs, hs, ws]
        if broadcast:
            strides = [0 if self.chance(0.35) else s for s in strides]
        elif self.chance(0.2):      # what has one element only needs no stride
            strides = [0 if k == 1 else s for k, s in zip((n, ceil_div(c + lane, LANES), h), strides)] + strides[3:]
        return STRIDED, tuple(strides)

    def global_block(self, dtype, words, style=None, data=None, result=False, l2=None):
        """`words` elements in DDR (or, now and then, in L2); returns the address"""
        l2 = self.chance(0.1) if l2 is None else l2
        nxt = self._next_l2 if l2 else self._next_global
        start = nxt + 4 * self.between(0, 32) + MARGIN
        body = self._data(dtype, words, style, data).view(np.uint8)
        first = (L2 if l2 else GLOBAL) + start
        addr = first
        if result:
            edges = self.rng.randint(0, 256, 2 * MARGIN + 4).astype(np.uint8)
            body = np.concatenate([edges[:MARGIN], body, edges[MARGIN:2 * MARGIN + -body.size % 4]])
            first -= MARGIN
            self._results.append((first, 1, body.size, None))
        self._before.append((first, np.ascontiguousarray(body).reshape(1, -1)))
        end = round_up(start + body.size + MARGIN, 64)
        if l2:
            self._next_l2 = end
        else:
            self._next_global = end
        return addr

    def constant(self, dtype, style=None):
        """a random immediate"""
        return int(values(self.rng, dtype, 1, style)[0])

    # ---- instructions
    def tiu(self, format_name, **fields):
        """an instruction, named by its short form; now and then it is encoded in the long one"""
        self._step(TIU, LONG_FORMS.get(format_name, format_name[1:]) if self.chance(0.15) else format_name, fields)

    def gdma(self, format_name, **fields):
        fields["cmd_type"] = GDMA_TYPES[format_name.split("DMA_")[1].rstrip("_")]
        self._step(GDMA, format_name, fields)

    def _step(self, engine, format_name, fields):
        fields = {k: int(v) for k, v in fields.items()}
        self._steps.append((engine, encode(format_name, **fields), format_name, fields))

    # ---- on the vendor's simulator
    def _views(self, model, addr, rows, row_bytes):
        views = []
        for a in row_addresses(addr, rows):
            if in_local(a):
                lane, offset = divmod(a - LOCAL, LANE_BYTES)
                memory = model.lanes[lane]
            else:
                memory, offset = (model.global_mem, a - GLOBAL) if a >= GLOBAL else (model.l2_mem, a - L2)
            views.append(memory[offset:offset + row_bytes])
        return views

    def run(self, model):
        for addr, body in self._before:
            for view, row in zip(self._views(model, addr, *body.shape), body):
                view[:] = row
        for engine, words, _, _ in self._steps:
            (model.tiu if engine == TIU else model.dma)(words)
        self._after = [np.stack(self._views(model, addr, rows, row_bytes)) for addr, rows, row_bytes, _ in self._results]

    def expected(self):
        """what the vendor's simulator left: [(address, rows of bytes, float type whose NaN are all equal, or None)]"""
        return [(addr, body, dtype) for (addr, _, _, dtype), body in zip(self._results, self._after)]

    def instructions(self):
        """[(format, fields other than 0 or the usual)]"""
        return [(name, fields) for _, _, name, fields in self._steps]

    def records(self):
        """the case for //runtime/simulator:replay, whose source describes the records"""
        number = int(self.name.rsplit("#", 1)[1])
        out = [_record(CASE, number)]
        for addr, body in self._before:
            out += [_record(WRITE, 0, row_addr, row.tobytes()) for row_addr, row in zip(row_addresses(addr, len(body)), body)]
        out += [_record(EXECUTE, engine, 0, words) for engine, words, _, _ in self._steps]
        for addr, rows, row_bytes, _ in self._results:
            out += [_record(READ, 0, row_addr, size=row_bytes) for row_addr in row_addresses(addr, rows)]
        return b"".join(out)


def _record(kind, value, addr=0, payload=b"", size=None):
    return struct.pack("<IIQQ", kind, value, addr, len(payload) if size is None else size) + payload


def draw(build, form, number, seed):
    """the case of that number; one draw in some thousands is larger than a lane, and another takes its place"""
    for attempt in range(ATTEMPTS):
        try:
            case = Case(form, number, seed, attempt)
            build(case)
            return case
        except DoesNotFit:
            if attempt == ATTEMPTS - 1:
                raise
