// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <string>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

template <typename Op>
absl::Status Unary(NodeContext& c,
                   llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  c.SetOutput(c.Create<Op>("", c.Shape(0), *input, attributes));
  return absl::OkStatus();
}

absl::Status ConvertRelu(NodeContext& c) { return Unary<top::ReluOp>(c); }
absl::Status ConvertSigmoid(NodeContext& c) { return Unary<top::SigmoidOp>(c); }
absl::Status ConvertExp(NodeContext& c) { return Unary<top::ExpOp>(c); }
absl::Status ConvertErf(NodeContext& c) { return Unary<top::ErfOp>(c); }
absl::Status ConvertLog(NodeContext& c) { return Unary<top::LogOp>(c); }
absl::Status ConvertSoftplus(NodeContext& c) {
  return Unary<top::SoftplusOp>(c);
}
absl::Status ConvertAbs(NodeContext& c) { return Unary<top::AbsOp>(c); }
absl::Status ConvertSqrt(NodeContext& c) { return Unary<top::SqrtOp>(c); }
absl::Status ConvertTanh(NodeContext& c) { return Unary<top::TanhOp>(c); }
absl::Status ConvertReciprocal(NodeContext& c) {
  return Unary<top::ReciprocalOp>(c);
}
absl::Status ConvertNeg(NodeContext& c) {
  return Unary<top::MulConstOp>(c, c.Attribute("const_val", -1.0));
}
absl::Status ConvertElu(NodeContext& c) {
  return Unary<top::EluOp>(
      c, c.Attribute("alpha", double{c.node().Float("alpha", 1.0f)}));
}
absl::Status ConvertLeakyRelu(NodeContext& c) {
  return Unary<top::LeakyReluOp>(
      c, c.Attribute("alpha", double{c.node().Float("alpha", 0.01f)}));
}

absl::Status ConvertPRelu(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  absl::StatusOr<mlir::Value> slope = c.Operand(1);
  if (!slope.ok()) return slope.status();
  const auto shape = top::BroadcastShape(c.Shape(0), c.Shape(1));
  if (!shape || *shape != c.Shape(0)) {
    return c.node().Error("slope (", absl::StrJoin(c.Shape(1), ", "),
                          ") does not broadcast to (",
                          absl::StrJoin(c.Shape(0), ", "), ")");
  }
  c.SetOutput(c.Create<top::PReluOp>("", *shape, {*input, *slope}));
  return absl::OkStatus();
}

absl::Status ConvertHardSwish(NodeContext& c) {
  return Unary<top::HardSwishOp>(c);
}

absl::Status ConvertHardSigmoid(NodeContext& c) {
  return Unary<top::HardSigmoidOp>(
      c, {c.Attribute("alpha", double{c.node().Float("alpha", 0.2f)}),
          c.Attribute("beta", double{c.node().Float("beta", 0.5f)})});
}

// The limits are attributes before opset 11 and inputs since.
absl::Status ConvertClip(NodeContext& c) {
  constexpr float kMost = std::numeric_limits<float>::max();
  double min = c.node().Float("min", -kMost);
  double max = c.node().Float("max", kMost);
  if (c.node().opset() >= 11) {
    absl::StatusOr<double> low = c.Scalar(1, "min", -kMost);
    if (!low.ok()) return low.status();
    absl::StatusOr<double> high = c.Scalar(2, "max", kMost);
    if (!high.ok()) return high.status();
    min = *low;
    max = *high;
  }
  if (!(min <= max)) {
    return c.node().Error("min ", min, " is above max ", max);
  }
  return Unary<top::ClipOp>(c,
                            {c.Attribute("min", min), c.Attribute("max", max)});
}

mlir::NamedAttribute Text(NodeContext& c, const char* name, const char* text) {
  return c.builder().getNamedAttr(name, c.builder().getStringAttr(text));
}

// x / 2 * (1 + erf(x / sqrt(2))), or its approximation
// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))).
absl::Status ConvertGelu(NodeContext& c) {
  const std::string kind = c.node().String("approximate", "none");
  if (kind == "none") return Unary<top::GeluOp>(c);
  if (kind != "tanh") {
    return c.node().Error("approximate is '", kind,
                          "', expected 'none' or 'tanh'");
  }
  absl::StatusOr<mlir::Value> x = c.Operand(0);
  if (!x.ok()) return x.status();
  const std::vector<int64_t> shape = c.Shape(0);
  const auto times = [&](const char* suffix, mlir::Value v, double factor) {
    return c.Create<top::MulConstOp>(suffix, shape, v,
                                     c.Attribute("const_val", factor));
  };
  const auto plus_one = [&](const char* suffix, mlir::Value v) {
    return c.Create<top::AddConstOp>(suffix, shape, v,
                                     c.Attribute("const_val", 1.0));
  };
  const auto product = [&](const char* suffix, mlir::Value a, mlir::Value b) {
    return c.Create<top::MulOp>(suffix, shape, {a, b});
  };
  const mlir::Value square = product(".square", *x, *x);
  const mlir::Value cubic =
      plus_one(".cubic", times(".small", square, 0.044715));
  const mlir::Value inner =
      times(".inner", product(".sum", cubic, *x), 0.7978845608028654);
  const mlir::Value gate =
      plus_one(".gate", c.Create<top::TanhOp>(".tanh", shape, inner));
  c.SetOutput(product("", gate, times(".half", *x, 0.5)));
  return absl::OkStatus();
}

// Softmax along `axis`.
mlir::Value Softmax(NodeContext& c, const std::string& suffix,
                    const std::vector<int64_t>& shape, mlir::Value x,
                    int64_t axis) {
  return c.Create<top::SoftmaxOp>(suffix, shape, x, c.Attribute("axis", axis));
}

// x - max - ln(sum(exp(x - max))) along `axis`.
mlir::Value LogSoftmax(NodeContext& c, const std::string& suffix,
                       const std::vector<int64_t>& shape, mlir::Value x,
                       int64_t axis) {
  std::vector<int64_t> reduced = shape;
  reduced[axis] = 1;
  const auto reduce = [&](const char* name, mlir::Value v, const char* mode) {
    return c.Create<top::ReduceOp>(
        name, reduced, v,
        {Text(c, "mode", mode),
         c.Attribute("axes", std::vector<int64_t>{axis})});
  };
  const mlir::Value shifted =
      c.Create<top::SubOp>(".shifted", shape, {x, reduce(".max", x, "max")});
  const mlir::Value exp = c.Create<top::ExpOp>(".exp", shape, shifted);
  const mlir::Value log =
      c.Create<top::LogOp>(".log", reduced, reduce(".sum", exp, "sum"));
  return c.Create<top::SubOp>(suffix, shape, {shifted, log});
}

// Before opset 13 the dimensions from `axis` (default 1) on are one row.
template <mlir::Value (*kAlong)(NodeContext&, const std::string&,
                                const std::vector<int64_t>&, mlir::Value,
                                int64_t)>
absl::Status ConvertSoftmax(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const bool rows = c.node().opset() < 13;
  const std::vector<int64_t> shape = c.Shape(0);
  absl::StatusOr<int64_t> axis =
      NormalAxis(c.node().Int("axis", rows ? 1 : -1), c.Rank(0));
  if (!axis.ok()) return c.node().Error(axis.status().message());
  int64_t outer = 1, row = 1, last = 1;
  for (int64_t i = 0; i < c.Rank(0); ++i) {
    (i < *axis ? outer : row) *= shape[i];
    if (i > *axis) last *= shape[i];
  }
  if (!rows || last == 1) {
    c.SetOutput(kAlong(c, "", shape, *input, *axis));
    return absl::OkStatus();
  }
  const mlir::Value flat =
      c.Create<top::ReshapeOp>(".rows", {outer, row}, *input);
  const mlir::Value softmax = kAlong(c, ".softmax", {outer, row}, flat, 1);
  c.SetOutput(c.Create<top::ReshapeOp>("", shape, softmax));
  return absl::OkStatus();
}

}  // namespace

void RegisterActivations(Registry& registry) {
  registry["Abs"] = ConvertAbs;
  registry["Clip"] = ConvertClip;
  registry["Elu"] = ConvertElu;
  registry["Erf"] = ConvertErf;
  registry["Exp"] = ConvertExp;
  registry["Gelu"] = ConvertGelu;
  registry["HardSigmoid"] = ConvertHardSigmoid;
  registry["HardSwish"] = ConvertHardSwish;
  registry["LeakyRelu"] = ConvertLeakyRelu;
  registry["Log"] = ConvertLog;
  registry["LogSoftmax"] = ConvertSoftmax<LogSoftmax>;
  registry["Neg"] = ConvertNeg;
  registry["PRelu"] = ConvertPRelu;
  registry["Reciprocal"] = ConvertReciprocal;
  registry["Relu"] = ConvertRelu;
  registry["Sigmoid"] = ConvertSigmoid;
  registry["Softmax"] = ConvertSoftmax<Softmax>;
  registry["Softplus"] = ConvertSoftplus;
  registry["Sqrt"] = ConvertSqrt;
  registry["Tanh"] = ConvertTanh;
}

}  // namespace tpuc::onnx_import
