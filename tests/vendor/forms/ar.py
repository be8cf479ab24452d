# SPDX-License-Identifier: Apache-2.0
"""AR (docs/isa/bm1684x.md c.1)"""
from functools import partial

import numpy as np

from case import ALIGNED, COMPACT, FLOATS, INTS, SCALAR, STRIDED, as_bits, code, signed, size, values

BINARY = {0: "mul", 2: "add", 3: "sub", 15: "adds", 16: "subs", 20: "muls"}


def layout_fields(prefix, x):
    f = {f"{prefix}_addr": x.addr, f"{prefix}_str": x.layout}
    if x.layout == STRIDED:
        f.update({f"{prefix}_{k}_str": s for k, s in zip("nchw", x.strides)})
    return f


def tensor(c, prefix, dtype, shape, lane, result=False, style=None, data=None):
    layout, strides = c.random_layout(shape, dtype, lane, broadcast=not result)
    return layout_fields(prefix, c.local(dtype, shape, layout, lane, strides, style, data, result))


def source(c, prefix, dtype, shape, lane, constant=0.2, style=None):
    """fields of an operand: a tensor of any layout, or an immediate with probability `constant`"""
    f = {f"{prefix}_prec": code(dtype)}
    if prefix != "opd2":
        f[f"{prefix}_sign"] = signed(dtype)
    if c.chance(constant):
        return {**f, f"{prefix}_const": 1, f"{prefix}_addr": c.constant(dtype, style)}
    return {**f, **tensor(c, prefix, dtype, shape, lane, style=style)}


def emit(c, eu, result_dtype, shape, lane, **fields):
    if "res0_addr" not in fields:
        fields.update(tensor(c, "res0", result_dtype, shape, lane, result=True))
    n, ch, h, w = shape
    c.tiu("sAR", tsk_eu_typ=eu, res0_prec=code(result_dtype), res0_n=n, res0_c=ch, res0_h=h, res0_w=w, **fields)


def float_binary(c, eu, dtype):
    shape, lane = c.shape(), c.lane()
    a = source(c, "opd0", dtype, shape, lane, 0.1)
    b = source(c, "opd1", dtype, shape, lane, 0 if "opd0_const" in a else 0.25)
    emit(c, eu, dtype, shape, lane, tsk_opd_num=2, **a, **b)


def in_place(c, eu, dtype):
    """the result over operand 0, as activations are clamped"""
    shape, lane = c.shape(), c.lane()
    a = c.local(dtype, shape, ALIGNED, lane, result=True)
    b = source(c, "opd1", dtype, shape, lane, 0.5)
    emit(c, eu, dtype, shape, lane, tsk_opd_num=2, res0_addr=a.addr, opd0_addr=a.addr, opd0_prec=code(dtype),
         opd0_sign=1, **b)


# operand and result types that the vendor's compiler or ours uses
BYTES = ("i8", "u8", "i16")
INT_TYPES = {0: [(a, b, "i32") for a in BYTES for b in BYTES], 2: [("i32", "i32", "i32")],
             15: [("i16", "i16", "i8"), ("i16", "i16", "i16"), ("i8", "i16", "i16"), ("i16", "i16", "i32"), ("i32", "i32", "i32"), ("i16", "i32", "i8"), ("i8", "i32", "i8")],
             16: [("i16", "i16", "i8"), ("i8", "i16", "i8")], 3: [("i8", "i8", "i8"), ("i8", "i16", "i16"), ("u8", "i16", "i16")],
             20: [("i16", "i8", "i8"), ("u8", "u16", "u8"), ("u8", "i16", "i8"), ("u8", "u8", "u16"), ("i8", "u8", "i16"), ("u8", "i8", "i8"),
          ("i8", "u8", "i8"), ("i8", "i16", "i8")]}
CASTS = [("i8", "f16"), ("i8", "f32"), ("f32", "i32"), ("i32", "i8"), ("i32", "i16"), ("f32", "i8"), ("f32", "u8"), ("f32", "i16"), ("i16", "i8"), ("i8", "i16")]


def int_binary(c, eu, types=None):
    shape, lane = c.shape(), c.lane()
    ta, tb, tr = types or (c.pick(*INTS), c.pick(*INTS), c.pick(*INTS))
    a = source(c, "opd0", ta, shape, lane, 0.1)
    b = source(c, "opd1", tb, shape, lane, 0 if "opd0_const" in a else 0.25)
    extra = {"tsk_opd_num": 2}
    if c.chance(0.7):
        amount = c.rng.randint(-32, 32, 200).astype(np.int8).view(np.uint8)
        extra = {"tsk_opd_num": 3, "opd2_n_str": c.pick(1, 5, c.between(0, 6)), "opd2_sign": 1}
        if c.chance(0.5):
            extra.update(opd2_const=1, opd2_addr=int(amount[0]))
        else:
            data = c.rng.randint(-32, 32, shift_words(shape, lane)).astype(np.int8).view(np.uint8)
            extra["opd2_addr"] = c.local("i8", (1, shape[1], 1, 1), COMPACT, lane, data=data).addr
    emit(c, eu, tr, shape, lane, **extra, **a, **b)


def power_of_two(c):
    """(i + 127) << 23, the bits of 2^i: a step of exp"""
    shape, lane = c.shape(), c.lane()
    emit(c, 15, "i32", shape, lane, tsk_opd_num=3, opd1_prec=code("i16"), opd1_sign=1, opd1_const=1, opd1_addr=127, opd2_const=1,
         opd2_addr=23, opd2_sign=1, **source(c, "opd0", "i16", shape, lane, 0, c.pick("small", None)))


def inverse_power_of_two(c):
    """(254 - n) << 23, the bits of 2^(127 - n): a step of log"""
    shape, lane = c.shape(), c.lane()
    emit(c, 16, "i32", shape, lane, tsk_opd_num=3, opd0_prec=code("i32"), opd0_sign=1, opd0_const=1, opd0_addr=254, opd2_const=1,
         opd2_addr=23, opd2_sign=1, **source(c, "opd1", "i32", shape, lane, 0, c.pick("small", None)))


def shift_words(shape, lane):
    """elements of a compact [1, C, 1, 1] block, all lanes"""
    return min(shape[1], 64) * -(-(shape[1] + lane) // 64)


def logic(c, eu):
    shape, lane = c.shape(), c.lane()
    dtype = c.pick(*INTS)
    a = source(c, "opd0", dtype, shape, lane, 0)
    if eu == 1:
        return emit(c, eu, dtype, shape, lane, tsk_opd_num=1, **a)
    emit(c, eu, dtype, shape, lane, tsk_opd_num=2, **a, **source(c, "opd1", dtype, shape, lane, 0.25))


def shift(c, eu):
    """logic, arithmetic, circular shift by a signed tensor or immediate; amounts of 32 and more lose multiples of 32"""
    shape, lane = c.shape(), c.lane()
    dtype = c.pick(*INTS)
    amount = c.pick(*[t for t in ("i8", "i16", "i32") if eu != 22 or size(t) <= size(dtype)])
    reach = c.pick(8 * size(dtype) - 1, 127)
    a = source(c, "opd0", dtype, shape, lane, 0)
    draw = lambda count: c.rng.randint(-reach, reach + 1, count).astype(f"i{size(amount)}").view(f"u{size(amount)}")
    if c.chance(0.4):
        b = {"opd1_const": 1, "opd1_addr": int(draw(1)[0])}
    else:
        layout, strides = c.random_layout(shape, amount, lane)
        probe = c.local(amount, shape, layout, lane, strides)
        b = layout_fields("opd1", c.local(amount, shape, layout, lane, strides, data=draw(probe.rows * probe.words)))
    result = dtype if eu == 22 else c.pick(dtype, *INTS)
    emit(c, eu, result, shape, lane, tsk_opd_num=2, opd2_n_str=c.between(0, 6), opd1_prec=code(amount), opd1_sign=1, **a, **b)


def int_minmax(c, eu, dtypes):
    shape, lane = c.shape(), c.lane()
    dtype = c.pick(*dtypes)
    emit(c, eu, dtype, shape, lane, tsk_opd_num=2, **source(c, "opd0", dtype, shape, lane, 0),
         **source(c, "opd1", dtype, shape, lane, 0.25))


def select(c, eu, dtype):
    """a against b; the chosen value may have another type, and is an immediate whatever opd2_const says"""
    shape, lane = c.shape(), c.lane()
    dtype = dtype or c.pick(*INTS)
    tr = c.pick(dtype, *[t for t in (*FLOATS, *INTS) if size(t) <= size(dtype)])   # a wider one is refused
    style = c.pick(None, None, "small" if dtype in INTS else "mixed")
    a = source(c, "opd0", dtype, shape, lane, 0, style)
    b = source(c, "opd1", dtype, shape, lane, 0.25, style)
    const = c.pick(1, 1, 0)            # 0: the value is an address, too, which the vendor's simulator checks
    emit(c, eu, tr, shape, lane, tsk_opd_num=3, opd2_prec=code(tr), opd2_sign=signed(tr), opd2_const=const,
         opd2_addr=c.constant(tr) & (-1 if const else -4 & 0xFFFF), **a, **b)


def divide(c):
    shape, lane = c.shape(), c.lane()
    a = source(c, "opd0", "f32", shape, lane, 0.3)
    b = source(c, "opd1", "f32", shape, lane, 0 if "opd0_const" in a else 0.25)
    emit(c, 12, "f32", shape, lane, tsk_opd_num=2, opd2_n_str=c.pick(2, 2, 2, 0, 1, 3), **a, **b)


def cast(c, ta, tr, modes):
    shape, lane = c.shape(), c.lane()
    ta, tr = c.pick(*ta), c.pick(*tr)
    emit(c, 14, tr, shape, lane, tsk_opd_num=1, opd2_n_str=c.pick(*modes), opd2_sign=signed(tr),
         **source(c, "opd0", ta, shape, lane, 0))


def cast_to_int(c, ta, tr=None):
    """values around the range of the destination, so that rounding and saturation both occur"""
    shape, lane = c.shape(), c.lane()
    tr = tr or c.pick(*INTS)
    layout, strides = c.random_layout(shape, ta, lane)
    probe = c.local(ta, shape, layout, lane, strides)
    count = probe.rows * probe.words
    x = values(c.rng, ta, count, "mixed")
    reach = np.float32(2.0) ** c.between(2, 8 * size(tr))
    near = as_bits((np.round(c.rng.uniform(-1, 1, count) * reach * 2) / 2).astype(np.float32), ta)
    x = np.where(c.rng.rand(count) < 0.7, near, x).astype(x.dtype)
    a = c.local(ta, shape, layout, lane, strides, data=x)
    emit(c, 14, tr, shape, lane, tsk_opd_num=1, opd2_n_str=c.between(0, 4), opd2_sign=signed(tr), opd0_prec=code(ta), opd0_sign=1,
         **layout_fields("opd0", a))


def round_to_integral(c, dtype):
    shape, lane = c.shape(), c.lane()
    emit(c, 14, dtype, shape, lane, tsk_opd_num=1, opd2_n_str=c.between(0, 4), opd2_sign=1, **source(c, "opd0", dtype, shape, lane, 0))


def mac(c, dtype):
    shape, lane = c.shape(), c.lane()
    if dtype == "f32":
        r = c.local("f32", shape, ALIGNED, lane, result=True)
        return emit(c, 18, "f32", shape, lane, res0_addr=r.addr, tsk_opd_num=2, **source(c, "opd0", "f32", shape, lane, 0),
                    **source(c, "opd1", "f32", shape, lane, 0.2))
    ta, tb = c.pick("i8", "u8"), c.pick("i8", "u8")
    tr = "i16" if "i8" in (ta, tb) else "u16"
    r = c.local(tr, shape, ALIGNED, lane, result=True)
    emit(c, 18, tr, shape, lane, res0_addr=r.addr, tsk_opd_num=3, opd2_const=c.pick(1, 1, 0), opd2_addr=c.between(0, 7) | c.between(0, 12) << 8,
         opd2_n_str=c.between(0, 6), **source(c, "opd0", ta, shape, lane, 0), **source(c, "opd1", tb, shape, lane, 0.2))


def unary(c, eu, dtypes):
    shape, lane = c.shape(), c.lane()
    dtype = c.pick(*dtypes)
    emit(c, eu, dtype, shape, lane, tsk_opd_num=1, **source(c, "opd0", dtype, shape, lane, 0))


def copy(c, dtypes):
    shape, lane = c.shape(), c.lane()
    dtype = c.pick(*dtypes)
    emit(c, 19, dtype, shape, lane, tsk_opd_num=1, **source(c, "opd0", dtype, shape, lane, 0.3))


def copy_between_words(c, dtype):
    """rows and columns that are picked from inside tensors start at any element"""
    shape, lane = c.shape(), c.lane()
    fields = {"opd0_prec": code(dtype), "opd0_sign": 1}
    for prefix in ("opd0", "res0"):
        n, ch, h, w = shape
        ws = c.pick(1, 1, 2, 3)
        hs = w * ws + c.between(0, 5)
        cs = h * hs + c.between(0, 5)
        strides = [-(-(ch + lane) // 64) * cs, cs, hs, ws]
        if prefix == "opd0":
            strides[2:] = [0 if c.chance(0.2) else s for s in strides[2:]]
        offset = c.between(0, 63)
        words = offset + 1 + sum((k - 1) * s for k, s in zip((n, -(-(ch + lane) // 64), h, w), strides))
        addr = c.local_block(dtype, lane, min(ch, 64), words, result=prefix == "res0")
        fields.update({f"{prefix}_addr": addr + offset * size(dtype), f"{prefix}_str": STRIDED})
        fields.update({f"{prefix}_{k}_str": s for k, s in zip("nchw", strides)})
    emit(c, 19, dtype, shape, lane, tsk_opd_num=1, **fields)


def fill_channels(c, dtype):
    """one value per channel to all of its elements, as sums start from biases"""
    shape, lane = c.shape(), c.lane()
    values_of_channels = c.local(dtype, (1, shape[1], 1, 1), SCALAR, lane)
    r = c.local(dtype, shape, ALIGNED, lane, result=True)
    emit(c, 19, dtype, shape, lane, tsk_opd_num=1, res0_addr=r.addr, opd0_prec=code(dtype), opd0_sign=1,
         **layout_fields("opd0", values_of_channels))


def double_high(c):
    shape, lane = c.shape(), c.lane()
    a, b, result = c.pick(*INTS), c.pick(*INTS), c.pick(*INTS)
    if c.chance(0.5):
        b = result = a
    emit(c, 23, result, shape, lane, tsk_opd_num=3, opd2_const=1, opd2_addr=c.pick(0, c.between(-8, 8) & 0xFF), opd2_sign=1,
         opd2_n_str=c.between(0, 6), **source(c, "opd0", a, shape, lane, 0), **source(c, "opd1", b, shape, lane, 0.25))


def other_lanes(c):
    """operands and result that start in lanes of their own"""
    shape, dtype = c.shape(), c.pick("f32", "f16", "i8")
    a, b = (c.local(dtype, shape, ALIGNED, c.lane()) for _ in "ab")
    r = c.local(dtype, shape, ALIGNED, c.lane(), result=True)
    emit(c, 2, dtype, shape, 0, tsk_opd_num=2, res0_addr=r.addr, opd0_addr=a.addr, opd1_addr=b.addr, opd0_prec=code(dtype), opd1_prec=code(dtype))


def forms():
    for dtype in FLOATS:
        for eu, name in ((0, "mul"), (2, "add"), (3, "sub"), (4, "max"), (5, "min")):
            yield f"ar.{name}.{dtype}", partial(float_binary, eu=eu, dtype=dtype)
            yield f"ar.{name}.in_place.{dtype}", partial(in_place, eu=eu, dtype=dtype)
        for eu, name in ((10, "select_gt"), (11, "select_eq"), (13, "select_lt")):
            yield f"ar.{name}.{dtype}", partial(select, eu=eu, dtype=dtype)
        yield f"ar.abs.{dtype}", partial(unary, eu=26, dtypes=[dtype])
        yield f"ar.abs_difference.{dtype}", partial(float_binary, eu=27, dtype=dtype)
    yield "ar.div.f32", divide
    yield "ar.mac.f32", partial(mac, dtype="f32")
    for eu, name in BINARY.items():
        yield f"ar.{name}.int", partial(int_binary, eu=eu)
        for types in INT_TYPES.get(eu, []):
            yield f"ar.{name}.{'_'.join(types)}", partial(int_binary, eu=eu, types=types)
    yield "ar.adds.power_of_two", power_of_two
    yield "ar.subs.inverse_power_of_two", inverse_power_of_two
    for eu, name in ((1, "not"), (7, "and"), (8, "or"), (9, "xor")):
        yield f"ar.{name}.int", partial(logic, eu=eu)
    for eu, name in ((6, "logic_shift"), (21, "arith_shift"), (22, "rotate")):
        yield f"ar.{name}.int", partial(shift, eu=eu)
    for eu, name in ((4, "max"), (5, "min")):
        for dtypes in (["i8"], ["i16"], INTS):
            yield f"ar.{name}.{dtypes[0] if len(dtypes) == 1 else 'int'}", partial(int_minmax, eu=eu, dtypes=dtypes)
    for eu, name in ((10, "select_gt"), (11, "select_eq"), (13, "select_lt")):
        yield f"ar.{name}.int", partial(select, eu=eu, dtype=None)
    yield "ar.abs.int", partial(unary, eu=26, dtypes=INTS)
    yield "ar.leading_zeros.int", partial(unary, eu=29, dtypes=INTS)
    yield "ar.leading_ones.int", partial(unary, eu=30, dtypes=INTS)
    yield "ar.double_high.int", double_high
    yield "ar.mac.int", partial(mac, dtype="int")
    yield "ar.copy.int", partial(copy, dtypes=INTS)
    yield "ar.fill_channels.i32", partial(fill_channels, dtype="i32")
    yield "ar.copy.i8", partial(copy, dtypes=["i8"])
    for dtype in ("i8", "f16", "f32"):
        yield f"ar.copy.between_words.{dtype}", partial(copy_between_words, dtype=dtype)
    for dtype in FLOATS:
        yield f"ar.copy.{dtype}", partial(copy, dtypes=[dtype])
    yield "ar.other_lanes", other_lanes
    yield "ar.cast.int_int", partial(cast, ta=INTS, tr=INTS, modes=[0, 1])
    for a, r in CASTS:
        yield f"ar.cast.{a}_{r}", partial(cast_to_int, ta=a, tr=r) if a in FLOATS else partial(cast, ta=[a], tr=[r], modes=[0, 1])
    yield "ar.cast.int_float", partial(cast, ta=INTS, tr=FLOATS, modes=[0, 1, 2, 3, 4])
    yield "ar.cast.f32_16", partial(cast, ta=["f32"], tr=["f16", "bf16"], modes=range(7))
    yield "ar.cast.16_f32", partial(cast, ta=["f16", "bf16"], tr=["f32"], modes=[0, 1])
    for dtype in FLOATS:
        yield f"ar.cast.{dtype}_int", partial(cast_to_int, ta=dtype)
        yield f"ar.round.{dtype}", partial(round_to_integral, dtype=dtype)
