// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/tune.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/quantization/fake_quantize.h"
#include "compiler/quantization/thresholds.h"
#include "compiler/support/parallel.h"
#include "compiler/support/printable.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace tpuc::quantization {
namespace {

// The weights of a layer that become integers.
struct LayerWeights {
  mlir::Value value;
  int64_t axis = 0;  // of the output's channels
};

std::optional<LayerWeights> WeightsOf(mlir::Operation* op) {
  if (auto conv = mlir::dyn_cast<top::ConvOp>(op))
    return LayerWeights{conv.getFilter(), 0};
  if (auto conv = mlir::dyn_cast<top::ConvTransposeOp>(op))
    return LayerWeights{conv.getFilter(), 1};
  if (auto product = mlir::dyn_cast<top::MatMulOp>(op)) {
    const int64_t rank = top::ShapeOf(product.getRight()).size();
    return LayerWeights{product.getRight(),
                        product.getRightTranspose() ? rank - 2 : rank - 1};
  }
  return std::nullopt;
}

// A layer alone, as a module with one input; or a result of the network.
struct Reader {
  std::string input, output;
  std::vector<float> candidates;
  bool is_signed = true;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::optional<interpreter::Program> program;  // none: the tensor itself
};

// Takes the tensors that it made out of the context's store again.
class ScratchWeights {
 public:
  explicit ScratchWeights(mlir::MLIRContext* context) : context_(context) {}
  ~ScratchWeights() {
    for (const std::string& name : names_) getWeights(context_).Erase(name);
  }
  mlir::Value Add(mlir::OpBuilder& builder, Tensor tensor) {
    auto weight = top::CreateWeight(builder, "calibration", std::move(tensor));
    names_.push_back(getName(weight));
    return weight.getOutput();
  }

 private:
  mlir::MLIRContext* context_;
  std::vector<std::string> names_;
};

mlir::OwningOpRef<mlir::ModuleOp> Isolate(mlir::Operation* op,
                                          const LayerWeights& weights,
                                          ScratchWeights& scratch) {
  mlir::OpBuilder builder(op->getContext());
  const mlir::Location unknown = builder.getUnknownLoc();
  auto module = mlir::ModuleOp::create(unknown);
  builder.setInsertionPointToEnd(module.getBody());
  const mlir::Value input = op->getOperand(0);
  auto function = builder.create<mlir::func::FuncOp>(
      unknown, "main",
      builder.getFunctionType({input.getType()}, op->getResultTypes()));
  builder.setInsertionPointToStart(function.addEntryBlock());
  mlir::IRMapping mapping;
  auto read = builder.create<top::InputOp>(
      NameLocation(op->getContext(), getName(input)), input.getType(),
      function.getArgument(0));
  for (mlir::Value operand : op->getOperands()) {
    if (operand == input) {
      mapping.map(operand, read.getOutput());
    } else if (operand == weights.value) {
      mapping.map(operand, scratch.Add(builder, FakeQuantizeChannels(
                                                    *top::ConstantOf(operand),
                                                    weights.axis)));
    } else if (!mapping.contains(operand)) {
      builder.clone(*operand.getDefiningOp(), mapping);
    }
  }
  mlir::Operation* layer = builder.clone(*op, mapping);
  builder.create<mlir::func::ReturnOp>(unknown, layer->getResults());
  return module;
}

// Nothing when there is no choice.
std::vector<float> CandidatesOf(const TensorRange& range) {
  const float low = static_cast<float>(range.threshold);
  const float high =
      static_cast<float>(std::max(std::fabs(range.min), std::fabs(range.max)));
  if (!(low < high)) return {};
  std::vector<float> candidates;
  for (int i = 0; i < kCandidates; ++i)
    candidates.push_back(low + (high - low) * static_cast<float>(i) /
                                   (kCandidates - 1));
  return candidates;
}

// All that is to be tried, in order of execution.
class Tuner {
 public:
  Tuner(mlir::ModuleOp module, CalibrationTable& table)
      : module_(module), table_(table), scratch_(module.getContext()) {}

  absl::Status Prepare() {
    absl::Status status;
    module_.walk([&](mlir::Operation* op) {
      if (status.ok()) status = AddReaders(op);
    });
    return status;
  }

  absl::Status Measure(const Samples& samples, const RunControl& control) {
    auto program = interpreter::PrepareTop(module_, /*keep_all=*/true);
    if (!program.ok()) return program.status();
    const int64_t count = static_cast<int64_t>(samples.names.size());
    for (int64_t sample = 0; sample < count; ++sample) {
      auto inputs = samples.read(sample);
      if (!inputs.ok()) return inputs.status();
      auto tensors = program->Run(*inputs, control.threads);
      if (!tensors.ok()) return tensors.status();
      absl::Status status = MeasureSample(*tensors, sample, count, control);
      if (!status.ok())
        return absl::Status(
            status.code(),
            absl::StrCat("'", samples.names[sample], "': ", status.message()));
    }
    return absl::OkStatus();
  }

  void Choose() {
    std::map<std::string, float> chosen;
    for (size_t i = 0; i < readers_.size(); ++i) {
      const auto least =
          std::min_element(distances_[i].begin(), distances_[i].end());
      float& threshold = chosen[readers_[i].input];
      threshold = std::max(
          threshold, readers_[i].candidates[least - distances_[i].begin()]);
    }
    for (const auto& [name, threshold] : chosen)
      table_.ranges[name].threshold = threshold;
  }

 private:
  absl::Status AddReaders(mlir::Operation* op) {
    if (mlir::isa<mlir::func::ReturnOp>(op)) {
      for (mlir::Value result : op->getOperands())
        if (absl::Status s = AddReader(result, nullptr); !s.ok()) return s;
      return absl::OkStatus();
    }
    const auto weights = WeightsOf(op);
    if (!weights || top::ConstantOf(weights->value) == nullptr ||
        top::ConstantOf(op->getOperand(0)) != nullptr)
      return absl::OkStatus();
    return AddReader(op->getOperand(0), op);
  }

  absl::Status AddReader(mlir::Value input, mlir::Operation* op) {
    Reader reader;
    reader.input = getName(input);
    const auto range = table_.ranges.find(reader.input);
    if (range == table_.ranges.end())
      return absl::NotFoundError(absl::StrCat("the table has no tensor '",
                                              Printable(reader.input), "'"));
    reader.candidates = CandidatesOf(range->second);
    if (reader.candidates.empty()) return absl::OkStatus();
    reader.is_signed = range->second.min < 0;
    reader.output = op != nullptr ? getName(op) : reader.input;
    if (op != nullptr) {
      reader.module = Isolate(op, *WeightsOf(op), scratch_);
      auto program = interpreter::PrepareTop(*reader.module, false);
      if (!program.ok()) return program.status();
      reader.program.emplace(*std::move(program));
    }
    readers_.push_back(std::move(reader));
    distances_.emplace_back(kCandidates);
    return absl::OkStatus();
  }

  // The layers on several threads; each adds to its own distances.
  absl::Status MeasureSample(const TensorMap& tensors, int64_t sample,
                             int64_t samples, const RunControl& control) {
    const int64_t count = static_cast<int64_t>(readers_.size());
    std::atomic<int64_t> next = 0, done = 0;
    std::mutex mutex;
    absl::Status first;
    ParallelFor(control.threads, control.threads, 1, [&](int64_t, int64_t) {
      for (int64_t i = next++; i < count; i = next++) {
        absl::Status status =
            MeasureReader(readers_[i], tensors, distances_[i]);
        if (!status.ok()) {
          const std::lock_guard<std::mutex> lock(mutex);
          if (first.ok()) first = status;
          next = count;
        }
        if (control.progress)
          control.progress(sample * count + ++done, samples * count);
      }
    });
    return first;
  }

  static absl::Status MeasureReader(const Reader& reader,
                                    const TensorMap& tensors,
                                    std::vector<double>& distances) {
    const Tensor& input = tensors.at(reader.input);
    const Tensor& wanted = tensors.at(reader.output);
    for (int k = 0; k < kCandidates; ++k) {
      TensorMap values;
      Tensor& rounded = values[reader.input] =
          Tensor(DType::kF32, input.shape());
      FakeQuantize(input.data<float>(), input.NumElements(),
                   reader.candidates[k], reader.is_signed,
                   rounded.data<float>());
      if (reader.program) {
        auto results = reader.program->Run(values, /*threads=*/1);
        if (!results.ok()) return results.status();
        values = *std::move(results);
      }
      distances[k] +=
          SquaredDistance(values.at(reader.output).data<float>(),
                          wanted.data<float>(), wanted.NumElements());
    }
    return absl::OkStatus();
  }

  mlir::ModuleOp module_;
  CalibrationTable& table_;
  ScratchWeights scratch_;
  std::vector<Reader> readers_;
  std::vector<std::vector<double>> distances_;
};

}  // namespace

absl::Status TuneThresholds(mlir::ModuleOp module, const Samples& samples,
                            const RunControl& control,
                            CalibrationTable* table) {
  if (samples.names.empty()) return absl::OkStatus();
  Tuner tuner(module, *table);
  absl::Status status = tuner.Prepare();
  if (status.ok()) status = tuner.Measure(samples, control);
  if (status.ok()) tuner.Choose();
  return status;
}

}  // namespace tpuc::quantization
