// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <optional>
#include <string>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

template <typename Op>
absl::Status ConvertBinary(NodeContext& c) {
  absl::StatusOr<mlir::Value> lhs = c.Operand(0);
  if (!lhs.ok()) return lhs.status();
  absl::StatusOr<mlir::Value> rhs = c.Operand(1);
  if (!rhs.ok()) return rhs.status();
  const auto shape = top::BroadcastShape(c.Shape(0), c.Shape(1));
  if (!shape) {
    return c.node().Error("shapes (", absl::StrJoin(c.Shape(0), ", "),
                          ") and (", absl::StrJoin(c.Shape(1), ", "),
                          ") do not broadcast");
  }
  c.SetOutput(c.Create<Op>("", *shape, {*lhs, *rhs}));
  return absl::OkStatus();
}

// The operands combined from left to right. `last`: the name of the last
// combination is the output's.
template <typename Op>
absl::StatusOr<mlir::Value> Chain(NodeContext& c, const std::string& last) {
  absl::StatusOr<mlir::Value> first = c.Operand(0);
  if (!first.ok()) return first;
  mlir::Value value = *first;
  std::vector<int64_t> shape = c.Shape(0);
  for (int i = 1; i < c.node().num_inputs(); ++i) {
    absl::StatusOr<mlir::Value> operand = c.Operand(i);
    if (!operand.ok()) return operand;
    const auto together = top::BroadcastShape(shape, c.Shape(i));
    if (!together) {
      return c.node().Error("shapes (", absl::StrJoin(shape, ", "), ") and (",
                            absl::StrJoin(c.Shape(i), ", "),
                            ") do not broadcast");
    }
    shape = *together;
    const bool is_last = i + 1 == c.node().num_inputs();
    value = c.Create<Op>(is_last ? last : absl::StrCat(".", i), shape,
                         {value, *operand});
  }
  return value;
}

template <typename Op>
absl::Status ConvertVariadic(NodeContext& c) {
  absl::StatusOr<mlir::Value> value = Chain<Op>(c, "");
  if (!value.ok()) return value.status();
  if (c.node().num_inputs() == 1) {
    c.AliasOutput();
  } else {
    c.SetOutput(*value);
  }
  return absl::OkStatus();
}

absl::Status ConvertMean(NodeContext& c) {
  absl::StatusOr<mlir::Value> sum = Chain<top::AddOp>(c, ".sum");
  if (!sum.ok()) return sum.status();
  c.SetOutput(c.Create<top::MulConstOp>(
      "", top::ShapeOf(*sum).vec(), *sum,
      c.Attribute("const_val", 1.0 / c.node().num_inputs())));
  return absl::OkStatus();
}

template <typename T>
std::optional<double> SplatOfType(const Tensor& tensor) {
  const T* data = tensor.data<T>();
  for (int64_t i = 1; i < tensor.NumElements(); ++i) {
    if (data[i] != data[0]) return std::nullopt;
  }
  return static_cast<double>(data[0]);
}

// The one value of a constant.
std::optional<double> SplatOf(const Tensor& tensor) {
  if (tensor.NumElements() == 0) return std::nullopt;
  switch (tensor.dtype()) {
    case DType::kF32:
      return SplatOfType<float>(tensor);
    case DType::kF64:
      return SplatOfType<double>(tensor);
    case DType::kI32:
      return SplatOfType<int32_t>(tensor);
    case DType::kI64:
      return SplatOfType<int64_t>(tensor);
    default:
      return std::nullopt;
  }
}

// Builds powers of one value; names are made of the steps.
class Powers {
 public:
  Powers(NodeContext& c, mlir::Value x) : c_(c), x_(x), shape_(c.Shape(0)) {}

  // x^n, n at least 2, by squaring.
  mlir::Value Integer(int64_t n, const std::string& suffix) {
    const mlir::Value half = n / 2 == 1 ? x_ : Integer(n / 2, Name(n / 2));
    const bool is_odd = n % 2 != 0;
    const mlir::Value even = c_.Create<top::MulOp>(
        is_odd ? Name(n - 1) : suffix, shape_, {half, half});
    if (!is_odd) return even;
    return c_.Create<top::MulOp>(suffix, shape_, {even, x_});
  }

 private:
  static std::string Name(int64_t n) { return absl::StrCat(".power", n); }

  NodeContext& c_;
  mlir::Value x_;
  std::vector<int64_t> shape_;
};

// Powers that products, roots and reciprocals make; others, of positive
// numbers, by logarithm and exponential.
absl::Status ConvertPow(NodeContext& c) {
  constexpr double kMostExponent = 64;
  absl::StatusOr<mlir::Value> x = c.Operand(0);
  if (!x.ok()) return x.status();
  const Tensor* constant = c.Constant(1);
  const auto exponent = constant ? SplatOf(*constant) : std::nullopt;
  const auto shape = top::BroadcastShape(c.Shape(0), c.Shape(1));
  if (!exponent || !shape || *shape != c.Shape(0)) {
    return c.node().Error(
        "the exponent must be one constant number for all elements");
  }
  const double size = std::fabs(*exponent);
  const bool is_whole = size == std::floor(size);
  if (is_whole && (size == 0 || size > kMostExponent)) {
    return c.node().Error("exponent ", *exponent,
                          " is not supported; whole numbers from 1 to ",
                          kMostExponent, " and their negatives are");
  }
  if (!is_whole && size != 0.5) {
    const mlir::Value log = c.Create<top::LogOp>(".log", *shape, *x);
    const mlir::Value product = c.Create<top::MulConstOp>(
        ".exponent", *shape, log, c.Attribute("const_val", *exponent));
    c.SetOutput(c.Create<top::ExpOp>("", *shape, product));
    return absl::OkStatus();
  }
  if (*exponent == 1) {
    c.AliasOutput();
    return absl::OkStatus();
  }
  const std::string suffix = *exponent < 0 ? ".inverse" : "";
  mlir::Value power = *x;
  if (size == 0.5) {
    power = c.Create<top::SqrtOp>(suffix, *shape, power);
  } else if (size > 1) {
    power = Powers(c, *x).Integer(static_cast<int64_t>(size), suffix);
  }
  if (*exponent < 0) power = c.Create<top::ReciprocalOp>("", *shape, power);
  c.SetOutput(power);
  return absl::OkStatus();
}

}  // namespace

void RegisterElementwise(Registry& registry) {
  registry["Add"] = ConvertBinary<top::AddOp>;
  registry["Div"] = ConvertBinary<top::DivOp>;
  registry["Max"] = ConvertVariadic<top::MaxOp>;
  registry["Mean"] = ConvertMean;
  registry["Min"] = ConvertVariadic<top::MinOp>;
  registry["Mul"] = ConvertBinary<top::MulOp>;
  registry["Pow"] = ConvertPow;
  registry["Sub"] = ConvertBinary<top::SubOp>;
  registry["Sum"] = ConvertVariadic<top::AddOp>;
}

}  // namespace tpuc::onnx_import
