# SPDX-License-Identifier: Apache-2.0
"""PorD: depthwise convolution and pooling (docs/isa/bm1684x.md c.3)"""
from functools import partial

from case import ALIGNED, COMPACT, as_bits, code, signed, size
from forms.conv import Geometry, accumulation_style, inside, pad_value

LOWEST = {"i8": 0x80, "u8": 0, "f16": 0xFBFF, "bf16": 0xFF7F, "f32": 0xFF7FFFFF}


def emit(c, eu, dtype, result, g, n, ch, lane, style, **fields):
    x = c.local(dtype, (n, ch, *g.input), ALIGNED, lane, style=style)
    r = c.local(result, (n, ch, *g.output), ALIGNED, lane, result=True, any_nan=eu != 4)
    c.tiu("sPorD", tsk_eu_typ=eu, res0_prec=code(result), opd0_prec=code(dtype), opd0_sign=signed(dtype), res0_n=n, res0_c=ch,
          opd0_addr=x.addr, res0_addr=r.addr, **g.fields(), **fields)


def depthwise(c, dtype, eu=0, bias=True, weight_dtype=None, pad_mode=0, narrow=False):
    g, n, ch, lane = inside(c, pad_mode) if pad_mode else Geometry(c), c.pick(1, 1, 2), c.channels(), c.lane()
    weight_dtype = weight_dtype or dtype
    style = None if size(dtype) == 1 else accumulation_style(c)
    f = {"opd1_sign": signed(weight_dtype), "opd2_sign": 1, "kernel_rotate": c.pick(0, 0, 1), "pad_mode": pad_mode,
         **pad_value(c, dtype, ch, lane, style, g)}
    if c.chance(0.1):
        f.update(opd1_const=1, opd1_addr=c.constant(weight_dtype, style))
    else:
        f["opd1_addr"] = c.local(weight_dtype, (1, ch, *g.kernel), COMPACT, lane, style=style).addr
    bias_dtype = "i32" if size(dtype) == 1 else dtype
    if bias and c.chance(0.8):
        f["opd2_addr"] = c.local(bias_dtype, (1, ch, 1, 1), COMPACT, lane, style="small" if narrow and c.chance(0.7) else style).addr
    else:
        f.update(opd2_const=1, opd2_addr=c.constant(bias_dtype, style) if bias else 0)
    emit(c, eu, dtype, c.pick("i8", "i16") if narrow else "i32" if size(dtype) == 1 else dtype, g, n, ch, lane, style, **f)


def window_sum(c, dtype):
    """sums of windows for an average: weights of 1, a bias that takes the zero point off, pads that hold it"""
    g, n, ch, lane = undilated(c, 0), c.pick(1, 1, 2), c.channels(), c.lane()
    zero = c.between(-128, 127) if signed(dtype) else 0
    emit(c, 0, dtype, "i32", g, n, ch, lane, None, opd1_sign=1, opd1_const=1, opd1_addr=1, opd2_sign=1, opd2_const=1,
         opd2_addr=-g.kernel[0] * g.kernel[1] * zero & 0xFFFFFFFF, opd3_const=1, opd3_addr=zero & 0xFF)


def long_window(c):
    """one window over a whole row or column, or many short rows, as reductions use it"""
    g = Geometry(c, plain=True, pads=False)
    length = c.pick(c.between(20, 400), c.between(400, 3000))
    other = c.pick(1, 1, 2, 5, 16) if length < 1000 else 1
    g.input, g.kernel, g.output = [length, other], [length, 1], [1, other]
    if c.chance(0.3):
        g.input, g.kernel, g.output = g.input[::-1], g.kernel[::-1], g.output[::-1]
    g.stride = g.dilation = [1, 1]
    return g


def pooling(c, dtype, eu, long=False, pad_mode=0):
    g = long_window(c) if long else undilated(c, pad_mode)
    n, ch, lane = c.pick(1, 1, 2), c.pick(1, 3, 64, 70) if long else c.channels(), c.lane()
    style = None if size(dtype) == 1 else c.pick(None, accumulation_style(c))
    # opd1 of maxima, opd2 of all are not read as operands, whatever their const bits say
    f = {"opd1_const": c.pick(0, 1) if eu == 4 else 1, "opd2_const": c.pick(0, 1), "pad_mode": pad_mode, "opd3_const": 1,
         "opd2_n_str": c.pick(0, 5), "opd1_sign": c.pick(0, 1)}
    if eu == 4 and c.chance(0.5):
        f["opd3_addr"] = LOWEST[dtype]
    else:
        f.update({"opd3_const": 0, **pad_value(c, dtype, ch, lane, style, g)})
    if eu == 4:
        pass
    elif size(dtype) == 1:
        f.update(opd1_addr=c.between(1, 127), opd2_addr=c.between(0, 14), opd2_n_str=c.pick(5, c.between(0, 6)), opd2_sign=1)
    else:
        f["opd1_addr"] = as_bits(c.pick(1.0, 1.0 / (g.kernel[0] * g.kernel[1]), c.rng.randn()), dtype)[0]
    emit(c, eu, dtype, dtype, g, n, ch, lane, style, **f)


def undilated(c, pad_mode):
    while True:
        g = inside(c, pad_mode) if pad_mode else Geometry(c, plain=True, max_kernel=9)
        if g.dilation == [1, 1]:
            return g


def forms():
    for dtype in ("f32", "f16", "bf16"):
        yield f"pord.depthwise.{dtype}", partial(depthwise, dtype=dtype, bias=False)
        yield f"pord.depthwise_bias.{dtype}", partial(depthwise, dtype=dtype)
        yield f"pord.depthwise_relu.{dtype}", partial(depthwise, dtype=dtype, eu=2)
    for a in ("i8", "u8"):
        for b in ("i8", "u8"):
            yield f"pord.depthwise_bias.{a}_{b}", partial(depthwise, dtype=a, weight_dtype=b)
            yield f"pord.depthwise_relu.{a}_{b}", partial(depthwise, dtype=a, weight_dtype=b, eu=2)
            yield f"pord.depthwise_narrow.{a}_{b}", partial(depthwise, dtype=a, weight_dtype=b, narrow=True)
            yield f"pord.depthwise_narrow_relu.{a}_{b}", partial(depthwise, dtype=a, weight_dtype=b, narrow=True, eu=2)
    for dtype in ("i8", "u8"):
        yield f"pord.window_sum.{dtype}", partial(window_sum, dtype=dtype)
    for dtype in ("f32", "f16", "bf16", "i8", "u8"):
        for eu, name in ((1, "average"), (4, "max")):
            yield f"pord.{name}.{dtype}", partial(pooling, dtype=dtype, eu=eu)
            if size(dtype) > 1:
                yield f"pord.{name}_long.{dtype}", partial(pooling, dtype=dtype, eu=eu, long=True)
        for mode, name in ((1, "reflect"), (2, "edge"), (3, "circular")):
            yield f"pord.depthwise_{name}.{dtype}", partial(depthwise, dtype=dtype, pad_mode=mode)
            yield f"pord.average_{name}.{dtype}", partial(pooling, dtype=dtype, eu=1, pad_mode=mode)
            yield f"pord.max_{name}.{dtype}", partial(pooling, dtype=dtype, eu=4, pad_mode=mode)
