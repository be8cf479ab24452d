// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/sensitivity.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/quantization/fake_quantize.h"
#include "compiler/quantization/gates.h"
#include "compiler/quantization/part.h"
#include "compiler/support/printable.h"
#include "llvm/ADT/DenseSet.h"

namespace tpuc::quantization {
namespace {

// Squared norms, summed over samples.
struct Distance {
  double error = 0, size = 0;
};

absl::StatusOr<Tensor> Rounded(const Tensor& tensor, const std::string& name,
                               const CalibrationTable& table) {
  const auto it = table.ranges.find(name);
  if (it == table.ranges.end())
    return absl::NotFoundError(absl::StrCat(
        "the calibration table has no tensor '", Printable(name), "'"));
  Tensor result(DType::kF32, tensor.shape());
  FakeQuantize(tensor.data<float>(), tensor.NumElements(),
               static_cast<float>(it->second.threshold), it->second.min < 0,
               result.data<float>());
  return result;
}

// What is computed from `value`, in order, and which results that reaches.
struct Tail {
  std::vector<mlir::Operation*> ops;
  std::vector<mlir::Value> results;
};

Tail TailOf(mlir::Value value, mlir::func::FuncOp function) {
  Tail tail;
  llvm::DenseSet<mlir::Value> reached = {value};
  std::set<std::string> names;
  for (mlir::Operation& op : function.getBody().front()) {
    for (mlir::Value operand : op.getOperands()) {
      if (!reached.contains(operand)) continue;
      if (!mlir::isa<mlir::func::ReturnOp>(op)) {
        tail.ops.push_back(&op);
        reached.insert(op.getResult(0));
        break;
      }
      if (operand != value && names.insert(getName(operand)).second)
        tail.results.push_back(operand);
    }
  }
  return tail;
}

// The results of `ops`, run by themselves on what `tensors` holds.
absl::StatusOr<TensorMap> RunPart(llvm::ArrayRef<mlir::Operation*> ops,
                                  llvm::ArrayRef<mlir::Value> results,
                                  const TensorMap& tensors, bool rounds_weights,
                                  int threads) {
  ScratchWeights scratch(results[0].getContext());
  const auto module =
      CopyPart(ops, results, rounds_weights ? &scratch : nullptr);
  auto program = interpreter::PrepareTop(*module, /*keep_all=*/false);
  if (!program.ok()) return program.status();
  return program->Run(tensors, threads);
}

// One sample's tensors in float, with single layers made worse.
class Experiment {
 public:
  Experiment(mlir::ModuleOp module, const CalibrationTable& table,
             TensorMap tensors, int threads)
      : function_(MainFunction(module)),
        table_(table),
        tensors_(std::move(tensors)),
        threads_(threads) {}

  absl::Status Measure(mlir::Operation* layer, Distance& distance) {
    const mlir::Value value = layer->getResult(0);
    auto result = InEightBits(layer);
    if (!result.ok()) return result.status();
    const std::string name = getName(layer);
    const Tail tail = TailOf(value, function_);
    std::swap(tensors_.at(name), *result);
    absl::StatusOr<TensorMap> outputs = TensorMap();
    if (!tail.results.empty())
      outputs = RunPart(tail.ops, tail.results, tensors_, false, threads_);
    std::swap(tensors_.at(name), *result);
    if (!outputs.ok()) return outputs.status();
    // `result` is the rounded one again.
    outputs->emplace(name, *std::move(result));
    AddDistances(*outputs, distance);
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Tensor> InEightBits(mlir::Operation* layer) {
    TensorMap operands;
    for (mlir::Value operand : layer->getOperands()) {
      if (operand.getDefiningOp<top::WeightOp>()) continue;
      const std::string name = getName(operand);
      auto rounded = Rounded(tensors_.at(name), name, table_);
      if (!rounded.ok()) return rounded.status();
      operands[name] = *std::move(rounded);
    }
    auto results =
        RunPart(layer, layer->getResult(0), operands, true, threads_);
    if (!results.ok()) return results.status();
    const std::string name = getName(layer);
    return Rounded(results->at(name), name, table_);
  }

  // A result that the layer doesn't reach adds to the size alone.
  void AddDistances(const TensorMap& outputs, Distance& distance) {
    std::set<std::string> names;
    for (mlir::Value value :
         function_.getBody().front().getTerminator()->getOperands()) {
      const std::string name = getName(value);
      if (!names.insert(name).second) continue;
      const Tensor& exact = tensors_.at(name);
      const int64_t count = exact.NumElements();
      const std::vector<float> zeros(count);
      distance.size +=
          SquaredDistance(exact.data<float>(), zeros.data(), count);
      const auto it = outputs.find(name);
      if (it == outputs.end()) continue;
      distance.error +=
          SquaredDistance(exact.data<float>(), it->second.data<float>(), count);
    }
  }

  mlir::func::FuncOp function_;
  const CalibrationTable& table_;
  TensorMap tensors_;
  int threads_;
};

}  // namespace

std::vector<mlir::Operation*> LayersOf(mlir::ModuleOp module) {
  std::vector<mlir::Operation*> layers;
  const auto gates = GatesOf(MainFunction(module));
  for (mlir::Operation& op : MainFunction(module).getBody().front()) {
    if (gates.contains(&op) ||
        mlir::isa<mlir::func::ReturnOp, top::InputOp, top::WeightOp,
                  top::ReshapeOp, top::PermuteOp, top::SliceOp, top::ConcatOp,
                  top::PadOp>(op))
      continue;
    layers.push_back(&op);
  }
  return layers;
}

absl::StatusOr<std::vector<LayerLoss>> MeasureLosses(
    mlir::ModuleOp module, const CalibrationTable& table,
    const Samples& samples, const std::function<bool(size_t)>& picks,
    const RunControl& control) {
  std::vector<mlir::Operation*> layers;
  const std::vector<mlir::Operation*> all = LayersOf(module);
  for (size_t i = 0; i < all.size(); ++i)
    if (picks(i)) layers.push_back(all[i]);
  auto program = interpreter::PrepareTop(module, /*keep_all=*/true);
  if (!program.ok()) return program.status();
  std::vector<Distance> distances(layers.size());
  const int64_t count = static_cast<int64_t>(samples.names.size());
  int64_t done = 0;
  for (int64_t sample = 0; sample < count; ++sample) {
    auto inputs = samples.read(sample);
    if (!inputs.ok()) return inputs.status();
    auto tensors = program->Run(*inputs, control.threads);
    if (!tensors.ok()) return tensors.status();
    Experiment experiment(module, table, *std::move(tensors), control.threads);
    for (size_t i = 0; i < layers.size(); ++i) {
      if (absl::Status s = experiment.Measure(layers[i], distances[i]); !s.ok())
        return s;
      if (control.progress)
        control.progress(++done, count * static_cast<int64_t>(layers.size()));
    }
  }
  std::vector<LayerLoss> losses;
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto [error, size] = distances[i];
    losses.push_back({getName(layers[i]), size > 0 ? error / size : error});
  }
  return losses;
}

std::string PrintLosses(const std::vector<LayerLoss>& losses) {
  std::string text;
  for (const LayerLoss& layer : losses)
    absl::StrAppend(&text, layer.name, " ",
                    absl::StrFormat("%.17g", layer.loss), "\n");
  return text;
}

absl::StatusOr<std::vector<LayerLoss>> ParseLosses(absl::string_view text,
                                                   const std::string& file) {
  std::vector<LayerLoss> losses;
  int64_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    LayerLoss layer;
    if (words.size() != 2 || !absl::SimpleAtod(words[1], &layer.loss) ||
        !(layer.loss >= 0))
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", number, ": not NAME LOSS"));
    layer.name = std::string(words[0]);
    losses.push_back(std::move(layer));
  }
  return losses;
}

}  // namespace tpuc::quantization
