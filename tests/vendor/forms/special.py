# SPDX-License-Identifier: Apache-2.0
"""SFU and LIN (docs/isa/bm1684x.md c.7, c.8)"""
from functools import partial

from case import ALIGNED, COMPACT, FLOATS, code, size


def emit(c, format_name, result, shape, lane, **fields):
    n, ch, h, w = shape
    r = c.local(result, shape, ALIGNED, lane, result=True)
    c.tiu(format_name, res0_prec=code(result), res0_n=n, res0_c=ch, res0_h=h, res0_w=w, res0_addr=r.addr, **fields)


def taylor(c, dtype, eu):
    shape, lane, count = c.shape(), c.lane(), c.between(2, 32)     # one coefficient is refused
    coefficients = c.local(dtype, (1, 64, 1, count), ALIGNED, 0, style=c.pick("normal", "mixed"))
    x = c.local(dtype, shape, ALIGNED, lane)
    emit(c, "sSFU", dtype, shape, lane, tsk_eu_typ=eu, opd0_prec=code(dtype), opd0_addr=x.addr, opd1_addr=coefficients.addr, opd1_n=count,
         opd2_n_str=c.between(0, 3))


def normalize(c, dtype, exponent):
    shape, lane = c.shape(), c.lane()
    x = c.local(dtype, shape, ALIGNED, lane, style=c.pick(None, "bits"))
    result = {4: "i32", 2: "i16"}[size(dtype)] if exponent else dtype
    emit(c, "sSFU", result, shape, lane, tsk_eu_typ=15, opd0_prec=code(dtype), opd0_addr=x.addr)


def rsqrt(c):
    shape, lane = c.shape(), c.lane()
    x = c.local("f32", shape, ALIGNED, lane)
    emit(c, "sSFU", "f32", shape, lane, tsk_eu_typ=17, opd0_prec=code("f32"), opd0_addr=x.addr, opd2_n_str=c.pick(2, 2, c.between(0, 3)))


def linear(c, eu, dtype):
    shape, lane = c.shape(), c.lane()
    f = {"opd0_addr": c.local(dtype, shape, ALIGNED, lane).addr}
    for k in ("opd1", "opd2") if eu == 1 else ("opd1",):
        if c.chance(0.4):
            f.update({f"{k}_const": 1, f"{k}_addr": c.constant(dtype)})
        else:
            f[f"{k}_addr"] = c.local(dtype, (1, shape[1], 1, 1), COMPACT, lane).addr
    emit(c, "sLIN", dtype, shape, lane, tsk_eu_typ=eu, **f)


def forms():
    for dtype in FLOATS:
        yield f"sfu.taylor.{dtype}", partial(taylor, dtype=dtype, eu=12)
        yield f"sfu.taylor_4x.{dtype}", partial(taylor, dtype=dtype, eu=13)
        yield f"sfu.normalize.{dtype}", partial(normalize, dtype=dtype, exponent=False)
        yield f"sfu.exponent.{dtype}", partial(normalize, dtype=dtype, exponent=True)
        for eu, name in ((1, "mac"), (20, "square_sum"), (21, "square_difference")):
            yield f"lin.{name}.{dtype}", partial(linear, eu=eu, dtype=dtype)
    yield "sfu.rsqrt.f32", rsqrt
