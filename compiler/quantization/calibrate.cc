// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/calibrate.h"

#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/support/printable.h"

namespace tpuc::quantization {
namespace {

absl::Status InSample(const std::string& sample, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("'", sample, "': ", status.message()));
}

// The first element that is infinite or not a number.
std::string DescribeFirstBad(const std::string& name, const Tensor& tensor) {
  const float* values = tensor.data<float>();
  int64_t i = 0;
  while (i + 1 < tensor.NumElements() && std::isfinite(values[i])) ++i;
  return absl::StrCat("element ", i, " of tensor '", Printable(name), "' is ",
                      std::isnan(values[i]) ? "not a number" : "infinite");
}

// Takes what single samples give, from several threads.
class Collector {
 public:
  explicit Collector(Statistics& statistics)
      : statistics_(statistics),
        mutexes_(std::make_unique<std::mutex[]>(statistics.names().size())) {}

  // Tensors of those with these names have a range for each channel.
  void TellChannelsApart(std::set<std::string> names) {
    channels_ = std::move(names);
  }

  absl::Status Add(const TensorMap& tensors) {
    for (size_t i = 0; i < statistics_.names().size(); ++i) {
      const std::string& name = statistics_.names()[i];
      const auto it = tensors.find(name);
      if (it == tensors.end())
        return absl::InternalError(
            absl::StrCat("no tensor '", Printable(name), "' was computed"));
      const Tensor& tensor = it->second;
      TensorStatistics sample;
      if (!sample.Add(tensor.data<float>(), tensor.NumElements()))
        return absl::InvalidArgumentError(DescribeFirstBad(name, tensor));
      if (channels_.count(name) != 0) {
        const auto& s = tensor.shape();
        sample.AddChannels(tensor.data<float>(), s[0], s[1], s[2] * s[3]);
      }
      const std::lock_guard<std::mutex> lock(mutexes_[i]);
      if (!statistics_.tensors()[i].Merge(sample))
        return absl::OutOfRangeError(
            absl::StrCat("tensor '", Printable(name), "' has too many values"));
    }
    return absl::OkStatus();
  }

 private:
  Statistics& statistics_;
  std::unique_ptr<std::mutex[]> mutexes_;
  std::set<std::string> channels_;
};

bool IsFunctionOfOneElement(mlir::Operation* op) {
  const interpreter::Evaluators::Entry* entry =
      interpreter::TopEvaluators().Find(op);
  return op->getNumOperands() == 1 && entry != nullptr && entry->pointwise;
}

bool IsDepthwise(mlir::Operation* op) {
  auto conv = mlir::dyn_cast<top::ConvOp>(op);
  return conv && conv.getGroup() > 1 &&
         static_cast<int64_t>(conv.getGroup()) ==
             top::ShapeOf(conv.getInput())[1];
}

}  // namespace

absl::StatusOr<std::vector<std::string>> CalibratedTensors(
    mlir::ModuleOp module) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  absl::Status status;
  module.walk([&](mlir::Operation* op) {
    if (op->getNumResults() != 1 || mlir::isa<top::WeightOp>(op)) return;
    if (!top::ElementTypeOf(op->getResult(0)).isF32()) return;
    names.push_back(getName(op));
    if (!seen.insert(names.back()).second)
      status = absl::InvalidArgumentError(absl::StrCat(
          "two tensors are called '", Printable(names.back()), "'"));
  });
  if (!status.ok()) return status;
  return names;
}

bool HasChannelRanges(mlir::Value value) {
  if (top::ShapeOf(value).size() != 4 || value.use_empty()) return false;
  if (llvm::all_of(value.getUsers(), IsDepthwise)) return true;
  return value.hasOneUse() && IsFunctionOfOneElement(*value.user_begin()) &&
         mlir::isa_and_nonnull<top::ConvOp, top::ConvTransposeOp, top::ScaleOp>(
             value.getDefiningOp());
}

absl::StatusOr<Statistics> CollectStatistics(mlir::ModuleOp module,
                                             const Samples& samples,
                                             const RunControl& control) {
  auto names = CalibratedTensors(module);
  if (!names.ok()) return names.status();
  Statistics statistics(*std::move(names));
  const int64_t count = static_cast<int64_t>(samples.names.size());
  if (count == 0) return statistics;
  auto program = interpreter::PrepareTop(module, /*keep_all=*/true);
  if (!program.ok()) return program.status();
  Collector collector(statistics);
  std::set<std::string> channels;
  module.walk([&](mlir::Operation* op) {
    if (op->getNumResults() == 1 && HasChannelRanges(op->getResult(0)))
      channels.insert(getName(op));
  });
  collector.TellChannelsApart(std::move(channels));
  std::atomic<int64_t> done = 0;
  const absl::Status status = program->RunEach(
      count, [&](int64_t i) { return samples.read(i); },
      [&](int64_t i, TensorMap tensors) {
        if (absl::Status s = collector.Add(tensors); !s.ok())
          return InSample(samples.names[i], s);
        if (control.progress) control.progress(++done, count);
        return absl::OkStatus();
      },
      control.threads);
  if (!status.ok()) return status;
  statistics.CountImages(static_cast<uint64_t>(count));
  return statistics;
}

absl::StatusOr<CalibrationTable> MakeTable(const Statistics& statistics,
                                           Method method, int64_t bins,
                                           std::vector<std::string>* warnings) {
  if (statistics.images() == 0)
    return absl::InvalidArgumentError("the data set is empty");
  CalibrationTable table;
  table.order = statistics.names();
  for (size_t i = 0; i < table.order.size(); ++i) {
    const std::string& name = table.order[i];
    const TensorStatistics& tensor = statistics.tensors()[i];
    if (tensor.IsZero()) {
      warnings->push_back(absl::StrCat(
          "tensor '", Printable(name), "' is 0 in all ", statistics.images(),
          " samples; its range is set to [0, 1]. Calibrate with samples that "
          "use all of the network"));
      table.ranges[name] = {1, 0, 1};
      continue;
    }
    table.ranges[name] = {ThresholdOf(tensor, method, bins), tensor.min(),
                          tensor.max()};
    if (tensor.channel_min().empty()) continue;
    table.channels[name] = {
        {tensor.channel_min().begin(), tensor.channel_min().end()},
        {tensor.channel_max().begin(), tensor.channel_max().end()}};
  }
  return table;
}

}  // namespace tpuc::quantization
