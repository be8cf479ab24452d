// SPDX-License-Identifier: Apache-2.0
// Compiles small networks of the tpu dialect, runs their instructions on the
// simulator, and compares every tensor bit for bit with the interpreter.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "compiler/conversion/tpu_to_isa/program_checking.h"
#include "compiler/isa/codes.h"
#include "gtest/gtest.h"

namespace tpuc {
namespace {

// %y = Conv2D of %x.
std::string Conv(const std::string& in, const std::string& filter,
                 const std::string& bias, const std::string& out,
                 const std::string& attributes) {
  return absl::StrCat(Weight("w", filter), Weight("b", bias),
                      "%y = \"tpu.Conv2D\"(%x, %w, %b) <{", attributes,
                      "}> : (tensor<", in, ">, tensor<", filter, ">, tensor<",
                      bias, ">) -> tensor<", out, "> loc(\"y\")");
}

constexpr char kPlain[] =
    "strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, "
    "dilations = array<i64: 1, 1>";

TEST(Program, Convolutions) {
  for (const std::string type : {"f32", "f16", "bf16"}) {
    Check("2x5x9x11x" + type, "2x70x9x11x" + type,
          Conv("2x5x9x11x" + type, "70x5x3x3x" + type, "70xf32",
               "2x70x9x11x" + type, kPlain));
    Check("1x67x13x13x" + type, "1x4x7x4x" + type,
          Conv("1x67x13x13x" + type, "4x67x3x5x" + type, "4xf32",
               "1x4x7x4x" + type,
               "strides = array<i64: 2, 3>, pads = array<i64: 1, 0, 1, 3>, "
               "dilations = array<i64: 1, 1>, do_relu = true, "
               "relu_limit = 6.0 : f64"));
  }
}

TEST(Program, ConvolutionInCuts) {
  Check("2x100x6x7xf16", "2x66x6x7xf16",
        Conv("2x100x6x7xf16", "66x100x3x3xf16", "66xf32", "2x66x6x7xf16",
             absl::StrCat(kPlain, ", ic_cuts = array<i64: 32, 96>")));
}

TEST(Program, SlicedConvolution) {
  Check("1x3x250x400xf32", "1x16x125x200xf32",
        Conv("1x3x250x400xf32", "16x3x3x3xf32", "16xf32", "1x16x125x200xf32",
             "strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, "
             "dilations = array<i64: 1, 1>"));
}

TEST(Program, GroupedConvolution) {
  for (const std::string type : {"f32", "f16", "bf16"})
    Check(
        "2x120x9x11x" + type, "2x210x9x11x" + type,
        Conv("2x120x9x11x" + type, "210x40x3x3x" + type, "210xf32",
             "2x210x9x11x" + type, absl::StrCat(kPlain, ", group = 3 : i64")));
}

TEST(Program, Depthwise) {
  for (const std::string type : {"f32", "f16", "bf16"})
    Check("1x130x40x60x" + type, "1x130x20x30x" + type,
          Conv("1x130x40x60x" + type, "130x1x5x5x" + type, "130x" + type,
               "1x130x20x30x" + type,
               "strides = array<i64: 2, 2>, pads = array<i64: 2, 2, 2, 2>, "
               "dilations = array<i64: 1, 1>, group = 130 : i64, "
               "form = 1 : i32, do_relu = true"));
}

TEST(Program, TransposedConvolutions) {
  for (const std::string type : {"f32", "f16", "bf16"}) {
    Check("2x5x9x11x" + type, "2x70x18x33x" + type,
          Conv("2x5x9x11x" + type, "70x5x2x3x" + type, "70xf32",
               "2x70x18x33x" + type,
               "strides = array<i64: 1, 1>, pads = array<i64: 1, 2, 1, 2>, "
               "dilations = array<i64: 1, 1>, inserts = array<i64: 1, 2>, "
               "do_relu = true"));
    Check("1x70x9x11x" + type, "1x70x25x42x" + type,
          Conv("1x70x9x11x" + type, "70x1x3x5x" + type, "70x" + type,
               "1x70x25x42x" + type,
               "strides = array<i64: 1, 1>, pads = array<i64: 0, 4, 2, 1>, "
               "dilations = array<i64: 1, 1>, inserts = array<i64: 2, 3>, "
               "form = 1 : i32, group = 70 : i64"),
          8192);
  }
}

std::string MatMul(int64_t m, int64_t k, int64_t n, const std::string& type) {
  const auto matrix = [&](int64_t a, int64_t b) {
    return absl::StrCat(a, "x", b, "x", type);
  };
  const std::string bias = absl::StrCat(n, "xf32");
  return absl::StrCat(Weight("w", matrix(k, n)), Weight("b", bias),
                      "%y = \"tpu.MatMul\"(%x, %w, %b) : (tensor<",
                      matrix(m, k), ">, tensor<", matrix(k, n), ">, tensor<",
                      bias, ">) -> tensor<", matrix(m, n), "> loc(\"y\")");
}

TEST(Program, MatMuls) {
  Check("5x100xf32", "5x70xf32", MatMul(5, 100, 70, "f32"));
  Check("1x200xf16", "1x2xf16", MatMul(1, 200, 2, "f16"));
  Check("2x25088xf16", "2x130xf16", MatMul(2, 25088, 130, "f16"));
}

TEST(Program, Pools) {
  for (const std::string type : {"f32", "f16", "bf16"})
    for (const std::string kind : {"0", "1"})
      Check("2x66x30x31x" + type, "2x66x15x15x" + type,
            Unary("Pool2D",
                  "kind = " + kind +
                      " : i32, kernel_shape = array<i64: 3, 3>, "
                      "strides = array<i64: 2, 2>, "
                      "pads = array<i64: 1, 0, 0, 0>, scale = 0.111 : f64",
                  "2x66x30x31x" + type, "2x66x15x15x" + type));
}

TEST(Program, Reductions) {
  for (const std::string kind : {"0", "1"}) {
    const auto reduce = [&](const std::string& in, const std::string& out,
                            int chunk) {
      Check(in, out,
            Unary("Reduce",
                  absl::StrCat("kind = ", kind, " : i32, chunk = ", chunk,
                               " : i64, scale = 0.01 : f64"),
                  in, out));
    };
    reduce("3x1003x5xf32", "3x11x5xf32", 100);
    reduce("1x100000x1xf32", "1x250x1xf32", 400);
    reduce("200x72x1xf32", "200x1x1xf32", 72);
    reduce("70x8x33xbf16", "70x2x33xbf16", 4);
  }
}

TEST(Program, Casts) {
  Check("1003xf32", "1003xf16", Unary("Cast", "", "1003xf32", "1003xf16"));
  Check("1003xbf16", "1003xf32", Unary("Cast", "", "1003xbf16", "1003xf32"));
  Check("3x70000xf32", "3x70000xbf16",
        Unary("Cast", "", "3x70000xf32", "3x70000xbf16"));
}

TEST(Program, Exp) {
  Check("1003xf32", "1003xf32", Unary("Exp", "", "1003xf32", "1003xf32"));
  Check("2x200000xf32", "2x200000xf32",
        Unary("Exp", "", "2x200000xf32", "2x200000xf32"));
}

TEST(Program, Constants) {
  for (const std::string type : {"f32", "f16", "bf16"}) {
    const std::string t = "3x77x" + type;
    Check(t, t, Unary("Clip", "min = -0.7 : f64, max = 1.3 : f64", t, t));
    for (int kind = 0; kind < 5; ++kind)
      Check(t, t,
            Unary("BinaryConst",
                  absl::StrCat("kind = ", kind,
                               " : i32, const_val = 0.3 : "
                               "f64, is_reversed = ",
                               kind % 2 != 0 ? "true" : "false"),
                  t, t));
  }
  Check("3x77xf32", "3x77xf32",
        Unary("BinaryConst", "kind = 5 : i32, const_val = 2.5 : f64",
              "3x77xf32", "3x77xf32"));
  Check("3x77xf32", "3x77xf32",
        Unary("BinaryConst",
              "kind = 5 : i32, const_val = 1.0 : f64, is_reversed = true",
              "3x77xf32", "3x77xf32"));
}

// Elements of 4, 2 and 1 bytes.
const std::string kMoved[] = {"f32", "f16", "bf16",
                              "!quant.uniform<i8:f32, 1.7e-02:5>"};

// %y = Concat of %x and weights.
void CheckConcat(const std::vector<int64_t>& shape, int axis,
                 const std::string& type, int64_t lane_bytes) {
  const auto text = [&](int64_t length) {
    std::vector<int64_t> s = shape;
    s[axis] = length;
    return absl::StrCat(absl::StrJoin(s, "x"), "x", type);
  };
  const std::string x = text(shape[axis]), y = text(2 * shape[axis] + 4);
  Check(x, y,
        absl::StrCat(Weight("v", text(1)), Weight("w", text(3)),
                     "%y = \"tpu.Concat\"(%v, %x, %w, %x) <{axis = ", axis,
                     " : i64}> : (tensor<", text(1), ">, tensor<", x,
                     ">, tensor<", text(3), ">, tensor<", x, ">) -> tensor<", y,
                     "> loc(\"y\")"),
        lane_bytes);
}

TEST(Program, Concats) {
  for (int axis : {0, 1, 2, 3}) {
    CheckConcat({2, 5, 3, 7}, axis, "f32", isa::kLaneBytes);
    CheckConcat({2, 66, 30, 31}, axis, "f16", 4096);
    CheckConcat({2, 7, 5, 31}, axis, kMoved[3], isa::kLaneBytes);
  }
  CheckConcat({1, 2, 1, 3, 2, 5}, 4, "bf16", isa::kLaneBytes);
  CheckConcat({70000}, 0, "bf16", isa::kLaneBytes);
}

// Values that are computed where they belong, one of them read again later.
TEST(Program, ConcatsOfComputedValues) {
  Check("1x3x5x7xf32", "1x19x5x7xf32",
        "%a = \"tpu.Exp\"(%x) : (tensor<1x3x5x7xf32>) -> tensor<1x3x5x7xf32> "
        "loc(\"a\")\n"
        "%b = \"tpu.Exp\"(%a) : (tensor<1x3x5x7xf32>) -> tensor<1x3x5x7xf32> "
        "loc(\"b\")\n"
        "%r = \"tpu.Reshape\"(%b) : (tensor<1x3x5x7xf32>) -> "
        "tensor<1x1x3x5x7xf32> loc(\"r\")\n"
        "%s = \"tpu.Reshape\"(%r) : (tensor<1x1x3x5x7xf32>) -> "
        "tensor<1x3x5x7xf32> loc(\"s\")\n" +
            Weight("w", "1x1x5x7xf32") +
            "%p = \"tpu.Concat\"(%s, %w, %a) <{axis = 1 : i64}> : "
            "(tensor<1x3x5x7xf32>, tensor<1x1x5x7xf32>, tensor<1x3x5x7xf32>) "
            "-> tensor<1x7x5x7xf32> loc(\"p\")\n"
            "%c = \"tpu.Binary\"(%a, %x) <{kind = 0 : i32}> : "
            "(tensor<1x3x5x7xf32>, tensor<1x3x5x7xf32>) -> "
            "tensor<1x3x5x7xf32> loc(\"c\")\n"
            "%y = \"tpu.Concat\"(%c, %p, %x, %c, %a) <{axis = 1 : i64}> : "
            "(tensor<1x3x5x7xf32>, tensor<1x7x5x7xf32>, tensor<1x3x5x7xf32>, "
            "tensor<1x3x5x7xf32>, tensor<1x3x5x7xf32>) -> "
            "tensor<1x19x5x7xf32> loc(\"y\")");
}

// Random shapes in little memory: any slice must give the same bits.
TEST(Program, RandomWindowsInLittleMemory) {
  std::mt19937 g(11);
  const std::string types[] = {"f32", "f16", "bf16"};
  for (int i = 0; i < 60; ++i) {
    const std::string& type = types[i % 3];
    const bool depthwise = i % 2 != 0;
    const int64_t group = !depthwise && i % 3 == 0 ? Pick(g, 2, 5) : 1;
    const int64_t n = Pick(g, 1, 3), ic = Pick(g, 1, 90 / group) * group;
    const int64_t oc = depthwise ? ic : Pick(g, 1, 140 / group) * group;
    const bool transposed = i % 4 < 2;
    std::vector<int64_t> in = {n, ic}, out = {n, oc}, kernel, strides, pads(4),
                         dilations, inserts;
    for (int d = 0; d < 2; ++d) {
      kernel.push_back(Pick(g, 1, 4));
      strides.push_back(Pick(g, 1, 5));
      dilations.push_back(Pick(g, 1, 3));
      const int64_t span = (kernel[d] - 1) * dilations[d] + 1;
      inserts.push_back(transposed ? Pick(g, 0, std::min<int64_t>(span - 1, 3))
                                   : 0);
      if (transposed) strides[d] = 1 + strides[d] / 4;
      pads[d] = Pick(g, 0, span - 1);
      pads[d + 2] = Pick(g, 0, span - 1);
      in.push_back(Pick(g, span, 24));
      const int64_t spread = (in[2 + d] - 1) * (inserts[d] + 1) + 1;
      out.push_back((spread + pads[d] + pads[d + 2] - span) / strides[d] + 1);
    }
    std::string attributes = absl::StrCat(
        List("strides", strides), ", ", List("pads", pads), ", ",
        List("dilations", dilations), ", ", List("inserts", inserts),
        ", do_relu = ", i % 5 ? "false" : "true");
    if (depthwise)
      absl::StrAppend(&attributes, ", form = 1 : i32, group = ", ic, " : i64");
    if (group > 1) absl::StrAppend(&attributes, ", group = ", group, " : i64");
    if (!depthwise && type != "f32" && ic / group > 32)
      absl::StrAppend(&attributes, ", ic_cuts = array<i64: 32>");
    const int64_t lane = Pick(g, 3, 16) * 4096;
    SCOPED_TRACE(absl::StrCat(Shape(in, type), " ", attributes, " ", lane));
    Check(Shape(in, type), Shape(out, type),
          Conv(Shape(in, type),
               Shape({oc, depthwise ? 1 : ic / group, kernel[0], kernel[1]},
                     type),
               absl::StrCat(oc, "x", depthwise ? type : "f32"),
               Shape(out, type), attributes),
          lane);
  }
}

// Indices along one axis: repeated, in steps, or any.
std::vector<int64_t> Indices(std::mt19937& g, int64_t extent) {
  const int64_t kind = Pick(g, 0, 3);
  const int64_t count = Pick(g, 1, 3 * extent);
  const double scale = static_cast<double>(Pick(g, 2, 40)) / 8;
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i) {
    int64_t index = Pick(g, 0, extent - 1);
    if (kind == 0) index = i / 3;
    if (kind == 1) index = static_cast<int64_t>(i / scale);
    if (kind == 2) index = i + extent / 4;
    indices.push_back(std::min(index, extent - 1));
  }
  return indices;
}

TEST(Program, RandomIndexSelectsInLittleMemory) {
  std::mt19937 g(14);
  for (int i = 0; i < 80; ++i) {
    const std::string& type = kMoved[i % 4];
    const std::vector<int64_t> in = {Pick(g, 1, 3), Pick(g, 1, 140),
                                     Pick(g, 1, 20), Pick(g, 1, 30)};
    const std::vector<int64_t> rows = Indices(g, in[2]),
                               columns = Indices(g, in[3]);
    const std::vector<int64_t> out = {in[0], in[1],
                                      static_cast<int64_t>(rows.size()),
                                      static_cast<int64_t>(columns.size())};
    const std::string attributes =
        absl::StrCat(List("rows", rows), ", ", List("columns", columns));
    SCOPED_TRACE(absl::StrCat(Shape(in, type), " ", attributes));
    Check(Shape(in, type), Shape(out, type),
          Unary("IndexSelect", attributes, Shape(in, type), Shape(out, type)),
          Pick(g, 4, 16) * 4096);
  }
}

std::string Permute(const std::vector<int64_t>& in,
                    const std::vector<int64_t>& order, const std::string& type,
                    std::vector<int64_t>* out) {
  for (int64_t d : order) out->push_back(in[d]);
  return Unary("Permute", List("order", order), Shape(in, type),
               Shape(*out, type));
}

TEST(Program, RandomPermutations) {
  std::mt19937 g(15);
  for (int i = 0; i < 80; ++i) {
    const std::string& type = kMoved[i % 4];
    const int64_t rank = Pick(g, 1, 6);
    std::vector<int64_t> in, order, out;
    for (int64_t d = 0; d < rank; ++d) {
      in.push_back(Pick(g, 1, rank > 4 ? 6 : 20));
      order.push_back(d);
    }
    std::shuffle(order.begin(), order.end(), g);
    const std::string body = Permute(in, order, type, &out);
    SCOPED_TRACE(body);
    Check(Shape(in, type), Shape(out, type), body);
  }
}

// A dimension longer than a field.
TEST(Program, LongPermutations) {
  std::vector<int64_t> out;
  std::string body = Permute({3, 70000}, {1, 0}, "f16", &out);
  Check("3x70000xf16", "70000x3xf16", body);
  out.clear();
  body = Permute({2, 3, 70000}, {1, 0, 2}, "f32", &out);
  Check("2x3x70000xf32", "3x2x70000xf32", body);
  out.clear();
  body = Permute({3, 70001}, {1, 0}, kMoved[3], &out);
  Check("3x70001x" + kMoved[3], "70001x3x" + kMoved[3], body);
}

TEST(Program, RandomSlices) {
  std::mt19937 g(16);
  for (int i = 0; i < 80; ++i) {
    const std::string& type = kMoved[i % 4];
    const int64_t rank = Pick(g, 1, 5);
    std::vector<int64_t> in, starts, steps, out;
    for (int64_t d = 0; d < rank; ++d) {
      in.push_back(Pick(g, 1, 20));
      const int64_t step = g() % 2 ? 1 : Pick(g, 1, 3);
      const int64_t first = g() % 2 ? 0 : Pick(g, 0, in[d] - 1);
      const int64_t most = (in[d] - 1 - first) / step + 1;
      out.push_back(g() % 2 ? most : Pick(g, 1, most));
      const bool is_reversed = g() % 5 == 0;
      starts.push_back(is_reversed ? first + (out[d] - 1) * step : first);
      steps.push_back(is_reversed ? -step : step);
    }
    const std::string body =
        Unary("Slice",
              absl::StrCat(List("starts", starts), ", ", List("steps", steps)),
              Shape(in, type), Shape(out, type));
    SCOPED_TRACE(body);
    Check(Shape(in, type), Shape(out, type), body);
  }
}

// Slices of one piece lie in the memory of what they are taken from, which here
// lies in a concatenation.
TEST(Program, SlicesInPlace) {
  const struct {
    std::string type, add;
  } kinds[] = {
      {"f16", "Binary\"(%$0, %$1) <{kind = 0 : i32}>"},
      {kMoved[3],
       "QuantizedBinary\"(%$0, %$1) <{kind = 0 : i32, multipliers = array<i64: "
       "9000, 11000>, shift = -14 : i64}>"}};
  for (const auto& kind : kinds) {
    const std::string whole = "1x6x51x" + kind.type;
    const std::string half = "1x3x51x" + kind.type;
    const std::string joined = "1x9x51x" + kind.type;
    const auto slice = [&](const char* result, const char* input, int start) {
      return absl::StrCat("%", result, " = \"tpu.Slice\"(%", input,
                          ") <{starts = array<i64: 0, ", start,
                          ", 0>, steps = array<i64: 1, 1, 1>}> : (tensor<",
                          whole, ">) -> tensor<", half, "> loc(\"", result,
                          "\")\n");
    };
    const auto add = [&](const char* result, const char* a, const char* b,
                         const std::string& shape) {
      return absl::StrCat("%", result, " = \"tpu.",
                          absl::Substitute(kind.add, a, b), " : (tensor<",
                          shape, ">, tensor<", shape, ">) -> tensor<", shape,
                          "> loc(\"", result, "\")\n");
    };
    Check(whole, joined,
          absl::StrCat(
              add("a", "x", "x", whole), slice("b", "a", 0), slice("c", "a", 3),
              slice("e", "x", 2), add("d", "b", "c", half),
              add("f", "d", "e", half),
              "%y = \"tpu.Concat\"(%c, %f, %b) <{axis = 1 : i64}> : (tensor<",
              half, ">, tensor<", half, ">, tensor<", half, ">) -> tensor<",
              joined, "> loc(\"y\")"));
  }
}

TEST(Program, RandomBroadcastsInLittleMemory) {
  std::mt19937 g(12);
  for (int i = 0; i < 60; ++i) {
    std::vector<int64_t> a, b, y;
    const int64_t rank = Pick(g, 1, 5);
    for (int64_t d = 0; d < rank; ++d) {
      const int64_t size = Pick(g, 1, d + 1 == rank ? 700 : 9);
      a.push_back(g() % 3 == 0 ? 1 : size);
      b.push_back(g() % 3 == 0 ? 1 : size);
      y.push_back(std::max(a.back(), b.back()));
    }
    const std::string type = i % 2 ? "f32" : "f16";
    SCOPED_TRACE(absl::StrCat(Shape(a, type), " ", Shape(b, type)));
    Check(Shape(a, type), Shape(y, type),
          absl::StrCat(Weight("w", Shape(b, type)),
                       "%y = \"tpu.Binary\"(%x, %w) <{kind = ", i % 5,
                       " : i32}> : (tensor<", Shape(a, type), ">, tensor<",
                       Shape(b, type), ">) -> tensor<", Shape(y, type),
                       "> loc(\"y\")"),
          8192);
  }
}

TEST(Program, RandomReductionsInLittleMemory) {
  std::mt19937 g(13);
  for (int i = 0; i < 40; ++i) {
    const int64_t outer = Pick(g, 1, 80), length = Pick(g, 1, 60),
                  inner = Pick(g, 1, 40), chunk = Pick(g, 1, length);
    const std::string in = Shape({outer, length, inner}, "f32");
    const std::string out =
        Shape({outer, (length + chunk - 1) / chunk, inner}, "f32");
    SCOPED_TRACE(absl::StrCat(in, " ", chunk));
    Check(in, out,
          Unary("Reduce",
                absl::StrCat("kind = ", i % 2, " : i32, chunk = ", chunk,
                             " : i64"),
                in, out),
          16384);
  }
}

TEST(Program, BroadcastsAndReshapes) {
  const auto binary = [](const std::string& x, const std::string& w,
                         const std::string& y, const std::string& kind,
                         bool swap) {
    Check(x, y,
          absl::StrCat(Weight("w", w), "%y = \"tpu.Binary\"(",
                       swap ? "%w, %x" : "%x, %w", ") <{kind = ", kind,
                       " : i32}> : (tensor<", swap ? w : x, ">, tensor<",
                       swap ? x : w, ">) -> tensor<", y, "> loc(\"y\")"));
  };
  binary("2x70x5x6xf32", "70x1x1xf32", "2x70x5x6xf32", "2", false);
  binary("2x70x5x6xf16", "2x70x1x1xf16", "2x70x5x6xf16", "2", true);
  binary("1x200xf32", "200xf32", "1x200xf32", "0", false);
  binary("3x30000xf32", "1x30000xf32", "3x30000xf32", "1", true);
  binary("3x1x5xf32", "4x1xf32", "3x4x5xf32", "5", false);
  binary("2x1x3x1x4x1xf32", "1x5x1x6x1x7xf32", "2x5x3x6x4x7xf32", "3", false);
  Check("2x6xf32", "3x4xf32",
        "%r = \"tpu.Reshape\"(%x) : (tensor<2x6xf32>) -> tensor<3x4xf32> "
        "loc(\"r\")\n"
        "%s = \"tpu.Binary\"(%r, %r) <{kind = 0 : i32, do_relu = true}> : "
        "(tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32> loc(\"s\")\n"
        "%y = \"tpu.Binary\"(%s, %r) <{kind = 2 : i32}> : "
        "(tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32> loc(\"y\")");
}

}  // namespace
}  // namespace tpuc
