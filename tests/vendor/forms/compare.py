# SPDX-License-Identifier: Apache-2.0
"""CMP and VC (docs/isa/bm1684x.md c.9, c.12)"""
from functools import partial

from case import ALIGNED, FLOATS, INTS, STRIDED, ceil_div, code, signed, size


VC_FLOAT = {0: "mul", 2: "add", 3: "sub", 4: "max", 5: "min", 10: "select_gt", 11: "select_eq", 13: "select_lt"}
VC_MIXED = {0: "mul", 2: "add", 3: "sub", 15: "adds", 16: "subs", 20: "muls", 23: "double_high"}
VC_INT = {4: "max", 5: "min", 7: "and", 8: "or", 9: "xor", 10: "select_gt", 11: "select_eq", 13: "select_lt", **VC_MIXED}


def operand(c, prefix, dtype, shape, lane, style, scalar=False):
    if c.chance(0.3):
        return {f"{prefix}_const": 1, f"{prefix}_addr": c.constant(dtype, style)}
    if scalar and c.chance(0.25):
        x = c.local(dtype, shape, STRIDED, lane, (0, 1, 0, 0), style)   # one value per channel, compact
        return {f"{prefix}_addr": x.addr, f"{prefix}_str": STRIDED}
    return {f"{prefix}_addr": c.local(dtype, shape, ALIGNED, lane, style=style).addr}


def compare(c, eu, dtypes):
    shape, lane = c.shape(), c.lane()
    data = c.pick(*dtypes)
    chosen = data if c.chance(0.6) else c.pick(*[t for t in (*FLOATS, *INTS) if size(t) <= size(data)])
    style = c.pick(None, "mixed") if data in FLOATS else c.pick(None, "small")
    n, ch, h, w = shape
    f = {**operand(c, "opd0", data, shape, lane, style, True), **operand(c, "opd1", data, shape, lane, style, True),
         **operand(c, "opd2", chosen, shape, lane, None), **operand(c, "opd3", chosen, shape, lane, None)}
    if eu in (22, 25):
        f["res0_addr"] = c.local(data, shape, ALIGNED, lane, result=True).addr
        f["res1_addr"] = c.local(chosen, shape, ALIGNED, lane, result=True).addr
    else:
        f["res0_addr"] = c.local(chosen, shape, ALIGNED, lane, result=True).addr
    c.tiu("sCMP", tsk_eu_typ=eu, opd0_prec=code(data), opd2_prec=code(chosen), opd0_sign=signed(data), res0_n=n, res0_c=ch, res0_h=h, res0_w=w, **f)


def outer(c, eu, dtypes, mixed=False):
    """mixed: operands and result of different integer types"""
    a_type = c.pick(*dtypes)
    b_type, result = (c.pick(*dtypes), c.pick(*dtypes)) if mixed else (a_type, a_type)
    rows, cols = c.between(1, 40), c.between(1, 120)
    left_w, right_w = c.between(ceil_div(rows, 64), rows), c.between(ceil_div(cols, 64), cols)
    blocks, right_blocks = ceil_div(rows, left_w), ceil_div(cols, right_w)
    style = c.pick(None, "small" if a_type in INTS else "mixed")
    a = c.local(a_type, (1, blocks, 1, left_w), ALIGNED, c.lane(), style=style)
    b = c.local(b_type, (1, right_blocks, 1, right_w), ALIGNED, c.lane(), style=style)
    r = c.local(result, (rows, right_blocks, 1, right_w), ALIGNED, c.lane(), result=True)
    f = {"opd2_addr": c.constant(result)} if eu in (10, 11, 13) else {"opd2_n_str": c.between(0, 6)} if eu == 23 else {"opd2_n_str": 2} if eu == 12 else {}
    c.tiu("sVC", tsk_eu_typ=eu, opd0_sign=signed(a_type), opd1_sign=signed(b_type), res0_prec=code(result), opd0_prec=code(a_type),
          opd1_prec=code(b_type), res0_addr=r.addr, opd0_addr=a.addr, opd1_addr=b.addr, res0_c=right_blocks,
          res0_w=right_w, opd0_c=blocks, opd0_w=left_w, opd1_w=rows - (blocks - 1) * left_w, **f)


def forms():
    for eu, name in ((22, "max_select"), (23, "select_gt"), (24, "select_eq"), (25, "min_select"), (26, "select_lt")):
        for dtype in FLOATS:
            yield f"cmp.{name}.{dtype}", partial(compare, eu=eu, dtypes=[dtype])
        yield f"cmp.{name}.int", partial(compare, eu=eu, dtypes=INTS)
    for dtype in FLOATS:
        for eu, name in VC_FLOAT.items():
            yield f"vc.{name}.{dtype}", partial(outer, eu=eu, dtypes=[dtype])
    yield "vc.div.f32", partial(outer, eu=12, dtypes=["f32"])
    for eu, name in VC_INT.items():
        yield f"vc.{name}.int", partial(outer, eu=eu, dtypes=INTS, mixed=eu in VC_MIXED)
