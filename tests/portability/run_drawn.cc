// SPDX-License-Identifier: Apache-2.0
#include "tests/portability/run_drawn.h"

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "compiler/numerics/float_format.h"
#include "runtime/runtime.h"

namespace tpuc {
namespace {

Tensor Draw(const runtime::TensorInfo& info, std::mt19937& random) {
  Tensor tensor(info.dtype, info.shape);
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    // In [-1, 1), on a grid: the same for every float type and processor.
    const int value = static_cast<int>(random() % 256) - 128;
    if (numerics::IsFloat(info.dtype)) {
      numerics::StoreFloat(info.dtype, tensor.raw(), i,
                           static_cast<float>(value) / 128);
    } else {
      numerics::StoreIntegerWrapped(info.dtype, tensor.raw(), i, value);
    }
  }
  return tensor;
}

}  // namespace

absl::StatusOr<std::string> RunDrawn(const std::string& path) {
  const auto model = runtime::Model::Load(path, {"simulator"});
  if (!model.ok()) return model.status();
  std::mt19937 random(1);
  std::string bytes;
  for (int net = 0; net < (*model)->NumNets(); ++net) {
    for (int stage = 0; stage < (*model)->NumStages(net); ++stage) {
      runtime::RunnerOptions options;
      options.net = net;
      options.stage = stage;
      const auto runner = runtime::Runner::Create(*model, options);
      if (!runner.ok()) return runner.status();
      std::vector<Tensor> inputs;
      for (const runtime::TensorInfo& info : (*runner)->inputs()) {
        inputs.push_back(Draw(info, random));
      }
      // Fails for a file that locates no tensors; its outputs are left.
      (*runner)->DumpAllTensors().IgnoreError();
      const auto outputs = (*runner)->Run(inputs);
      if (!outputs.ok()) return outputs.status();
      const auto append = [&](const Tensor& tensor) {
        bytes.append(static_cast<const char*>(tensor.raw()),
                     tensor.SizeInBytes());
      };
      for (const Tensor& output : *outputs) append(output);
      for (const auto& [name, tensor] : (*runner)->dumped()) append(tensor);
    }
  }
  return bytes;
}

}  // namespace tpuc
