// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/functions.h"

#include <algorithm>
#include <cmath>

#include "compiler/interpreter/top/interpreter.h"

namespace tpuc {

using mlir::Value;
using quantization::ChannelRanges;

namespace {

// Places in a channel's range where a function is looked at.
constexpr int kPlaces = 1024;

bool IsIn8Bits(mlir::Operation* op, const Lowering& lowering) {
  return lowering.ModeOf(op) == "INT8";
}

bool IsDepthwiseIn8Bits(mlir::Operation* op, const Lowering& lowering) {
  auto conv = mlir::dyn_cast<top::ConvOp>(op);
  if (!conv || !IsIn8Bits(op, lowering) || !IsConstant(conv.getFilter()) ||
      (conv.getBias() && !IsConstant(conv.getBias())))
    return false;
  const auto group = static_cast<int64_t>(conv.getGroup());
  return group != 1 && group == top::ShapeOf(conv.getInput())[1] &&
         group == top::ShapeOf(conv.getOutput())[1];
}

// The functions of the table that reads `value`; none where something else
// does.
std::vector<mlir::Operation*> ReadingFunctions(Value value,
                                               const Lowering& lowering) {
  std::vector<mlir::Operation*> functions;
  if (!value.hasOneUse()) return functions;
  mlir::Operation* next = *value.user_begin();
  if (!UnaryOps::Has(next) || !IsIn8Bits(next, lowering)) return functions;
  functions.push_back(next);
  while (JoinsNext(functions.back(), lowering))
    functions.push_back(*functions.back()->user_begin());
  return functions;
}

// Cuts off the ends of each range on which the functions change less than half
// of a step of their result, such as what a hard swish makes 0.
ChannelRanges WithoutFlatEnds(ChannelRanges ranges,
                              llvm::ArrayRef<mlir::Operation*> functions,
                              const ResultStorage& result) {
  for (size_t c = 0; c < ranges.min.size(); ++c) {
    const double min = ranges.min[c], width = ranges.max[c] - min;
    const double step = result.channels.empty() ? result.type.getScale()
                                                : result.channels[c].scale;
    std::vector<float> places(kPlaces + 1);
    for (int i = 0; i <= kPlaces; ++i)
      places[i] = static_cast<float>(min + width * i / kPlaces);
    std::vector<float> values = places;
    Apply(functions, values);
    const auto same = [&](int i, int end) {
      return std::fabs(values[i] - values[end]) < step / 2;
    };
    int first = 0, last = kPlaces;
    while (first < kPlaces && same(first + 1, 0)) ++first;
    while (last > 0 && same(last - 1, kPlaces)) --last;
    if (first >= last) continue;
    ranges.min[c] = places[first];
    ranges.max[c] = places[last];
  }
  return ranges;
}

QuantizedType IntegersThemselves(int32_t zero_point, Lowering& lowering) {
  return QuantizedType::get(
      mlir::quant::QuantizationFlags::Signed, lowering.builder().getI8Type(),
      lowering.builder().getF32Type(), 1.0, zero_point, -128, 127);
}

}  // namespace

bool IsConstant(Value value) {
  const Tensor* data = top::ConstantOf(value);
  return data != nullptr && data->dtype() == DType::kF32;
}

bool JoinsNext(mlir::Operation* op, const Lowering& lowering) {
  if (!UnaryOps::Has(op) || !op->hasOneUse() || !IsIn8Bits(op, lowering))
    return false;
  mlir::Operation* user = *op->user_begin();
  return UnaryOps::Has(user) && IsIn8Bits(user, lowering);
}

void Apply(llvm::ArrayRef<mlir::Operation*> functions,
           std::vector<float>& values) {
  for (mlir::Operation* op : functions) {
    const interpreter::Evaluators::Entry* entry =
        interpreter::TopEvaluators().Find(op);
    entry->pointwise(op, 0)(values.data(), nullptr,
                            static_cast<int64_t>(values.size()));
  }
}

ResultStorage StorageOfResult(Value result, Lowering& lowering,
                              llvm::function_ref<QuantizedType()> calibrated) {
  ResultStorage storage;
  const std::optional<ChannelRanges> ranges = lowering.ChannelsOf(result);
  if (!ranges || result.use_empty()) {
    storage.type = calibrated();
    return storage;
  }
  if (llvm::all_of(result.getUsers(), [&](mlir::Operation* user) {
        return IsDepthwiseIn8Bits(user, lowering);
      })) {
    storage.channels = quantization::ChannelStoragesWithOneZero(*ranges);
    storage.type = IntegersThemselves(storage.channels[0].zero_point, lowering);
    storage.suffix = "channels";
    return storage;
  }
  const auto functions = ReadingFunctions(result, lowering);
  const bool is_convolution = !UnaryOps::Has(result.getDefiningOp());
  if (functions.empty() || !is_convolution) {
    storage.type = calibrated();
    return storage;
  }
  const Value last = functions.back()->getResult(0);
  const ResultStorage to = StorageOfResult(
      last, lowering, [&] { return lowering.Calibrated(last); });
  if (!to.type) return storage;
  storage.channels =
      quantization::ChannelStorages(WithoutFlatEnds(*ranges, functions, to));
  storage.type = IntegersThemselves(0, lowering);
  storage.suffix = "channels";
  return storage;
}

}  // namespace tpuc
