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
#include "compiler/quantization/part.h"
#include "compiler/quantization/thresholds.h"
#include "compiler/support/parallel.h"
#include "compiler/support/printable.h"
#include "llvm/ADT/SetVector.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc::quantization {
namespace {

// Operations that give their operand's integers on as they are: its threshold
// is that of their result, too.
mlir::Value Origin(mlir::Value value) {
  while (mlir::Operation* op = value.getDefiningOp()) {
    if (!mlir::isa<top::ReshapeOp, top::PermuteOp, top::SliceOp,
                   top::MaxPoolOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

// An operation alone, as a module; or a result of the network.
struct Reader {
  std::string origin;  // whose threshold is tried
  std::string input, output;
  std::vector<std::string> others;  // what else the operation reads
  std::vector<float> candidates;
  bool is_signed = true;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::optional<interpreter::Program> program;  // none: the tensor itself
};

std::vector<float> CandidatesOf(const TensorRange& range) {
  const float high =
      static_cast<float>(std::max(std::fabs(range.min), std::fabs(range.max)));
  const float low =
      std::min(static_cast<float>(range.threshold), kLeastPart * high);
  std::vector<float> candidates;
  for (int i = 0; i < kCandidates; ++i)
    candidates.push_back(std::min(
        high, low + (high - low) * static_cast<float>(i) / (kCandidates - 1)));
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
      float& threshold = chosen[readers_[i].origin];
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
    if (op->getNumResults() != 1 ||
        mlir::isa<top::InputOp, top::WeightOp, top::ReshapeOp, top::PermuteOp,
                  top::SliceOp, top::MaxPoolOp>(op))
      return absl::OkStatus();
    llvm::SetVector<mlir::Value> operands;
    for (mlir::Value operand : op->getOperands())
      if (!operand.getDefiningOp<top::WeightOp>()) operands.insert(operand);
    for (mlir::Value operand : operands)
      if (absl::Status s = AddReader(operand, op); !s.ok()) return s;
    return absl::OkStatus();
  }

  absl::Status AddReader(mlir::Value input, mlir::Operation* op) {
    Reader reader;
    reader.input = getName(input);
    reader.origin = getName(Origin(input));
    const auto range = table_.ranges.find(reader.origin);
    if (range == table_.ranges.end())
      return absl::NotFoundError(absl::StrCat("the table has no tensor '",
                                              Printable(reader.origin), "'"));
    reader.candidates = CandidatesOf(range->second);
    if (reader.candidates.empty()) return absl::OkStatus();
    reader.is_signed = range->second.min < 0;
    reader.output = op != nullptr ? getName(op) : reader.input;
    if (op != nullptr) {
      reader.module = CopyPart(op, op->getResult(0), &scratch_);
      auto program = interpreter::PrepareTop(*reader.module, false);
      if (!program.ok()) return program.status();
      reader.program.emplace(*std::move(program));
      for (mlir::Value operand : op->getOperands())
        if (operand != input && !operand.getDefiningOp<top::WeightOp>())
          reader.others.push_back(getName(operand));
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
      for (const std::string& name : reader.others)
        values[name] = tensors.at(name);
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
