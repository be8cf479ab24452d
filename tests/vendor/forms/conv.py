# SPDX-License-Identifier: Apache-2.0
"""CONV (docs/isa/bm1684x.md c.2): geometry shared with depthwise and pooling, nIC weights, biases, accumulation"""
from functools import partial

import numpy as np

from case import ALIGNED, COMPACT, LANES, SCALAR, STRIDED, ceil_div, code, round_up, signed, size, values
from forms.requant import HALF_UP, draw_int, table, zero_point

CUBE = {1: 64, 2: 32, 4: 1}     # input channels side by side in a weight cube, by element size


class Geometry:
    """a random window over [h, w]: kernel, stride, dilation, inserted zeros and pads with at least one output"""

    def __init__(self, c, plain=False, max_kernel=5, pads=True):
        while True:
            self.kernel = [c.pick(1, 2, 3, 3, c.between(1, max_kernel)) for _ in "hw"]
            self.stride = [c.pick(1, 1, 2, 3, c.between(1, 15)) for _ in "hw"]
            self.dilation = [c.pick(1, 1, 1, 2, 3, 3, c.between(1, 16)) for _ in "hw"]
            self.insert = [0 if plain else c.pick(0, 0, 0, 0, 1, 2, c.between(0, 15)) for _ in "hw"]
            self.pad = [c.pick(0, 0, 1, 1, c.between(0, 4), c.between(0, 15)) if pads else 0 for _ in "udlr"]
            self.input = [c.between(1, 12), c.between(1, 20)]
            spread = [(x - 1) * (i + 1) + 1 + p + q
                      for x, i, p, q in zip(self.input, self.insert, self.pad[::2], self.pad[1::2])]
            reach = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation)]
            self.output = [(s - r) // t + 1 if s >= r else 0 for s, r, t in zip(spread, reach, self.stride)]
            if min(self.output) > 0:
                return

    def fields(self):
        up, down, left, right = self.pad
        return dict(opd0_up_pad=up, opd0_dn_pad=down, opd0_lf_pad=left, opd0_rt_pad=right, res_op_y_str=self.stride[0],
                    res_op_x_str=self.stride[1], opd1_y_ins0=self.dilation[0] - 1, opd1_x_ins0=self.dilation[1] - 1,
                    opd0_y_ins0=self.insert[0], opd0_x_ins0=self.insert[1], opd1_h=self.kernel[0], opd1_w=self.kernel[1],
                    opd0_h=self.input[0], opd0_w=self.input[1], res0_h=self.output[0], res0_w=self.output[1])


def weights(c, dtype, oc, ic, kernel, lane, style):
    """local address of random nIC weights; the pad channels of the last cube are zero"""
    cube = CUBE[size(dtype)]
    cubes, taps = ceil_div(ic, cube), kernel[0] * kernel[1]
    groups, rows = ceil_div(oc + lane, LANES), min(oc, LANES)
    x = values(c.rng, dtype, rows * groups * cubes * taps * cube, style).reshape(rows, groups, cubes, taps, cube)
    if ic % cube:
        x[:, :, -1, :, ic % cube:] = 0
    return c.local_block(dtype, lane, rows, groups * cubes * taps * cube, data=x)


def input_operand(c, dtype, shape, lane, style):
    if c.chance(0.7):
        x = c.local(dtype, shape, ALIGNED, lane, style=style)
        return {"opd0_addr": x.addr}
    n, ch, h, w = shape
    ws = c.pick(1, 1, 2, 3)
    hs = w * ws + c.pick(0, 3)
    cs = h * hs + c.pick(0, 5)
    x = c.local(dtype, shape, STRIDED, lane, (ceil_div(ch + lane, LANES) * cs, cs, hs, ws), style)
    return {"opd0_addr": x.addr, "opd0_str": STRIDED, **{f"opd0_{k}_str": s for k, s in zip("nchw", x.strides)}}


def accumulation_style(c):
    return c.pick("normal", "normal", "scaled", "mixed", "bits" if c.chance(0.2) else "normal")


def inside(c, pad_mode):
    """a geometry for pads that come from the image: reflection and wrapping read inside of it"""
    while True:
        g = Geometry(c, plain=True)
        if not pad_mode or all(p < x for p, x in zip(g.pad, np.repeat(g.input, 2))):
            return g


def pad_value(c, dtype, channels, lane, style, g):
    """fields of the value in the pads: an immediate, or the first element of each channel's two (the second one goes
    between neighbours, where elements are inserted)"""
    if g.insert == [0, 0] and c.chance(0.3):
        return {"opd3_addr": c.local(dtype, (1, channels, 1, 2), COMPACT, lane, style=style).addr}
    return {"opd3_const": 1, "opd3_addr": 0 if c.chance(0.5) else c.constant(dtype, style)}


def convolution(c, dtype, result, bias=None, res_add=False, pad_mode=0, in_dtype=None, eu=0):
    """bias: None for an immediate 0, "constant" or "vector" (for integers: the zero point of the kernel).
    eu 1, 2 (8 bits): an int16 bias, and a right shift in the place of the pad value"""
    g = inside(c, pad_mode) if pad_mode else Geometry(c)
    n, oc = c.pick(1, 1, 2), c.channels()
    ic = c.pick(1, 3, 31, 32, 33, 64, 65, c.between(1, 100)) if size(dtype) < 4 else c.pick(1, 2, 5, 16, 65)
    lane, in_lane = c.lane(), c.lane()
    style = None if size(dtype) == 1 else accumulation_style(c)
    in_dtype = in_dtype or dtype
    result = c.pick(*result) if isinstance(result, tuple) else result
    f = {**g.fields(), **input_operand(c, in_dtype, (n, ic, *g.input), in_lane, style)}
    if c.chance(0.05):
        f.update(opd1_const=1, opd1_addr=c.constant(dtype, style))
    else:
        f["opd1_addr"] = weights(c, dtype, oc, ic, g.kernel, lane, style)
    opd2 = "f32" if size(dtype) > 1 else c.pick("i16", "u16") if eu else c.pick("i8", "u8")
    if bias == "vector":
        f["opd2_addr"] = c.local(opd2, (1, oc, 1, 1), COMPACT, lane, style=style).addr
    else:
        f.update(opd2_const=1, opd2_addr=c.constant(opd2, style) if bias else 0)
    if eu:
        f.update(opd3_const=1, opd3_addr=c.between(0, 20))
    else:
        f.update(pad_value(c, in_dtype, ic, in_lane, style, g))
    r = c.local(result, (n, oc, *g.output), ALIGNED, lane, result=True, style=style, any_nan=True)
    c.tiu("sCONV", tsk_eu_typ=eu, res0_prec=code(result), opd0_prec=code(dtype), opd0_sign=signed(in_dtype), opd1_sign=signed(dtype),
          opd2_sign=signed(opd2), pad_mode=pad_mode, kernel_rotate=c.pick(0, 0, 1), res_add=int(res_add), opd0_c=ic,
          res0_n=n, res0_c=oc, res0_addr=r.addr, **f)


def chain(c, dtype):
    """input channels cut at a multiple of 32: bias in the first instruction, res_add into f32 in the second, as the
    compiler splits a reduction"""
    n, oc, h, w = 1, c.channels(), c.between(1, 6), c.between(1, 12)
    parts = [32 * c.between(1, 2), c.between(1, 70)]
    lane, style = 0, accumulation_style(c)
    r = c.local("f32", (n, oc, h, w), ALIGNED, lane, result=True)
    bias = c.local("f32", (1, oc, 1, 1), COMPACT, lane, style=style)
    for i, ic in enumerate(parts):
        x = c.local(dtype, (n, ic, h, w), ALIGNED, 0, style=style)
        opd2 = {"opd2_addr": bias.addr} if i == 0 else {"opd2_const": 1}
        c.tiu("sCONV", res0_prec=code("f32"), opd0_prec=code(dtype), opd0_addr=x.addr, opd0_c=ic, opd0_h=h, opd0_w=w,
              opd1_addr=weights(c, dtype, oc, ic, (1, 1), lane, style), opd1_h=1, opd1_w=1, opd3_const=1, res_op_x_str=1,
              res_op_y_str=1, res_add=i, res0_n=n, res0_c=oc, res0_h=h, res0_w=w, res0_addr=r.addr, **opd2)


def requantised(c, dtype, result):
    """a layer of 8 bits as the compiler makes it: the sum starts from a bias of each channel, pads hold the zero point of
    the input, input channels are cut at a multiple of 64 at times, a table turns sums into 8 bits"""
    n, oc, parts = 1, c.channels(), c.pick([c.between(1, 70)], [64, c.between(1, 70)])
    g = Geometry(c, max_kernel=3)
    pad = c.between(-128, 127) & 0xFF if g.insert == [0, 0] and signed(dtype) else 0
    r = c.local("i32", (n, oc, *g.output), ALIGNED, 0, result=True)
    bias = c.local("i32", (1, oc, 1, 1), COMPACT, 0, data=c.rng.randint(-30000, 30000, channel_words(oc)).astype(np.int32).view(np.uint32))
    size_fields = dict(res0_n=n, res0_c=oc, res0_h=g.output[0], res0_w=g.output[1])
    c.tiu("sAR", tsk_eu_typ=19, tsk_opd_num=1, res0_prec=code("i32"), opd0_prec=code("i32"), opd0_sign=1, opd0_str=SCALAR,
          opd0_addr=bias.addr, res0_addr=r.addr, **size_fields)
    for ic in parts:
        x = c.local(dtype, (n, ic, *g.input), ALIGNED, 0)
        c.tiu("sCONV", res0_prec=code("i32"), opd0_sign=signed(dtype), opd1_sign=1, opd2_sign=1, opd2_const=1, opd3_const=1,
              opd3_addr=pad, opd0_addr=x.addr, opd0_c=ic, opd1_addr=weights(c, "i8", oc, ic, g.kernel, 0, None), res_add=1,
              res0_addr=r.addr, **{**g.fields(), **size_fields})
    columns = (draw_int(c, 1 << 30, (1 << 31) - 1), draw_int(c, -46, -34), draw_int(c, *zero_point(result)))
    y = c.local(result, (n, oc, *g.output), ALIGNED, 0, result=True)
    c.tiu("sRQ_sDQ", tsk_eu_typ=1, opd0_sign=1, opd2_sign=signed(result), res0_prec=code(result), opd0_prec=code("i32"),
          opd2_n_str=HALF_UP, res0_addr=y.addr, opd0_addr=r.addr, opd1_addr=table(c, oc, 0, *columns), **size_fields)


def channel_words(channels):
    """elements of a compact [1, C, 1, 1] block from lane 0 on, all lanes"""
    return min(channels, LANES) * ceil_div(channels, LANES)


def forms():
    for dtype in ("f32", "f16", "bf16"):
        yield f"conv.{dtype}", partial(convolution, dtype=dtype, result=dtype)
        yield f"conv.bias.{dtype}", partial(convolution, dtype=dtype, result=dtype, bias="vector")
        yield f"conv.bias_constant.{dtype}", partial(convolution, dtype=dtype, result=dtype, bias="constant")
        yield f"conv.res_add.{dtype}_f32", partial(convolution, dtype=dtype, result="f32", res_add=True)
        yield f"conv.bias_res_add.{dtype}_f32", partial(convolution, dtype=dtype, result="f32", bias="vector", res_add=True)
        for mode, name in ((1, "reflect"), (2, "edge"), (3, "circular")):
            yield f"conv.pad_{name}.{dtype}", partial(convolution, dtype=dtype, result=dtype, bias="vector", pad_mode=mode)
    for dtype in ("f16", "bf16"):
        yield f"conv.{dtype}_f32", partial(convolution, dtype=dtype, result="f32")
        yield f"conv.bias.{dtype}_f32", partial(convolution, dtype=dtype, result="f32", bias="vector")
        yield f"conv.chain.{dtype}_f32", partial(chain, dtype=dtype)
    for a in ("i8", "u8"):
        for b in ("i8", "u8"):
            yield f"conv.{a}_{b}", partial(convolution, in_dtype=a, dtype=b, result="i32", bias="constant")
            yield f"conv.zero_points.{a}_{b}", partial(convolution, in_dtype=a, dtype=b, result="i32", bias="vector")
            yield f"conv.res_add.{a}_{b}", partial(convolution, in_dtype=a, dtype=b, result="i32", bias="constant", res_add=True)
            for bias, name in ((None, "narrow"), ("constant", "narrow_zero_point"), ("vector", "narrow_zero_points")):
                yield f"conv.{name}.{a}_{b}", partial(convolution, in_dtype=a, dtype=b, result=("i8", "i16"), bias=bias)
            for eu, name in ((1, "requant"), (2, "requant_relu")):
                yield f"conv.{name}.{a}_{b}", partial(convolution, in_dtype=a, dtype=b, result=("i8", "i16", "i32"), bias="vector", eu=eu)
    for a in ("i8", "u8"):
        for r in ("i8", "u8"):
            yield f"conv.requantised.{a}_{r}", partial(requantised, dtype=a, result=r)
    yield "conv.requant_constant", partial(convolution, dtype="i8", result=("i8", "i16", "i32"), bias="constant", eu=1)
    yield "conv.requant_res_add", partial(convolution, dtype="i8", result="i32", bias="vector", res_add=True, eu=1)
    yield "conv.requant_relu_res_add", partial(convolution, dtype="i8", result="i32", bias="vector", res_add=True, eu=2)
    for mode, name in ((1, "reflect"), (2, "edge"), (3, "circular")):
        yield f"conv.pad_{name}.int", partial(convolution, dtype="i8", in_dtype="u8", result="i32", bias="vector", pad_mode=mode)
