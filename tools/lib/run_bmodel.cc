// SPDX-License-Identifier: Apache-2.0
#include "tools/lib/run_bmodel.h"

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/numerics/float_format.h"
#include "compiler/quantization/scale.h"
#include "compiler/support/progress.h"
#include "compiler/support/similarity.h"
#include "runtime/race_check.h"
#include "runtime/runtime.h"
#include "tools/lib/model_inputs.h"

namespace tpuc {
namespace {

bool IsShortFloat(DType type) {
  return type == DType::kF16 || type == DType::kBF16;
}

struct StageInputs {
  int stage;
  std::vector<Tensor> tensors;
};

// The inputs in `files` for the first stage of a net that they fit.
absl::StatusOr<StageInputs> ReadStageInputs(const runtime::Model& model,
                                            int net, const std::string& files,
                                            const RunBmodelOptions& options) {
  absl::Status first = absl::OkStatus();
  for (int s = 0; s < model.NumStages(net); ++s) {
    const std::vector<runtime::TensorInfo> infos = model.Inputs(net, s);
    std::vector<InputInfo> expected;
    for (const runtime::TensorInfo& info : infos) {
      expected.push_back({info.name, info.shape, std::nullopt});
    }
    absl::Status fits =
        options.preprocessing
            ? SetPreprocessing(*options.preprocessing, &expected)
            : absl::OkStatus();
    auto given = fits.ok() ? ReadInputs(files, expected) : fits;
    if (!given.ok()) {
      if (first.ok()) first = given.status();
      continue;
    }
    StageInputs inputs{s, {}};
    for (const runtime::TensorInfo& info : infos) {
      auto tensor = InType(given->at(info.name), info);
      if (!tensor.ok()) return tensor.status();
      inputs.tensors.push_back(*std::move(tensor));
    }
    return inputs;
  }
  return first;
}

}  // namespace

absl::StatusOr<Tensor> InType(const Tensor& tensor,
                              const runtime::TensorInfo& info) {
  if (info.dtype == DType::kF32) return tensor;
  if (SizeOf(info.dtype) == 1 && info.scale != 1.0f)
    return quantization::Quantized(tensor, info.scale, info.zero_point,
                                   info.dtype);
  Tensor result(info.dtype, tensor.shape());
  const float* from = tensor.data<float>();
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    if (numerics::IsFloat(info.dtype)) {
      numerics::StoreFloat(info.dtype, result.raw(), i, from[i]);
      continue;
    }
    const double value = from[i];
    if (value != std::floor(value) ||
        value < static_cast<double>(numerics::MinOf(info.dtype)) ||
        value > static_cast<double>(numerics::MaxOf(info.dtype))) {
      return absl::InvalidArgumentError(
          absl::StrCat("input '", info.name, "' is ", Name(info.dtype),
                       ", found ", value, "; give it quantized: round(x * ",
                       info.scale, ") + ", info.zero_point));
    }
    numerics::StoreIntegerWrapped(info.dtype, result.raw(), i,
                                  static_cast<int64_t>(value));
  }
  return result;
}

TensorMap AsNumbers(const std::vector<bmodel::TensorLocation>& locations,
                    TensorMap tensors) {
  for (const bmodel::TensorLocation& location : locations) {
    const auto it = tensors.find(location.name);
    if (location.scale > 0 && it != tensors.end() &&
        SizeOf(it->second.dtype()) == 1) {
      it->second = quantization::Dequantized(it->second, location.scale,
                                             location.zero_point);
    }
  }
  for (auto& [name, tensor] : tensors) {
    if (IsShortFloat(tensor.dtype())) tensor = ToFloat(tensor);
  }
  return tensors;
}

absl::StatusOr<int> FindNet(const runtime::Model& model,
                            const std::string& name) {
  if (name.empty()) return 0;
  const int net = model.FindNet(name);
  if (net >= 0) return net;
  std::vector<std::string> names;
  for (int n = 0; n < model.NumNets(); ++n) names.push_back(model.NetName(n));
  return absl::InvalidArgumentError(
      absl::StrCat(model.name(), ": no net is called '", name, "'; there is ",
                   absl::StrJoin(names, ", ")));
}

absl::StatusOr<TensorMap> RunBmodel(const std::string& path,
                                    const std::string& files,
                                    const RunBmodelOptions& options,
                                    std::vector<std::string>* order) {
  auto model = runtime::Model::Load(path);
  if (!model.ok()) return model.status();
  auto net = FindNet(**model, options.net);
  if (!net.ok()) return net.status();
  auto inputs = ReadStageInputs(**model, *net, files, options);
  if (!inputs.ok()) return inputs.status();
  runtime::RunnerOptions runner_options;
  runner_options.net = *net;
  runner_options.stage = inputs->stage;
  auto runner = runtime::Runner::Create(*model, runner_options);
  if (!runner.ok()) return runner.status();
  if (options.all_tensors) {
    absl::Status status = (*runner)->DumpAllTensors();
    if (!status.ok()) return status;
  }
  if (options.check_races) {
    Waiting waiting("checking for races");
    runtime::LoadOptions on_simulator;
    on_simulator.device = "simulator";
    auto simulated = runtime::Model::Load(path, on_simulator);
    if (!simulated.ok()) return simulated.status();
    absl::Status status =
        runtime::CheckRaces(*simulated, runner_options, inputs->tensors);
    if (!status.ok()) return status;
  }
  auto outputs = [&] {
    Waiting waiting("running");
    return (*runner)->Run(inputs->tensors);
  }();
  if (!outputs.ok()) return outputs.status();
  TensorMap results;
  if (options.all_tensors) {
    for (const runtime::TensorInfo& info : (*runner)->inputs()) {
      order->push_back(info.name);
    }
    auto list = bmodel::ReadTensorLocations(
        (*model)->contents().nets[*net].stages[inputs->stage].tensor_location);
    if (!list.ok()) return list.status();
    results = (*runner)->dumped();
    for (const bmodel::TensorLocation& location : *list)
      order->push_back(location.name);
    results = AsNumbers(*list, std::move(results));
  }
  for (size_t i = 0; i < outputs->size(); ++i) {
    const std::string& name = (*runner)->outputs()[i].name;
    order->push_back(name);
    const runtime::TensorInfo& info = (*runner)->outputs()[i];
    results[name] = std::move((*outputs)[i]);
    if (SizeOf(info.dtype) == 1 && info.scale != 1.0f)
      results[name] =
          quantization::Dequantized(results[name], info.scale, info.zero_point);
  }
  for (auto& [name, tensor] : results) {
    if (IsShortFloat(tensor.dtype())) tensor = ToFloat(tensor);
  }
  return results;
}

}  // namespace tpuc
