# SPDX-License-Identifier: Apache-2.0
"""GDMA: tensor, matrix, general, cw_transpose, gather and scatter (docs/isa/bm1684x.md d)"""
from functools import partial

import numpy as np

from case import ALIGNED, LOCAL, ceil_div, code, size

ANY = ("f32", "f16", "bf16", "i8", "i16", "i32")
LENGTH = "src_cstride(move length)"       # of DMA_general, by its published name


def address(side, value):
    return {f"{side}_start_addr_l32": value & 0xFFFFFFFF, f"{side}_start_addr_h8": value >> 32}


def matrix_address(side, value):
    # the names of the two halves are swapped in the published table
    return {f"{side}_start_addr_h32": value & 0xFFFFFFFF, f"{side}_start_addr_l8": value >> 32}


def sizes(side, shape):
    return {f"{side}_{k}size": s for k, s in zip("nchw", shape)}


def strides(side, values):
    return {f"{side}_{k}stride": s for k, s in zip("nchw", values)}


def system_tensor(c, side, dtype, shape, result=False, broadcast=False, dense_w=False):
    """a strided tensor in DDR or L2; sources may repeat n, c or h by stride 0"""
    n, ch, h, w = shape
    ws = 1 if dense_w else c.pick(1, 1, 1, 1, 2, 3)
    hs = w * ws + c.pick(0, 0, 1, 7)
    cs = h * hs + c.pick(0, 0, 3)
    st = [ch * cs + c.pick(0, 5), cs, hs, ws]
    if not dense_w and c.chance(0.2):  # channels innermost, as a transposed matrix is read
        st = [h * w * ch, 1, w * ch, ch]
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
    c.gdma("DMA_tensor", nchw_copy=1, stride_enable=1, src_data_format=code(dtype), **sizes("src", shape), **sizes("dst", shape),
           **place(c, route[0], "src", dtype, shape), **place(c, route[2], "dst", dtype, shape))


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


def broadcast(c, route):
    dtype, (n, ch, h, w) = c.pick(*ANY), c.shape()
    ch = min(ch, 64)
    lane = c.between(0, 64 - ch)
    x = c.local(dtype, (n, ch, h, w), ALIGNED, lane, result=True)
    c.gdma("DMA_tensor", cmd_special_function=3, nchw_copy=0, stride_enable=1, src_data_format=code(dtype), **sizes("src", (n, 1, h, w)),
           **sizes("dst", (n, ch, h, w)), **place(c, route[0], "src", dtype, (n, 1, h, w), True), **address("dst", x.dma_addr), **strides("dst", x.strides))


def fill(c, kind):
    dtype, shape = c.pick(*ANY), c.shape()
    c.gdma("DMA_tensor", fill_constant_en=1, nchw_copy=1, stride_enable=1, src_data_format=code(dtype), constant_value=c.constant(dtype),
           **sizes("src", shape), **sizes("dst", shape), **place(c, kind, "dst", dtype, shape))


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
    c.gdma("DMA_matrix", nchw_copy=0, stride_enable=1, src_data_format=code(dtype), cmd_special_function=int(transposed),
           **matrix_address(system, g), **matrix_address(local, x.dma_addr),
           **{f"{system}_hsize": sys_rows, f"{system}_wsize": sys_cols, f"{system}_hstride": hs, f"{local}_nsize": rows, f"{local}_csize": shape[1],
              f"{local}_wsize": w, f"{local}_nstride": x.strides[0], f"{local}_cstride": x.strides[1]})


def general(c, route):
    dtype, count = c.pick(*ANY), c.between(1, 3000)
    ends = {}
    for side, kind in (("src", route[0]), ("dst", route[2])):
        if kind == "s":
            ends.update(address(side, c.global_block(dtype, count, result=side == "dst")))
        else:
            lane = c.between(0, 63)
            ends.update(address(side, LOCAL + c.local_block(dtype, lane, 1, count, result=side == "dst")))
    c.gdma("sDMA_general", src_data_format=code(dtype), **{LENGTH: count}, **ends)


def general_broadcast(c):
    dtype, count, lanes = c.pick(*ANY), c.between(1, 500), c.between(1, 64)
    lane = c.between(0, 64 - lanes)
    g = c.global_block(dtype, count)
    x = c.local_block(dtype, lane, lanes, count, result=True)
    c.gdma("sDMA_general", cmd_special_function=1, src_data_format=code(dtype), dst_csize=lanes, **{LENGTH: count},
           **address("src", g), **address("dst", LOCAL + x))


def cw_transpose(c, route):
    dtype = c.pick(*ANY)
    n, ch, h, w = c.pick(1, 1, 2), c.between(1, 70), c.between(1, 4), c.between(1, 70)
    ends = {}
    for side, kind, shape in (("src", route[0], (n, ch, h, w)), ("dst", route[2], (n, w, h, ch))):
        result = side == "dst"
        if kind == "s":
            hs = shape[3] + c.pick(0, 2)
            cs = shape[2] * hs
            st = (shape[1] * cs, cs, hs, 1)
            a = c.global_block(dtype, shape[0] * st[0], result=result)
        else:
            x = c.local(dtype, shape, ALIGNED, 0, result=result)
            a, st = x.dma_addr, x.strides
        ends.update({**address(side, a), **strides(side, st), **sizes(side, shape)})
    c.gdma("DMA_cw_transpose", nchw_copy=0, stride_enable=1, src_data_format=code(dtype), **ends)


def rows(c, scatter):
    """gather or scatter of rows in DDR, one index list or one for each channel"""
    dtype, ch, w = c.pick(*ANY), c.between(1, 20), c.between(1, 40)
    source_h, count = c.between(1, 30), c.between(1, 30)
    if scatter:
        source_h = max(source_h, count)
    index_c = c.pick(1, ch)
    if scatter:
        index = np.stack([c.rng.permutation(source_h)[:count] for _ in range(index_c)]).astype(np.uint32)
    else:
        index = c.rng.randint(0, source_h + c.pick(0, 0, 5), (index_c, count)).astype(np.uint32)
    big, small = (ch, source_h, w), (ch, count, w)
    src, dst = (small, big) if scatter else (big, small)
    f = {}
    for side, (k, h, ww) in (("src", src), ("dst", dst)):
        f.update({f"{side}_csize": k, f"{side}_hsize": h, f"{side}_wsize": ww, f"{side}_cstride": h * ww, f"{side}_hstride": ww,
                  **address(side, c.global_block(dtype, k * h * ww, result=side == "dst", l2=False))})
    f.update(index_csize=index_c, index_hsize=count, index_cstride=count, index_hstride=1,
             **address("index", c.global_block("u32", index.size, data=index, l2=False)))
    c.gdma("DMA_scatter" if scatter else "DMA_gather", stride_enable=1, src_data_format=code(dtype), constant_value=c.constant(dtype), **f)


def forms():
    for route in ("s2l", "l2s", "s2s", "l2l"):
        yield f"gdma.tensor.{route}", partial(tensor, route=route)
        yield f"gdma.reshape.{route}", partial(reshape, route=route)
        yield f"gdma.swap_nc.{route}", partial(swap_nc, route=route)
        yield f"gdma.general.{route}", partial(general, route=route)
    for route in ("s2l", "l2l"):
        yield f"gdma.broadcast.{route}", partial(broadcast, route=route)
    yield "gdma.fill.local", partial(fill, kind="l")
    yield "gdma.fill.system", partial(fill, kind="s")
    for to_local, name in ((True, "s2l"), (False, "l2s")):
        yield f"gdma.matrix.{name}", partial(matrix, to_local=to_local)
        yield f"gdma.matrix_transposed.{name}", partial(matrix, to_local=to_local, transposed=True)
    yield "gdma.general_broadcast", general_broadcast
    for route in ("s2l", "l2s", "s2s"):
        yield f"gdma.cw_transpose.{route}", partial(cw_transpose, route=route)
    yield "gdma.gather", partial(rows, scatter=False)
    yield "gdma.scatter", partial(rows, scatter=True)
