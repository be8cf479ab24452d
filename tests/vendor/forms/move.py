# SPDX-License-Identifier: Apache-2.0
"""TRANS&BC, SG and SGL: transposes, copies between lanes, gathers and scatters (docs/isa/bm1684x.md c.10, c.11)"""
from functools import partial

import numpy as np

from case import ALIGNED, COMPACT, EU_BYTES, LANES, STRIDED, ceil_div, code, round_up, size, values

ANY = ("f32", "f16", "bf16", "i8", "i16", "i32")
STATIC = 0x9000000


def line_strides(shape, dtype, lane):
    n, ch, h, w = shape
    hs = round_up(w, EU_BYTES // size(dtype))
    return ceil_div(ch + lane, LANES) * h * hs, h * hs, hs, 1


def transpose(c, eu):
    dtype = c.pick(*ANY)
    n, ch, h, w = c.pick(1, 1, 2), c.between(1, 70), c.between(1, 4), c.between(1, 70)
    lane, in_lane = c.lane(), c.lane()
    x = c.local(dtype, (n, w, h, ch), ALIGNED, in_lane)
    strides = line_strides((n, ch, h, w), dtype, lane) if eu == 0 else None
    r = c.local(dtype, (n, ch, h, w), STRIDED if strides else ALIGNED, lane, strides, result=True)
    c.tiu("sTRANS_sBC", tsk_eu_typ=eu, res0_prec=code(dtype), res0_n=n, res0_c=ch, res0_h=h, res0_w=w, opd0_c=w, opd0_w=ch,
          res0_addr=r.addr, opd0_addr=x.addr)


def lane_copy(c, eu):
    """eu 2: another start lane; eu 3: one lane to many"""
    dtype = c.pick(*ANY, "i8")
    n, ch, h, w = c.shape()
    x = c.local(dtype, (n, ch if eu == 2 else 1, h, w), ALIGNED, c.lane())
    if eu == 3:
        ch = c.between(1, 64)
    r = c.local(dtype, (n, ch, h, w), ALIGNED, c.lane() if eu == 2 else c.between(0, 64 - ch), result=True)
    c.tiu("sTRANS_sBC", tsk_eu_typ=eu, res0_prec=code(dtype), res0_n=n, res0_c=ch, res0_h=h, res0_w=w, opd0_c=ch if eu == 2 else 1,
          opd0_w=w, res0_addr=r.addr, opd0_addr=x.addr)


def static_broadcast(c):
    dtype, ch = c.pick("f32", "i32", "f16", "bf16", "i16", "i8"), c.between(1, 64)
    offset, w = c.pick((0, 256), (1024, 32), (1152, 64), (1408, 10), (1472, 64), (2368, 7), (1024, c.between(1, 60)))
    r = c.local(dtype, (1, ch, 1, w), ALIGNED, c.between(0, 64 - ch), result=True)
    c.tiu("sTRANS_sBC", tsk_eu_typ=4, res0_prec=code(dtype), res0_n=1, res0_c=ch, res0_h=1, res0_w=w, res0_addr=r.addr, opd0_addr=STATIC + offset)


def static_distribute(c):
    dtype, ch = c.pick("f32", "i32", "f16", "i8"), c.between(1, 130)
    r = c.local(dtype, (1, ch, 1, 1), COMPACT, c.lane(), result=True)
    c.tiu("sTRANS_sBC", tsk_eu_typ=5, res0_prec=code(dtype), res0_n=1, res0_c=ch, res0_h=1, res0_w=1, res0_addr=r.addr,
          opd0_addr=STATIC + c.pick(0, 1024, 1152, 1472))


def gather(c, scatter=False, pairs=False):
    """eu 0, 3: one list of positions for all channels, spread over the lanes; eu 1, 4: of pairs {w, h}"""
    dtype, index_dtype = c.pick(*ANY), "u16" if pairs else c.pick("u8", "u16")
    n, ch, count = c.pick(1, 1, 2), c.channels(), c.between(1, 150)
    table = [c.between(1, 12), c.between(1, 20)] if pairs else [1, c.between(1, 200)]
    if scatter:
        count = min(count, table[0] * table[1])
        picked = c.rng.permutation(table[0] * table[1])[:count]
    else:
        picked = c.rng.randint(0, table[0] * table[1], count)
    index = np.stack([picked % table[1], picked // table[1]] if pairs else [picked], 1).astype(f"u{size(index_dtype)}")
    f = {}
    if not scatter and c.chance(0.3):
        f = dict(opd3_const=1, opd2_const=1, opd2_addr=c.constant(dtype))
        index[c.rng.rand(count) < 0.2] = 0xFFFF >> (16 - 8 * size(index_dtype))
    spread = np.zeros((min(count, LANES), ceil_div(count, LANES), index.shape[1]), index.dtype)
    for i, k in enumerate(index):
        spread[i % LANES, i // LANES] = k
    idx = c.local(index_dtype, (1, count, 1, index.shape[1]), COMPACT, 0, data=spread)
    row = [1, count]
    source_hw, result_hw = (row, table) if scatter else (table, row)
    lane = c.pick(0, c.lane())
    x = c.local(dtype, (n, ch, *source_hw), ALIGNED, lane)
    r = c.local(dtype, (n, ch, *result_hw), ALIGNED, lane, result=True)
    c.tiu("sSG", tsk_eu_typ=(3 if scatter else 0) + int(pairs), res0_prec=code(dtype), opd0_prec=code(dtype), opd1_prec=code(index_dtype), res0_n=n,
          res0_c=ch, res0_h=result_hw[0], res0_w=result_hw[1], opd0_h=source_hw[0], opd0_w=source_hw[1], opd1_c=count,
          opd1_w=index.shape[1], res0_addr=r.addr, opd0_addr=x.addr, opd1_addr=idx.addr, **f)


def channel_gather(c, eu, shared=False, scatter=False):
    """eu 5, 6 (13, 14): indices per channel"""
    dtype, index_dtype = c.pick(*ANY), c.pick("u8", "u16")
    n, ch, count, lane = c.pick(1, 1, 2), c.channels(), c.between(1, 150), c.lane()
    width = c.between(1, 256 if index_dtype == "u8" else 400)
    probe = c.local(index_dtype, (n, ch, 1, count), ALIGNED, lane)
    index = c.rng.randint(0, width, probe.rows * probe.words).astype(f"u{size(index_dtype)}")
    f = {}
    if not scatter and c.chance(0.3):
        f = dict(opd3_const=1, opd2_const=1, opd2_addr=c.constant(dtype))
        index[c.rng.rand(index.size) < 0.2] = 0xFFFF >> (16 - 8 * size(index_dtype))
    idx = c.local(index_dtype, (n, ch, 1, count), ALIGNED, lane, data=index)
    if scatter:
        x = c.local(dtype, (n, ch, 1, count), ALIGNED, lane)
        r = c.local(dtype, (1, ch, 1, width), ALIGNED, lane, result=True)
    else:
        x = c.local(dtype, (1, 64 if shared else ch, 1, width), ALIGNED, 0 if shared else lane)
        r = c.local(dtype, (n, ch, 1, count), ALIGNED, lane, result=True)
    table = x.addr % (1 << 18) + lane * (1 << 18) if shared else x.addr
    c.tiu("sSG", tsk_eu_typ=eu, res0_prec=code(dtype), opd0_prec=code(dtype), opd1_prec=code(index_dtype), res0_n=1 if scatter else n, res0_c=ch,
          res0_h=1, res0_w=width if scatter else count, opd0_str=c.pick(3, 4) if shared else 0, opd0_h=1, opd0_w=count if scatter else width,
          opd1_c=ch, opd1_w=count, res0_addr=r.addr, opd0_addr=table, opd1_addr=idx.addr, **f)


def lookup(c):
    """a unary int8 function: 256 entries in every lane, the data are the indices"""
    shape, lane = c.shape(), c.lane()
    n, ch, h, w = shape
    w = h * w
    table = c.local("i8", (1, 64, 1, 256), ALIGNED, 0)
    x = c.local("i8", (n, ch, 1, w), ALIGNED, lane)
    r = c.local("i8", (n, ch, 1, w), ALIGNED, lane, result=True)
    c.tiu("sSG", tsk_eu_typ=5, res0_n=n, res0_c=ch, res0_h=1, res0_w=w, opd0_str=c.pick(3, 4), opd0_h=1, opd0_w=256, opd1_c=ch, opd1_w=w,
          res0_addr=r.addr, opd0_addr=table.addr + lane * (1 << 18), opd1_addr=x.addr)


def compaction(c, eu, positions=False):
    """eu 8, 15: the elements whose mask is not 0; eu 9, 16: the positions of the elements that are not 0; and their number"""
    dtype, flag_dtype = "u16" if positions else c.pick(*ANY), c.pick("i8", "i16", "i32")
    if positions:
        flag_dtype = c.pick("i16", "i32")
    n, ch, w, lane = c.pick(1, 1, 2), c.channels(), c.between(1, 300), c.lane()
    probe = c.local(flag_dtype, (n, ch, 1, w), ALIGNED, lane)
    count = probe.rows * probe.words
    flags = values(c.rng, flag_dtype, count) * (c.rng.rand(count) < c.pick(0.1, 0.5, 0.9))
    flags = c.local(flag_dtype, (n, ch, 1, w), ALIGNED, lane, data=flags.astype(f"u{size(flag_dtype)}"))
    if positions:
        f = dict(opd0_prec=code(flag_dtype), opd0_addr=flags.addr)
    else:
        f = dict(opd0_prec=code(dtype), opd0_addr=c.local(dtype, (1, ch, 1, w), ALIGNED, lane).addr, opd1_prec=code(flag_dtype), opd1_addr=flags.addr)
    r = c.local(dtype, (n, ch, 1, w), ALIGNED, lane, result=True)
    counts = c.local("u16", (n, ch, 1, 1), COMPACT, lane, result=True)
    c.tiu("sSG", tsk_eu_typ=eu, res0_prec=code(dtype), res0_n=n, res0_c=ch, res0_h=1, res0_w=w, opd0_h=1, opd0_w=w, opd1_c=ch, opd1_w=w,
          res0_addr=r.addr, res1_addr=counts.addr, **f)


def line_gather(c, shared, scatter=False):
    """SGL 17, 18: lines of w from or to the ones that the indices of each channel name"""
    dtype, index_dtype = c.pick(*ANY), c.pick("u8", "u16")
    n, ch, count, w, lane = c.pick(1, 1, 2), c.channels(), c.between(1, 12), c.between(1, 40), c.pick(0, c.lane())
    lines = c.between(1, 12)
    probe = c.local(index_dtype, (n, ch, count, 1), ALIGNED, lane)
    index = c.rng.randint(0, lines, probe.rows * probe.words).astype(f"u{size(index_dtype)}")
    idx = c.local(index_dtype, (n, ch, count, 1), ALIGNED, lane, data=index)
    source = (1, 64 if shared else ch, count if scatter else lines, w)
    result = (n, ch, lines if scatter else count, w)
    in_lane = 0 if shared else lane
    x = c.local(dtype, source, STRIDED, in_lane, line_strides(source, dtype, in_lane))
    r = c.local(dtype, result, STRIDED, lane, line_strides(result, dtype, lane), result=True)
    c.tiu("sSGL", tsk_eu_typ=18 if scatter else 17, res0_prec=code(dtype), opd1_prec=code(index_dtype), opd0_str=0 if shared else 3, res0_n=n,
          res0_c=ch, res0_h=result[2], res0_w=w, opd0_h=source[2], res0_addr=r.addr, opd1_addr=idx.addr,
          opd0_addr=x.addr + (lane << 18) if shared else x.addr)


def forms():
    yield "trans.cw", partial(transpose, eu=0)
    yield "trans.wc", partial(transpose, eu=1)
    yield "trans.lane_copy", partial(lane_copy, eu=2)
    yield "trans.lane_broadcast", partial(lane_copy, eu=3)
    yield "trans.static_broadcast", static_broadcast
    yield "trans.static_distribute", static_distribute
    yield "sg.gather", gather
    yield "sg.scatter", partial(gather, scatter=True)
    yield "sg.gather_pairs", partial(gather, pairs=True)
    yield "sg.scatter_pairs", partial(gather, scatter=True, pairs=True)
    yield "sg.channel_gather", partial(channel_gather, eu=5)
    yield "sg.channel_gather_shared", partial(channel_gather, eu=5, shared=True)
    yield "sg.channel_gather_guarded", partial(channel_gather, eu=13)
    yield "sg.channel_gather_guarded_shared", partial(channel_gather, eu=13, shared=True)
    yield "sg.channel_scatter", partial(channel_gather, eu=6, scatter=True)
    yield "sg.channel_scatter_guarded", partial(channel_gather, eu=14, scatter=True)
    for eu, name in ((8, ""), (15, "_guarded")):
        yield f"sg.mask_select{name}", partial(compaction, eu=eu)
    for eu, name in ((9, ""), (16, "_guarded")):
        yield f"sg.nonzero{name}", partial(compaction, eu=eu, positions=True)
    yield "sg.lookup", lookup
    yield "sgl.gather", partial(line_gather, shared=False)
    yield "sgl.gather_shared", partial(line_gather, shared=True)
    yield "sgl.scatter", partial(line_gather, shared=False, scatter=True)
    yield "sgl.scatter_shared", partial(line_gather, shared=True, scatter=True)
