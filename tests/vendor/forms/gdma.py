# SPDX-License-Identifier: Apache-2.0
"""GDMA: tensor, matrix, general, cw_transpose, gather and scatter (docs/isa/bm1684x.md d)"""
from functools import partial

import numpy as np

from case import ALIGNED, LOCAL, ceil_div, code, layout_strides, size, values

ANY = ("f32", "f16", "bf16", "i8", "i16", "i32")
LENGTH = "src_cstride(move length)"       # of DMA_general, by its published name
BASE = "dst_nstride\uff08base_i\uff09"       # of DMA_nonzero


def address(side, value):
    return {f"{side}_start_addr_l32": value & 0xFFFFFFFF, f"{side}_start_addr_h8": value >> 32}


def matrix_address(side, value):
    # the names of the two halves are swapped in the published table
    return {f"{side}_start_addr_h32": value & 0xFFFFFFFF, f"{side}_start_addr_l8": value >> 32}


def sizes(side, shape):
    return {f"{side}_{k}size": s for k, s in zip("nchw", shape)}


def strides(side, values):
    return {f"{side}_{k}stride": s for k, s in zip("nchw", values)}


def nested(c, shape):
    """strides of rows that lie densely, with n, c and h nested in any order and gaps between them"""
    st, step = [0, 0, 0, 1], shape[3]
    for d in c.rng.permutation(3):
        step += c.pick(0, 0, 1, 5)
        st[d] = step
        step *= shape[d]
    return st


def system_tensor(c, side, dtype, shape, result=False, broadcast=False, dense_w=False):
    """a strided tensor in DDR or L2; sources may repeat n, c or h by stride 0"""
    n, ch, h, w = shape
    ws = 1 if dense_w else c.pick(1, 1, 1, 1, 2, 3)
    hs = w * ws + c.pick(0, 0, 1, 7)
    cs = h * hs + c.pick(0, 0, 3)
    st = [ch * cs + c.pick(0, 5), cs, hs, ws]
    if not dense_w and c.chance(0.2):  # channels innermost, as a transposed matrix is read
        st = [h * w * ch, 1, w * ch, ch]
    elif c.chance(0.2):
        st = nested(c, shape)
    if broadcast:
        st = [0 if i < 3 and c.chance(0.1) else s for i, s in enumerate(st)]
    words = 1 + sum((k - 1) * s for k, s in zip(shape, st))
    return {**address(side, c.global_block(dtype, words, result=result)), **strides(side, st)}


def local_tensor(c, side, dtype, shape, result=False, dense_w=False):
    lane = c.lane()
    layout, st = (ALIGNED, None) if dense_w else c.random_layout(shape, dtype, lane, broadcast=False)
    x = c.local(dtype, shape, layout, lane, st, result=result)
    return {**address(side, x.dma_addr), **strides(side, x.strides)}


def place(c, kind, side, dtype, shape, dense_w=False):
    result = side == "dst"
    if kind == "s":
        return system_tensor(c, side, dtype, shape, result, not result, dense_w)
    return local_tensor(c, side, dtype, shape, result, dense_w)


def tensor(c, route):
    dtype, shape = c.pick(*ANY), c.shape()
    more = sizes("dst", c.pick(shape, shape, (0, 0, 0, 0)))
    c.gdma("DMA_tensor", nchw_copy=1, stride_enable=1, src_data_format=code(dtype), **sizes("src", shape), **more,
           **place(c, route[0], "src", dtype, shape), **place(c, route[2], "dst", dtype, shape))


def continuous(c, kind, side, dtype, shape):
    """a side without stride fields: dense in system memory, EU-aligned in lanes"""
    result = side == "dst"
    if kind == "s":
        return address(side, c.global_block(dtype, int(np.prod(shape)), result=result))
    return address(side, c.local(dtype, shape, ALIGNED, c.lane(), result=result).dma_addr)


def strideless(c, route):
    """stride_enable = 0"""
    dtype, (n, ch, h, w) = c.pick(*ANY), c.shape()
    function = c.pick(0, 0, 1, 2, 4)
    to = (ch, n, h, w) if function == 1 else (n, w, h, ch) if function else (n, ch, h, w)
    c.gdma("DMA_tensor", nchw_copy=int(function == 0), cmd_special_function=function, src_data_format=code(dtype), **sizes("src", (n, ch, h, w)),
           **sizes("dst", to), **continuous(c, route[0], "src", dtype, (n, ch, h, w)), **continuous(c, route[2], "dst", dtype, to))


def reshape(c, route):
    """elements paired in linear order between two shapes"""
    dtype, (n, ch, h, w) = c.pick(*ANY), c.shape()
    other = c.pick((n, ch, h * w, 1), (n, ch * h, 1, w), (1, n * ch, h, w), (n, h, ch, w), (1, 1, n * ch, h * w))
    c.gdma("DMA_tensor", nchw_copy=0, stride_enable=1, src_data_format=code(dtype), **sizes("src", (n, ch, h, w)), **sizes("dst", other),
           **place(c, route[0], "src", dtype, (n, ch, h, w)), **place(c, route[2], "dst", dtype, other))


def swap_nc(c, route):
    """the model takes w strides as 1 here, and in broadcasts"""
    dtype, (n, ch, h, w) = c.pick(*ANY), c.shape()
    n = c.between(1, 6)
    c.gdma("DMA_tensor", cmd_special_function=1, nchw_copy=0, stride_enable=1, src_data_format=code(dtype), **sizes("src", (n, ch, h, w)),
           **sizes("dst", (ch, n, h, w)), **place(c, route[0], "src", dtype, (n, ch, h, w), True), **place(c, route[2], "dst", dtype, (ch, n, h, w), True))


def swap_cw(c, route, function):
    dtype, n, ch, h, w = c.pick(*ANY), c.pick(1, 1, 2), c.between(1, 70), c.between(1, 4), c.between(1, 70)
    c.gdma("DMA_tensor", cmd_special_function=function, nchw_copy=0, stride_enable=1, src_data_format=code(dtype), **sizes("src", (n, ch, h, w)),
           **sizes("dst", (n, w, h, ch)), **place(c, route[0], "src", dtype, (n, ch, h, w), True), **place(c, route[2], "dst", dtype, (n, w, h, ch), True))


def broadcast(c, route):
    dtype, (n, ch, h, w), stride_enable = c.pick(*ANY), c.shape(), c.pick(0, 1, 1)
    ch = min(ch, 64)
    lane = c.between(0, 64 - ch)
    x = c.local(dtype, (n, ch, h, w), ALIGNED, lane, result=True)
    f = strides("dst", x.strides) if stride_enable else {}
    if stride_enable:
        f.update(place(c, route[0], "src", dtype, (n, 1, h, w), True))
    else:
        f.update(continuous(c, route[0], "src", dtype, (n, 1, h, w)))
    c.gdma("DMA_tensor", cmd_special_function=3, nchw_copy=0, stride_enable=stride_enable, src_data_format=code(dtype),
           **sizes("src", (n, 1, h, w)), **sizes("dst", (n, ch, h, w)), **address("dst", x.dma_addr), **f)


def fill(c, kind):
    """the shape is the source's with nchw_copy, else the destination's"""
    dtype, shape, nchw_copy = c.pick(*ANY), c.shape(), c.pick(0, 1, 1)
    c.gdma("DMA_tensor", fill_constant_en=1, nchw_copy=nchw_copy, stride_enable=1, src_data_format=code(dtype), constant_value=c.constant(dtype),
           **sizes("src", shape if nchw_copy else c.pick(shape, shape[::-1])), **sizes("dst", shape), **place(c, kind, "dst", dtype, shape))


def matrix(c, to_local, transposed=False):
    dtype = c.pick(*ANY)
    rows, cols = c.pick(1, c.between(1, 12)), c.between(1, 300)
    w = c.between(ceil_div(cols, 64), cols)
    system, local = ("src", "dst") if to_local else ("dst", "src")
    sys_rows, sys_cols = (cols, rows) if transposed else (rows, cols)
    hs = sys_cols + c.pick(0, 0, 3)
    shape = (rows, ceil_div(cols, w), 1, w)
    layout, st = c.random_layout(shape, dtype, 0, broadcast=False)
    st = list(st) if st else None
    if st:
        st[3] = 1
    x = c.local(dtype, shape, layout, 0, tuple(st) if st else None, result=to_local)
    words = (sys_rows - 1) * hs + sys_cols
    g = c.global_block(dtype, words, result=not to_local)
    extents = dict(hsize=sys_rows, wsize=sys_cols, hstride=hs), dict(nsize=rows, csize=shape[1], wsize=w, nstride=x.strides[0], cstride=x.strides[1])
    if c.chance(0.3):       # one set of fields for both directions
        f = {f"{a}_{k}/{b}_{k}": v for (a, b), pairs in zip((("src", "dst"), ("dst", "src")), extents) for k, v in pairs.items()}
        c.gdma("sDMA_matrix", stride_enable=1, src_data_format=code(dtype), cmd_special_function=int(transposed), **address(system, g),
               **address(local, x.dma_addr), **f)
        return
    f = {f"{side}_{k}": v for side, pairs in zip((system, local), extents) for k, v in pairs.items()}
    c.gdma("DMA_matrix", nchw_copy=0, stride_enable=1, src_data_format=code(dtype), cmd_special_function=int(transposed),
           **matrix_address(system, g), **matrix_address(local, x.dma_addr), **f)


def block(c, kind, side, dtype, count, lanes=1):
    """flat memory: fields of a side"""
    result = side == "dst"
    if kind == "s":
        return address(side, c.global_block(dtype, count, result=result))
    return address(side, LOCAL + c.local_block(dtype, c.between(0, 64 - lanes), lanes, count, result=result))


def general(c, route, fills=False):
    dtype, count = c.pick(*ANY), c.between(1, 3000)
    f = dict(fill_constant_en=1, constant_value=c.constant(dtype)) if fills else block(c, route[0], "src", dtype, count)
    c.gdma(c.pick("DMA_general", "sDMA_general"), src_data_format=code(dtype), **{LENGTH: count}, **f, **block(c, route[2], "dst", dtype, count))


def general_broadcast(c, route, fills=False):
    dtype, count, lanes = c.pick(*ANY), c.between(1, 500), c.between(1, 64)
    f = dict(fill_constant_en=1, constant_value=c.constant(dtype)) if fills else block(c, route[0], "src", dtype, count)
    c.gdma(c.pick("DMA_general", "sDMA_general"), cmd_special_function=1, src_data_format=code(dtype), dst_csize=lanes, **{LENGTH: count}, **f,
           **block(c, "l", "dst", dtype, count, lanes))


def cw_transpose(c, route):
    dtype = c.pick(*ANY)
    n, ch, h, w = c.pick(1, 1, 2), c.between(1, 70), c.between(1, 4), c.between(1, 70)
    ends = {}
    for side, kind, shape in (("src", route[0], (n, ch, h, w)), ("dst", route[2], (n, w, h, ch))):
        result = side == "dst"
        if kind == "s":
            st = nested(c, shape)
            words = 1 + sum((k - 1) * s for k, s in zip(shape, st))
            a = c.global_block(dtype, words, result=result)
        else:
            x = c.local(dtype, shape, ALIGNED, 0, result=result)
            a, st = x.dma_addr, x.strides
        ends.update({**address(side, a), **strides(side, st), **sizes(side, shape)})
    c.gdma("DMA_cw_transpose", nchw_copy=0, stride_enable=1, src_data_format=code(dtype), **ends)


def rows(c, scatter, route):
    """gather or scatter of rows, one index list or one for each channel"""
    dtype, ch, w = c.pick(*ANY), c.between(1, 20), c.between(1, 40)
    source_h, count = c.between(1, 30), c.between(1, 30)
    if scatter:
        source_h = max(source_h, count)
    index_c = c.pick(1, ch)
    if scatter:
        index = np.stack([c.rng.permutation(source_h)[:count] for _ in range(index_c)]).astype(np.uint32)
    else:
        index = c.rng.randint(0, source_h + c.pick(0, 0, 5), (index_c, count)).astype(np.uint32)
    big, small = (1, ch, source_h, w), (1, ch, count, w)
    f = {}
    for side, kind, shape in (("src", route[0], small if scatter else big), ("dst", route[2], big if scatter else small)):
        if kind == "s":
            hs = w + c.pick(0, 3)
            st = shape[2] * hs + c.pick(0, 5), hs
            f.update(address(side, c.global_block(dtype, ch * st[0], result=side == "dst")))
        else:
            x = c.local(dtype, shape, ALIGNED, c.lane(), result=side == "dst")
            st = x.strides[1:3]
            f.update(address(side, x.dma_addr))
        f.update({f"{side}_csize": ch, f"{side}_hsize": shape[2], f"{side}_wsize": w, f"{side}_cstride": st[0], f"{side}_hstride": st[1]})
    f.update(index_csize=index_c, index_hsize=count, index_cstride=count, index_hstride=1,
             **address("index", c.global_block("u32", index.size, data=index)))
    c.gdma("DMA_scatter" if scatter else "DMA_gather", stride_enable=1, src_data_format=code(dtype), constant_value=c.constant(dtype), **f)


def sparse(c, kind, side, dtype, shape):
    """(fields of a continuous operand whose elements are often 0, their number)"""
    lane = c.lane()
    st = layout_strides(ALIGNED, shape, dtype, lane)
    probe = c.local(dtype, shape, ALIGNED, lane)
    count = probe.rows * probe.words if kind == "l" else int(np.prod(shape))
    data = values(c.rng, dtype, count)
    data[c.rng.rand(count) < c.pick(0.1, 0.5, 0.9)] = 0
    if kind == "l":
        return address(side, c.local(dtype, shape, ALIGNED, lane, st, data=data).dma_addr)
    return address(side, c.global_block(dtype, count, data=data))


def masked_select(c, kind, mask_kind):
    """the elements whose mask is not 0, one after the other"""
    dtype, mask_dtype, shape = c.pick(*ANY), c.pick(*ANY), c.shape()
    count = int(np.prod(shape))
    c.gdma(c.pick("DMA_masked_select", "sDMA_masked_select_"), nchw_copy=1, stride_enable=1, src_data_format=code(dtype),
           mask_data_format=code(mask_dtype), **sizes("src", shape), **sizes("dst", (1, 1, 1, min(count, 65535))),
           **continuous(c, kind, "src", dtype, shape), **sparse(c, mask_kind, "mask", mask_dtype, shape),
           **address("dst", c.global_block(dtype, count, result=True)))


def nonzero(c, kind):
    """the positions of the elements that are not 0"""
    dtype, index_dtype, shape = c.pick(*ANY), c.pick("i8", "i16", "i32"), c.shape()
    count = int(np.prod(shape))
    c.gdma(c.pick("DMA_nonzero", "sDMA_nonzero"), nchw_copy=1, stride_enable=1, src_data_format=code(dtype), index_data_format=code(index_dtype),
           **{BASE: c.pick(0, c.between(1, 1 << 20))}, **sizes("src", shape), **sparse(c, kind, "src", dtype, shape),
           **address("dst", c.global_block(index_dtype, count, result=True)))


def forms():
    for route in ("s2l", "l2s", "s2s", "l2l"):
        yield f"gdma.tensor.{route}", partial(tensor, route=route)
        yield f"gdma.reshape.{route}", partial(reshape, route=route)
        yield f"gdma.strideless.{route}", partial(strideless, route=route)
        yield f"gdma.swap_nc.{route}", partial(swap_nc, route=route)
        for function in (2, 4):
            yield f"gdma.swap_cw.{function}.{route}", partial(swap_cw, route=route, function=function)
        yield f"gdma.general.{route}", partial(general, route=route)
    for route in ("s2l", "l2l"):
        yield f"gdma.broadcast.{route}", partial(broadcast, route=route)
    yield "gdma.fill.local", partial(fill, kind="l")
    yield "gdma.fill.system", partial(fill, kind="s")
    for to_local, name in ((True, "s2l"), (False, "l2s")):
        yield f"gdma.matrix.{name}", partial(matrix, to_local=to_local)
        yield f"gdma.matrix_transposed.{name}", partial(matrix, to_local=to_local, transposed=True)
    for route in ("s2l", "l2l"):
        yield f"gdma.general_broadcast.{route}", partial(general_broadcast, route=route)
    yield "gdma.general_broadcast_fill", partial(general_broadcast, route="s2l", fills=True)
    for kind in "sl":
        yield f"gdma.general_fill.{kind}", partial(general, route="s2" + kind, fills=True)
    for route in ("s2l", "l2s", "s2s", "l2l"):
        yield f"gdma.cw_transpose.{route}", partial(cw_transpose, route=route)
    for route in ("s2s", "s2l", "l2s", "l2l"):
        yield f"gdma.gather.{route}", partial(rows, scatter=False, route=route)
        yield f"gdma.scatter.{route}", partial(rows, scatter=True, route=route)
    for kind in "sl":
        for mask_kind in "sl":
            yield f"gdma.masked_select.{kind}{mask_kind}", partial(masked_select, kind=kind, mask_kind=mask_kind)
        yield f"gdma.nonzero.{kind}", partial(nonzero, kind=kind)
