# SPDX-License-Identifier: Apache-2.0
"""TRANS&BC, SG and SGL: transposes, copies between lanes, gathers and scatters (docs/isa/bm1684x.md c.10, c.11)"""
from functools import partial

import numpy as np

from case import ALIGNED, COMPACT, EU_BYTES, LANES, STRIDED, ceil_div, code, round_up, size

ANY = ("f32", "f16", "bf16", "i8", "i16", "i32")
STATIC = 0x9000000


def line_strides(shape, dtype, lane):
    n, ch, h, w = shape
    hs = round_up(w, EU_BYTES // size(dtype))
    return ceil_div(ch + lane, LANES) * h * hs, h * hs, hs, 1


def transpose(c, eu):
    dtype = c.pick(*ANY)
    n, ch, h, w = c.pick(1, 1, 2), c.between(1, 70), c.between(1, 4), c.between(1, 70)
    x = c.local(dtype, (n, w, h, ch), ALIGNED, 0)
    strides = line_strides((n, ch, h, w), dtype, 0) if eu == 0 else None
    r = c.local(dtype, (n, ch, h, w), STRIDED if strides else ALIGNED, 0, strides, result=True)
    c.tiu("sTRANS_sBC", tsk_eu_typ=eu, res0_prec=code(dtype), res0_n=n, res0_c=ch, res0_h=h, res0_w=w, opd0_c=w, opd0_w=ch,
          res0_addr=r.addr, opd0_addr=x.addr)


def lane_copy(c, eu):
    """eu 2: another start lane; eu 3: one lane to many"""
    dtype = c.pick(*ANY)
    n, ch, h, w = c.shape()
    x = c.local(dtype, (n, ch if eu == 2 else 1, h, w), ALIGNED, c.lane())
    if eu == 3:
        ch = c.between(1, 64)
    r = c.local(dtype, (n, ch, h, w), ALIGNED, c.lane() if eu == 2 else c.between(0, 64 - ch), result=True)
    c.tiu("sTRANS_sBC", tsk_eu_typ=eu, res0_prec=code(dtype), res0_n=n, res0_c=ch, res0_h=h, res0_w=w, opd0_c=ch if eu == 2 else 1,
          opd0_w=w, res0_addr=r.addr, opd0_addr=x.addr)


def static_broadcast(c):
    dtype, ch = c.pick("f32", "i32", "f16"), c.between(1, 64)
    offset, w = c.pick((0, 256), (1024, 32), (1152, 64), (1408, 10), (1472, 64), (2368, 7), (1024, c.between(1, 60)))
    r = c.local(dtype, (1, ch, 1, w), ALIGNED, c.between(0, 64 - ch), result=True)
    c.tiu("sTRANS_sBC", tsk_eu_typ=4, res0_prec=code(dtype), res0_n=1, res0_c=ch, res0_h=1, res0_w=w, res0_addr=r.addr, opd0_addr=STATIC + offset)


def static_distribute(c):
    dtype, ch = c.pick("f32", "i32"), c.between(1, 64)
    r = c.local(dtype, (1, ch, 1, 1), COMPACT, 0, result=True)
    c.tiu("sTRANS_sBC", tsk_eu_typ=5, res0_prec=code(dtype), res0_n=1, res0_c=ch, res0_h=1, res0_w=1, res0_addr=r.addr,
          opd0_addr=STATIC + c.pick(0, 1024, 1152, 1472))


def gather(c, scatter=False):
    """eu 0, 3: one list of indices for all channels, spread over the lanes"""
    dtype = c.pick(*ANY)
    n, ch, count, width = 1, c.channels(), c.between(1, 150), c.between(1, 200)
    if scatter:
        width = max(width, count)
        index = c.rng.permutation(width)[:count].astype(np.uint16)
    else:
        index = c.rng.randint(0, width, count).astype(np.uint16)
    spread = np.zeros((min(count, LANES), ceil_div(count, LANES)), np.uint16)
    for i, k in enumerate(index):
        spread[i % LANES, i // LANES] = k
    idx = c.local("u16", (1, count, 1, 1), COMPACT, 0, data=spread)
    lane = 0
    x = c.local(dtype, (n, ch, 1, count if scatter else width), ALIGNED, lane)
    out_w = width if scatter else count
    f = {}
    if not scatter:
        const = c.chance(0.3)
        f = dict(opd3_const=int(const), opd2_const=int(const), opd2_addr=c.constant(dtype) if const else 0)
    r = c.local(dtype, (n, ch, 1, out_w), ALIGNED, lane, result=True)
    c.tiu("sSG", tsk_eu_typ=3 if scatter else 0, res0_prec=code(dtype), opd0_prec=code(dtype), opd1_prec=3, res0_n=n, res0_c=ch, res0_h=1,
          res0_w=out_w, opd0_h=1, opd0_w=count if scatter else width, opd1_c=count, opd1_w=1, res0_addr=r.addr, opd0_addr=x.addr,
          opd1_addr=idx.addr, **f)


def channel_gather(c, eu, shared=False, scatter=False):
    """eu 5, 6 (13, 14): indices per channel"""
    dtype, index_dtype = c.pick(*ANY), c.pick("u8", "u16")
    n, ch, count, lane = c.pick(1, 1, 2), c.channels(), c.between(1, 150), c.lane()
    width = c.between(1, 256 if index_dtype == "u8" else 400)
    probe = c.local(index_dtype, (n, ch, 1, count), ALIGNED, lane)
    index = c.rng.randint(0, width, probe.rows * probe.words).astype(f"u{size(index_dtype)}")
    idx = c.local(index_dtype, (n, ch, 1, count), ALIGNED, lane, data=index)
    if scatter:
        x = c.local(dtype, (n, ch, 1, count), ALIGNED, lane)
        r = c.local(dtype, (1, ch, 1, width), ALIGNED, lane, result=True)
    else:
        x = c.local(dtype, (1, 64 if shared else ch, 1, width), ALIGNED, 0 if shared else lane)
        r = c.local(dtype, (n, ch, 1, count), ALIGNED, lane, result=True)
    table = x.addr % (1 << 18) + lane * (1 << 18) if shared else x.addr
    c.tiu("sSG", tsk_eu_typ=eu, res0_prec=code(dtype), opd0_prec=code(dtype), opd1_prec=code(index_dtype), res0_n=1 if scatter else n, res0_c=ch,
          res0_h=1, res0_w=width if scatter else count, opd0_str=3 if shared else 0, opd0_h=1, opd0_w=count if scatter else width,
          opd1_c=ch, opd1_w=count, res0_addr=r.addr, opd0_addr=table, opd1_addr=idx.addr)


def lookup(c):
    """a unary int8 function: 256 entries in every lane, the data are the indices"""
    shape, lane = c.shape(), c.lane()
    n, ch, h, w = shape
    w = h * w
    table = c.local("i8", (1, 64, 1, 256), ALIGNED, 0)
    x = c.local("i8", (n, ch, 1, w), ALIGNED, lane)
    r = c.local("i8", (n, ch, 1, w), ALIGNED, lane, result=True)
    c.tiu("sSG", tsk_eu_typ=5, res0_n=n, res0_c=ch, res0_h=1, res0_w=w, opd0_str=3, opd0_h=1, opd0_w=256, opd1_c=ch, opd1_w=w,
          res0_addr=r.addr, opd0_addr=table.addr + lane * (1 << 18), opd1_addr=x.addr)


def line_gather(c, shared):
    dtype, index_dtype = c.pick(*ANY), c.pick("u8", "u16")
    n, ch, h, w, lane = 1, c.channels(), c.between(1, 12), c.between(1, 40), 0
    source_h = c.between(1, 12)
    probe = c.local(index_dtype, (n, ch, h, 1), ALIGNED, lane)
    index = c.rng.randint(0, source_h, probe.rows * probe.words).astype(f"u{size(index_dtype)}")
    idx = c.local(index_dtype, (n, ch, h, 1), ALIGNED, lane, data=index)
    source = (1, 64 if shared else ch, source_h, w)
    x = c.local(dtype, source, STRIDED, lane, line_strides(source, dtype, lane))
    r = c.local(dtype, (n, ch, h, w), STRIDED, lane, line_strides((n, ch, h, w), dtype, lane), result=True)
    c.tiu("sSGL", tsk_eu_typ=17, res0_prec=code(dtype), opd1_prec=code(index_dtype), opd0_str=0 if shared else 3, res0_n=n, res0_c=ch, res0_h=h,
          res0_w=w, opd0_h=source_h, res0_addr=r.addr, opd0_addr=x.addr, opd1_addr=idx.addr)


def forms():
    yield "trans.cw", partial(transpose, eu=0)
    yield "trans.wc", partial(transpose, eu=1)
    yield "trans.lane_copy", partial(lane_copy, eu=2)
    yield "trans.lane_broadcast", partial(lane_copy, eu=3)
    yield "trans.static_broadcast", static_broadcast
    yield "trans.static_distribute", static_distribute
    yield "sg.gather", gather
    yield "sg.scatter", partial(gather, scatter=True)
    yield "sg.channel_gather", partial(channel_gather, eu=5)
    yield "sg.channel_gather_shared", partial(channel_gather, eu=5, shared=True)
    yield "sg.channel_gather_guarded", partial(channel_gather, eu=13)
    yield "sg.channel_scatter", partial(channel_gather, eu=6, scatter=True)
    yield "sg.channel_scatter_guarded", partial(channel_gather, eu=14, scatter=True)
    yield "sg.lookup", lookup
    yield "sgl.gather", partial(line_gather, shared=False)
    yield "sgl.gather_shared", partial(line_gather, shared=True)
