# SPDX-License-Identifier: Apache-2.0
"""RQ and DQ (docs/isa/bm1684x.md c.6)"""
from functools import partial

import numpy as np

from case import ALIGNED, INTS, LANES, as_bits, ceil_div, code, signed, values


HALF_UP = 5      # the rounding of the compiler's requantisation


def table(c, ch, lane, *columns):
    """EU-aligned [1, C, 1, k] of 32-bit words; a column draws one word for each of `count` channels"""
    rows, groups = min(ch, LANES), ceil_div(ch + lane, LANES)
    x = np.zeros((rows, groups, 16), np.uint32)
    for i, draw in enumerate(columns):
        x[:, :, i] = draw(rows * groups).reshape(rows, groups)
    return c.local_block("u32", lane, rows, groups * 16, data=x)


def emit(c, eu, source, result, shape, lane, style=None, **fields):
    n, ch, h, w = shape
    x = c.local(source, shape, ALIGNED, lane, style=style)
    r = c.local(result, shape, ALIGNED, lane, result=True)
    c.tiu("sRQ_sDQ", tsk_eu_typ=eu, opd0_sign=signed(source), opd2_sign=signed(result), res0_prec=code(result),
          opd0_prec=code(source), res0_addr=r.addr, opd0_addr=x.addr, res0_n=n, res0_c=ch, res0_h=h, res0_w=w, **fields)


def draw_scale(c):
    # makes results around the range of the destination, whatever the source
    top = c.between(-26, 6)
    return lambda count: as_bits((c.rng.standard_normal(count) * 2.0 ** top).astype(np.float32), "f32")


def draw_int(c, low, high):
    return lambda count: c.rng.randint(low, high, count).astype(np.int64).astype(np.uint32)


# RQ reads an 8-bit source as 0, so none is drawn; DQ refuses 32-bit ones
def rq0(c, per_channel):
    shape, lane = c.shape(), c.lane()
    source, result = c.pick("i32", "u32", "i16", "u16"), c.pick(*INTS)
    offset = lambda count: as_bits((c.rng.standard_normal(count) * 20).astype(np.float32), "f32")
    modes = c.between(0, 4) | c.between(0, 4) << 3
    if per_channel:
        f = {"opd1_addr": table(c, shape[1], lane, draw_scale(c), offset)}
    else:
        f = {"opd1_const": 1, "opd1_addr": draw_scale(c)(1)[0], "opd2_addr": offset(1)[0]}
    emit(c, 0, source, result, shape, lane, opd2_n_str=modes, **f)


def zero_point(result):
    return {"i8": (-128, 128), "u8": (0, 256)}.get(result, (-1000, 1000) if signed(result) else (0, 2000))


def rq1(c, per_channel, source=None, result=None, rounding=None):
    shape, lane = c.shape(), c.lane()
    source, result = source or c.pick("i32", "i32", "u32", "i16", "u16"), result or c.pick(*INTS)
    mult = draw_int(c, *c.pick((-(1 << 31), 1 << 31), (-200, 200), (0, 256)))
    shift = draw_int(c, *c.pick((-40, 1), (-12, 3), (-31, -20)))
    zp = draw_int(c, *zero_point(result))
    if per_channel:
        f = {"opd1_addr": table(c, shape[1], lane, mult, shift, zp)}
    else:
        f = {"opd1_const": 1, "opd1_addr": mult(1)[0], "opd2_addr": int(shift(1)[0]) & 0xFF | (int(zp(1)[0]) & 0xFFFF) << 16}
    emit(c, 1, source, result, shape, lane, opd2_n_str=c.between(0, 6) if rounding is None else rounding, **f)


def rq1_to_byte(c, source):
    """as ends what is computed in 16 or 32 bits: 31-bit or small multipliers, halves up"""
    shape, lane, result = c.shape(), c.lane(), c.pick("i8", "u8")
    top = c.pick(1 << 31, 1 << 31, 1 << 8, 2)
    mult, shift = draw_int(c, 1 - top, top)(1)[0], -c.between(0, 8) - top.bit_length() + 1 if c.chance(0.9) else c.between(0, 15)
    zp = draw_int(c, *zero_point("i8"))(1)[0] if result == "i8" else 0
    emit(c, 1, source, result, shape, lane, c.pick(None, "small"), opd2_n_str=HALF_UP, opd1_const=1, opd1_addr=mult,
         opd2_addr=int(shift) & 0xFF | (int(zp) & 0xFFFF) << 16)


def dq0(c, per_channel):
    shape, lane = c.shape(), c.lane()
    source = c.pick("i8", "u8", "i16", "u16")
    zp = draw_int(c, -128, 128)
    if per_channel:
        f = {"opd1_addr": table(c, shape[1], lane, zp, draw_scale(c))}
    else:
        f = {"opd1_const": 1, "opd1_addr": int(zp(1)[0]) & 0xFFFF, "opd2_addr": draw_scale(c)(1)[0]}
    emit(c, 3, source, "f32", shape, lane, opd2_n_str=c.between(0, 4), **f)


def dq1(c, per_channel):
    shape, lane = c.shape(), c.lane()
    source, result = c.pick("i8", "u8", "i16", "u16"), c.pick(*INTS)
    zp, mult, shift = draw_int(c, -128, 128), draw_int(c, -200, 200), draw_int(c, -12, 3)
    if per_channel:
        f = {"opd1_addr": table(c, shape[1], lane, zp, mult, shift)}
    else:
        f = {"opd1_const": 1, "opd2_addr": mult(1)[0], "opd1_addr": int(zp(1)[0]) & 0xFFFF | (int(shift(1)[0]) & 0xFFFF) << 16}
    emit(c, 4, source, result, shape, lane, opd2_n_str=c.between(0, 6), **f)


def scale(c, source, result):
    """(x - zp) * multiplier without a shift, as sums and products of bytes begin"""
    shape, lane = c.shape(), c.lane()
    top = 1 if result == "i16" else 1 << 15
    zp = draw_int(c, -128, 128)(1)[0] if source == "i8" else 0
    emit(c, 4, source, result, shape, lane, opd1_const=1, opd1_addr=int(zp) & 0xFFFF, opd2_addr=draw_int(c, -top, top + 1)(1)[0])


def forms():
    for name, fill in (("rq0", rq0), ("rq1", rq1), ("dq0", dq0), ("dq1", dq1)):
        yield f"{name}.immediate", partial(fill, per_channel=False)
        yield f"{name}.table", partial(fill, per_channel=True)
    for source in ("i16", "i32"):
        yield f"rq1.{source}_to_byte", partial(rq1_to_byte, source=source)
    for source in ("i8", "u8"):
        for result in ("i16", "i32"):
            yield f"dq1.scale.{source}_{result}", partial(scale, source=source, result=result)
    for result in ("i8", "u8"):
        yield f"rq1.table.i32_{result}", partial(rq1, per_channel=True, source="i32", result=result, rounding=HALF_UP)
