# SPDX-License-Identifier: Apache-2.0
"""MM and MM2 (docs/isa/bm1684x.md c.4, c.5)"""
from functools import partial

from case import ALIGNED, COMPACT, ceil_div, code, signed, size
from forms.conv import accumulation_style


def matrix(c, dtype, rows, cols, width, style=None, result=False):
    """address of a matrix in MM's layout: [rows, ceil(cols, width), 1, width] in lanes from 0 on"""
    return c.local(dtype, (rows, ceil_div(cols, width), 1, width), ALIGNED, 0, style=style, result=result).addr


def mm(c, dtype, bias=None, res_add=False, transposed=False):
    rows, k, cols = c.between(1, 9), c.between(1, 100), c.between(1, 200)
    style, result = accumulation_style(c), dtype
    right_w = c.between(ceil_div(cols, 64), cols)
    if transposed:
        left_w = c.between(ceil_div(rows, 64), rows)
        left_rows, left_cols = k, rows
    else:
        left_w = c.between(ceil_div(k, 64), k)
        left_rows, left_cols = rows, k
    left_blocks = ceil_div(left_cols, left_w)
    f = dict(opd0_addr=matrix(c, dtype, left_rows, left_cols, left_w, style),
             opd1_addr=matrix(c, dtype, k, cols, right_w, style))
    if bias == "vector":
        f["opd2_addr"] = matrix(c, result, 1, cols, right_w, style)
    else:
        f.update(opd2_const=1, opd2_addr=c.constant(result, style) if bias else 0)
    r = matrix(c, result, rows, cols, right_w, style, result=True)
    c.tiu("sMM", tsk_eu_typ=1, left_tran=int(transposed), res_add=int(res_add), opd0_sign=signed(dtype), opd1_sign=signed(dtype),
          opd2_sign=1, res0_prec=code(result), opd0_prec=code(dtype), res0_c=ceil_div(cols, right_w), res0_w=right_w,
          opd0_n=left_rows, opd0_c=left_blocks, opd0_w=left_w, opd1_w=left_cols - (left_blocks - 1) * left_w, res0_addr=r, **f)


def mm_int(c, eu, dtypes, transposed=False):
    """eu 1: to int32; eu 2, 3: with an int16 bias, a right shift and saturation, of 8-bit operands"""
    rows, k, cols = c.between(1, 9), c.between(1, 100), c.between(1, 200)
    left, right, bias = c.pick(*dtypes), c.pick(*dtypes), c.pick("i16", "u16")
    if size(left) != size(right):
        right = left
    result = "i32" if eu == 1 else c.pick("i8", "i16", "i32")
    right_w = c.between(ceil_div(cols, 64), cols)
    shape = (k, rows) if transposed else (rows, k)
    left_w = c.between(ceil_div(shape[1], 64), shape[1])
    blocks = ceil_div(shape[1], left_w)
    f = {"opd1_addr": matrix(c, right, k, cols, right_w)}
    if not transposed and c.chance(0.1):
        f.update(opd0_const=1, opd0_addr=c.constant(left))
    else:
        f["opd0_addr"] = matrix(c, left, *shape, left_w)
    if eu == 1:
        f["opd2_const"] = 1
    else:
        if c.chance(0.3):
            f.update(opd2_const=1, opd2_addr=c.constant(bias))
        else:
            f["opd2_addr"] = matrix(c, bias, 1, cols, right_w)
        add = result == "i16" and c.chance(0.5)
        f.update(opd3_addr=c.between(0, 20) << 8 | (c.between(0, 8) if add else 0), res_add=int(add), opd2_n_str=c.between(0, 6))
    c.tiu("sMM", tsk_eu_typ=eu, left_tran=int(transposed), opd0_sign=signed(left), opd1_sign=signed(right), opd2_sign=signed(bias),
          res0_prec=code(result), opd0_prec=code(left), res0_c=ceil_div(cols, right_w), res0_w=right_w, opd0_n=shape[0], opd0_c=blocks,
          opd0_w=left_w, opd1_w=shape[1] - (blocks - 1) * left_w, res0_addr=matrix(c, result, rows, cols, right_w, result=True), **f)


def mm2(c, eu, dtype, result, res_add=False, zero_point=None):
    m, k, n = (c.pick(1, 2, 17, 64, 65, c.between(1, 90)) for _ in range(3))
    right_dtype = c.pick("i8", "u8") if size(dtype) == 1 else dtype
    style = None if size(dtype) == 1 else accumulation_style(c)
    left = (k, m) if eu == 6 else (m, k)
    right = (k, n) if eu == 4 else (n, k)
    out = (n, m) if eu == 6 else (m, n)
    lay = lambda shape, t, **more: c.local(t, (1, shape[0], 1, shape[1]), ALIGNED, 0, style=style, **more).addr
    f = dict(opd2_const=int(size(dtype) == 1 or c.chance(0.5)))      # floats have no third operand
    const = c.rng.rand()
    for operand, t, shape, low in (("opd0", dtype, left, 0), ("opd1", right_dtype, right, 0.1)):
        if low <= const < low + 0.1:
            f.update({f"{operand}_const": 1, f"{operand}_addr": c.constant(t, style)})
        else:
            f[f"{operand}_addr"] = lay(shape, t)
    if zero_point == "constant":
        f["opd2_addr"] = c.constant("i8")
    elif zero_point == "vector":
        if eu == 6:
            f.update(opd2_const=0, opd2_addr=c.local("i8", (1, n, 1, 1), COMPACT, 0).addr)
        else:
            words = c.rng.randint(0, 256, n).astype("u1")
            f.update(opd2_const=0, opd2_addr=c.local_block("i8", 0, 64, n, data=[words] * 64))
    c.tiu("sMM2", tsk_eu_typ=eu, opd0_sign=signed(dtype), opd1_sign=signed(right_dtype), res0_prec=code(result), opd0_prec=code(dtype),
          res_add=int(res_add), opd1_c=right[0], opd1_w=right[1], res0_c=out[0], res0_w=out[1],
          res0_addr=lay(out, result, result=True, any_nan=True), **f)


def forms():
    yield "mm.f32", partial(mm, dtype="f32")
    yield "mm.bias.f32", partial(mm, dtype="f32", bias="vector")
    yield "mm.bias_constant.f32", partial(mm, dtype="f32", bias="constant")
    yield "mm.res_add.f32", partial(mm, dtype="f32", bias="vector", res_add=True)
    yield "mm.transposed.f32", partial(mm, dtype="f32", transposed=True)
    for bits in (8, 16, 32):
        yield f"mm.int{bits}", partial(mm_int, eu=1, dtypes=(f"i{bits}", f"u{bits}"))
        yield f"mm.transposed.int{bits}", partial(mm_int, eu=1, dtypes=(f"i{bits}", f"u{bits}"), transposed=True)
    yield "mm.requant", partial(mm_int, eu=2, dtypes=("i8", "u8"))
    yield "mm.requant_relu", partial(mm_int, eu=3, dtypes=("i8", "u8"))
    for eu, name in ((4, "nn"), (5, "nt"), (6, "tt")):
        for dtype in ("f16", "bf16"):
            for result in (dtype, "f32"):
                yield f"mm2.{name}.{dtype}_{result}", partial(mm2, eu=eu, dtype=dtype, result=result)
            yield f"mm2.{name}.res_add.{dtype}_f32", partial(mm2, eu=eu, dtype=dtype, result="f32", res_add=True)
        for dtype in ("i8", "u8"):
            yield f"mm2.{name}.{dtype}_i32", partial(mm2, eu=eu, dtype=dtype, result="i32", zero_point="constant")
        yield f"mm2.{name}.res_add.i8_i32", partial(mm2, eu=eu, dtype="i8", result="i32", res_add=True)
        yield f"mm2.{name}.zero_points.i8_i32", partial(mm2, eu=eu, dtype="i8", result="i32", zero_point="vector")
