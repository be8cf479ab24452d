// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "runtime/runtime.h"
#include "runtime/static_tensor.h"

// Runs a net whose inputs and outputs are types of the program. The types are
// in a header that tpu_cc_library (docs/rules.md) generates from a bmodel:
//
//   #include "models/mine/classifier.h"
//
//   auto model = classifier::Load();
//   auto runner = runtime::TypedRunner<classifier::Mine>::Create(*model);
//   classifier::Mine::Inputs inputs;
//   classifier::Mine::Outputs outputs;
//   inputs.image(0, 0, y, x) = ...;
//   absl::Status status = runner->Run(inputs, outputs);
//
// Nothing is copied but from and to the device.
namespace tpuc::runtime {

// A runner for the stage of net `net` with these inputs and outputs. Fails,
// naming net and tensor, when the model has no such net or stage, or when its
// names and types are others.
absl::StatusOr<std::unique_ptr<Runner>> CreateMatching(
    std::shared_ptr<const Model> model, absl::string_view net,
    absl::Span<const TensorInfo> inputs, absl::Span<const TensorInfo> outputs,
    RunnerOptions options);

// `Stage` is a struct of a generated header.
template <typename Stage>
class TypedRunner {
 public:
  using Inputs = typename Stage::Inputs;
  using Outputs = typename Stage::Outputs;

  // Any model that holds the stage, the embedded one or another. `net` and
  // `stage` of the options are filled in.
  static absl::StatusOr<TypedRunner> Create(std::shared_ptr<const Model> model,
                                            const RunnerOptions& options = {}) {
    auto runner = CreateMatching(std::move(model), Stage::kNet, Infos<Inputs>(),
                                 Infos<Outputs>(), options);
    if (!runner.ok()) return runner.status();
    return TypedRunner(*std::move(runner));
  }

  absl::Status Run(const Inputs& inputs, Outputs& outputs) {
    return runner_->Run(Bytes<const uint8_t>(inputs), Bytes<uint8_t>(outputs));
  }
  // On a thread of the runner's own; both must stay until the run has ended.
  absl::StatusOr<Pending<absl::Status>> RunAsync(const Inputs& inputs,
                                                 Outputs& outputs) {
    return runner_->RunAsync(Bytes<const uint8_t>(inputs),
                             Bytes<uint8_t>(outputs));
  }
  absl::StatusOr<Pending<absl::Status>> RunAsync(Inputs&& inputs,
                                                 Outputs& outputs) = delete;

  Runner& runner() { return *runner_; }

 private:
  explicit TypedRunner(std::unique_ptr<Runner> runner)
      : runner_(std::move(runner)) {}

  template <typename Tensors>
  static std::vector<TensorInfo> Infos() {
    std::vector<TensorInfo> infos;
    const Tensors tensors;
    Tensors::ForEach(tensors, [&](const char* name, const auto& tensor) {
      infos.push_back(
          {name, tensor.kDType, {tensor.kShape.begin(), tensor.kShape.end()}});
    });
    return infos;
  }

  template <typename Byte, typename Tensors>
  static std::vector<absl::Span<Byte>> Bytes(Tensors& tensors) {
    std::vector<absl::Span<Byte>> bytes;
    std::remove_const_t<Tensors>::ForEach(
        tensors,
        [&](const char*, auto& tensor) { bytes.push_back(tensor.bytes()); });
    return bytes;
  }

  std::unique_ptr<Runner> runner_;
};

}  // namespace tpuc::runtime
