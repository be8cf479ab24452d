// SPDX-License-Identifier: Apache-2.0
// Programs of convolutions, matrix products and pooling of 8 bits.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/conversion/tpu_to_isa/program_checking.h"
#include "compiler/isa/codes.h"
#include "gtest/gtest.h"

namespace tpuc {
namespace {

// Unsigned, signed, signed with zero points.
const std::string kTypes[] = {"!quant.uniform<u8:f32, 2.0e-02>",
                              "!quant.uniform<i8:f32, 1.0e-02>",
                              "!quant.uniform<i8:f32, 3.0e-02:-128>",
                              "!quant.uniform<i8:f32, 5.0e-02:37>"};

// %y = an operation of %x, a filter, `channels` biases and a requant table.
std::string Product(const std::string& op, const std::string& in,
                    const std::string& filter, int64_t channels,
                    const std::string& out, const std::string& attributes) {
  const std::string bias = absl::StrCat(channels, "xi32");
  const std::string table = absl::StrCat(channels, "x3xi32");
  const std::string properties =
      attributes.empty() ? "" : absl::StrCat(" <{", attributes, "}>");
  return absl::StrCat(Weight("w", filter), Weight("b", bias),
                      Weight("r", table), "%y = \"tpu.", op,
                      "\"(%x, %w, %b, %r)", properties, " : (tensor<", in,
                      ">, tensor<", filter, ">, tensor<", bias, ">, tensor<",
                      table, ">) -> tensor<", out, "> loc(\"y\")");
}

// A convolution, or a depthwise one where channels = group. Dimensions are
// those of height and width.
struct Convolution {
  int64_t n = 1, ic = 1, oc = 1, group = 1;
  std::vector<int64_t> in, kernel, strides = {1, 1}, pads = {0, 0, 0, 0},
                                   dilations = {1, 1}, inserts = {0, 0}, cuts;
  bool depthwise = false;
};

void CheckConvolution(const Convolution& c, const std::string& from,
                      const std::string& to,
                      int64_t lane_bytes = isa::kLaneBytes) {
  std::vector<int64_t> in = {c.n, c.ic}, out = {c.n, c.oc};
  for (int d = 0; d < 2; ++d) {
    in.push_back(c.in[d]);
    const int64_t spread = (c.in[d] - 1) * (c.inserts[d] + 1) + 1;
    out.push_back((spread + c.pads[d] + c.pads[d + 2] -
                   (c.kernel[d] - 1) * c.dilations[d] - 1) /
                      c.strides[d] +
                  1);
  }
  std::string attributes = absl::StrCat(
      List("strides", c.strides), ", ", List("pads", c.pads), ", ",
      List("dilations", c.dilations), ", ", List("inserts", c.inserts),
      ", group = ", c.group, " : i64, form = ", c.depthwise ? 1 : 0, " : i32");
  if (!c.cuts.empty())
    absl::StrAppend(&attributes, ", ", List("ic_cuts", c.cuts));
  SCOPED_TRACE(absl::StrCat(Shape(in, from), " ", Shape(out, to), " ",
                            attributes, " ", lane_bytes));
  Check(Shape(in, from), Shape(out, to),
        Product("QuantizedConv2D", Shape(in, from),
                Shape({c.oc, c.ic / c.group, c.kernel[0], c.kernel[1]}, "i8"),
                c.oc, Shape(out, to), attributes),
        lane_bytes);
}

TEST(Program, QuantizedConvolutions) {
  for (const std::string& from : kTypes) {
    Convolution c;
    c.n = 2, c.ic = 5, c.oc = 70, c.in = {9, 11}, c.kernel = {3, 3};
    c.pads = {1, 1, 1, 1};
    CheckConvolution(c, from, kTypes[1]);
    c.n = 1, c.ic = 131, c.oc = 4, c.in = {13, 12}, c.kernel = {3, 5};
    c.strides = {2, 3}, c.pads = {1, 0, 2, 3}, c.dilations = {2, 1};
    CheckConvolution(c, from, kTypes[0]);
    c.cuts = {64, 128};
    CheckConvolution(c, from, kTypes[0]);
  }
}

TEST(Program, SlicedQuantizedConvolutions) {
  Convolution c;
  c.ic = 3, c.oc = 16, c.in = {500, 800}, c.kernel = {7, 7};
  c.strides = {2, 2}, c.pads = {3, 3, 3, 3};
  CheckConvolution(c, kTypes[0], kTypes[3]);
  // A filter larger than local memory.
  c.ic = 300, c.oc = 1100, c.in = {9, 9}, c.kernel = {7, 7};
  c.strides = {3, 3};
  CheckConvolution(c, kTypes[2], kTypes[0]);
  c.cuts = {128, 256}, c.oc = 130;
  CheckConvolution(c, kTypes[2], kTypes[0], 32768);
}

TEST(Program, GroupedQuantizedConvolutions) {
  Convolution c;
  c.n = 2, c.ic = 120, c.oc = 210, c.group = 3, c.in = {9, 11};
  c.kernel = {3, 3}, c.pads = {1, 1, 1, 1};
  CheckConvolution(c, kTypes[3], kTypes[0]);
  c.oc = 219;
  CheckConvolution(c, kTypes[0], kTypes[3], 32768);
}

TEST(Program, DepthwiseQuantizedConvolutions) {
  for (const std::string& from : kTypes) {
    Convolution c;
    c.depthwise = true;
    c.n = 2, c.ic = c.oc = c.group = 70, c.in = {9, 11}, c.kernel = {3, 3};
    c.pads = {1, 1, 1, 1};
    CheckConvolution(c, from, kTypes[0]);
    c.n = 1, c.ic = c.oc = c.group = 200, c.in = {90, 110}, c.kernel = {5, 5};
    c.strides = {2, 2}, c.pads = {2, 2, 2, 2};
    CheckConvolution(c, from, kTypes[3]);
  }
}

// Random shapes in little memory: any slice must give the same bits.
TEST(Program, RandomQuantizedWindowsInLittleMemory) {
  constexpr uint32_t kSeed = 31;
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  std::mt19937 g(kSeed);
  for (int i = 0; i < 80; ++i) {
    Convolution c;
    c.depthwise = i % 3 == 0;
    c.group = i % 5 == 1 ? Pick(g, 2, 5) : 1;
    c.n = Pick(g, 1, 3);
    c.ic = Pick(g, 1, 200 / c.group) * c.group;
    c.oc = Pick(g, 1, 140 / c.group) * c.group;
    if (c.depthwise) c.oc = c.group = c.ic;
    const std::string& from = kTypes[g() % 4];
    const bool transposed = i % 4 < 2 && &from < &kTypes[2];
    for (int d = 0; d < 2; ++d) {
      c.kernel.push_back(Pick(g, 1, 5));
      c.dilations[d] = Pick(g, 1, 3);
      const int64_t span = (c.kernel[d] - 1) * c.dilations[d] + 1;
      c.strides[d] = transposed ? Pick(g, 1, 2) : Pick(g, 1, 5);
      if (transposed) c.inserts[d] = Pick(g, 0, std::min<int64_t>(span - 1, 3));
      c.pads[d] = Pick(g, 0, std::min<int64_t>(span - 1, 15));
      c.pads[d + 2] = Pick(g, 0, std::min<int64_t>(span - 1, 15));
      c.in.push_back(Pick(g, span, 24));
    }
    for (int64_t cut = 64; cut < c.ic / c.group; cut += 64)
      if (!c.depthwise && g() % 2) c.cuts.push_back(cut);
    CheckConvolution(c, from, kTypes[g() % 4], Pick(g, 3, 16) * 4096);
  }
}

TEST(Program, QuantizedMatMuls) {
  struct Case {
    int64_t m, k, n;
    std::vector<int64_t> cuts;
    int64_t lane_bytes = isa::kLaneBytes;
  };
  const Case cases[] = {{1, 512, 1000, {}},
                        {7, 70, 300, {}, 16384},
                        {130, 33, 5, {}},
                        {3, 300, 65, {64, 256}, 8192},
                        {1, 25088, 1030, {}},
                        {2, 1, 1, {}},
                        {5, 8192, 64, {4096}, 16384}};
  int i = 0;
  for (const Case& c : cases) {
    const std::string &from = kTypes[i % 4], &to = kTypes[(i / 2 + 1) % 4];
    ++i;
    SCOPED_TRACE(absl::StrCat(c.m, "x", c.k, "x", c.n, " ", from, " ", to));
    Check(Shape({c.m, c.k}, from), Shape({c.m, c.n}, to),
          Product("QuantizedMatMul", Shape({c.m, c.k}, from),
                  Shape({c.k, c.n}, "i8"), c.n, Shape({c.m, c.n}, to),
                  c.cuts.empty() ? "" : List("ic_cuts", c.cuts)),
          c.lane_bytes);
  }
}

TEST(Program, RandomQuantizedPoolsInLittleMemory) {
  constexpr uint32_t kSeed = 32;
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  std::mt19937 g(kSeed);
  for (int i = 0; i < 60; ++i) {
    const bool is_max = i % 3 == 0;
    std::vector<int64_t> in = {Pick(g, 1, 3), Pick(g, 1, 140)}, out = in,
                         kernel, strides, pads(4);
    for (int d = 0; d < 2; ++d) {
      in.push_back(Pick(g, 1, 30));
      kernel.push_back(g() % 4 ? Pick(g, 1, std::min<int64_t>(in[d + 2], 5))
                               : in[d + 2]);
      strides.push_back(Pick(g, 1, 4));
      pads[d] = Pick(g, 0, std::min<int64_t>(kernel[d] - 1, 15));
      pads[d + 2] = Pick(g, 0, std::min<int64_t>(kernel[d] - 1, 15));
      out.push_back(
          (in[d + 2] + pads[d] + pads[d + 2] - kernel[d]) / strides[d] + 1);
    }
    const std::string& from = kTypes[g() % 4];
    const std::string& to = is_max ? from : kTypes[g() % 4];
    std::string attributes =
        absl::StrCat(List("kernel_shape", kernel), ", ",
                     List("strides", strides), ", ", List("pads", pads));
    if (is_max)
      absl::StrAppend(&attributes, ", kind = 0 : i32");
    else
      absl::StrAppend(&attributes, ", multiplier = ",
                      Pick(g, 1 << 30, INT32_MAX) / (kernel[0] * kernel[1]),
                      " : i64, shift = ", Pick(g, -32, -29), " : i64");
    const int64_t lane = Pick(g, 2, 16) * 4096;
    SCOPED_TRACE(absl::StrCat(Shape(in, from), " ", attributes, " ", lane));
    Check(Shape(in, from), Shape(out, to),
          Unary(is_max ? "Pool2D" : "QuantizedAvgPool2D", attributes,
                Shape(in, from), Shape(out, to)),
          lane);
  }
}

}  // namespace
}  // namespace tpuc
