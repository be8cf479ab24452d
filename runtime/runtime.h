// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/support/dtype.h"
#include "compiler/support/tensor.h"
#include "runtime/options.h"
#include "runtime/simulator/simulator.h"

// Loads .bmodel files, of this compiler or of the vendor's, and runs their
// static nets on the simulator or on a device (docs/runtime.md).
//
//   auto model = runtime::Model::Load("net.bmodel");
//   auto runner = runtime::Runner::Create(*model, {});
//   auto outputs = (*runner)->Run({image});          // Tensors, in order
//
// Tensors are raw device data: the runtime converts no types and no 8-bit
// scales (see TensorInfo). Everything that a file says is checked when it is
// loaded, before a device sees it; errors name file, net, stage, tensor or
// instruction.
//
// tpu_runtime.h is the same for C. race_check.h proves that a program's waits
// suffice.
namespace tpuc::runtime {

class DeviceModel;
struct StageProgram;

// One input or output of a stage.
struct TensorInfo {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  // 8-bit nets: an input holds round(x * scale) + zero_point, an output stands
  // for (q - zero_point) * scale.
  float scale = 1.0f;
  int32_t zero_point = 0;

  size_t SizeInBytes() const;
};

// Device memory that a stage takes, in bytes. On the simulator the weights are
// there once for all runners, the rest once for each.
struct MemoryUse {
  uint64_t weights = 0;
  uint64_t tensors = 0;       // ctx and io regions
  uint64_t instructions = 0;  // both streams of all command groups
};

// A loaded file. Immutable: any number of runners and threads may share it.
class Model {
 public:
  static absl::StatusOr<std::shared_ptr<const Model>> Load(
      const std::string& path, const LoadOptions& options = {});
  // `name` stands for the file in errors. `bytes` is not used afterwards.
  static absl::StatusOr<std::shared_ptr<const Model>> FromBytes(
      absl::string_view bytes, absl::string_view name,
      const LoadOptions& options = {});
  ~Model();

  int NumNets() const { return static_cast<int>(contents_.nets.size()); }
  const std::string& NetName(int net) const { return contents_.nets[net].name; }
  // Index of the net with that name, or -1.
  int FindNet(absl::string_view name) const;
  // A stage is the net compiled for one set of input shapes.
  int NumStages(int net) const {
    return static_cast<int>(contents_.nets[net].stages.size());
  }
  std::vector<TensorInfo> Inputs(int net, int stage) const;
  std::vector<TensorInfo> Outputs(int net, int stage) const;
  MemoryUse Memory(int net, int stage) const;
  // The first stage of the net with these input shapes, or -1.
  int FindStage(int net, const std::vector<std::vector<int64_t>>& shapes) const;

  // What the file says. The weights' and the firmware's bytes are left out: the
  // device has them.
  const bmodel::Model& contents() const { return contents_; }
  // The checked instructions of a stage (stage_program.h).
  const StageProgram& Program(int net, int stage) const {
    return *programs_[net][stage];
  }
  const std::string& name() const { return name_; }

 private:
  friend class Runner;
  Model() = default;
  absl::Status Read(absl::string_view bytes, const LoadOptions& options);

  std::string name_;
  bmodel::Model contents_;
  std::vector<std::vector<std::shared_ptr<const StageProgram>>> programs_;
  std::vector<std::vector<MemoryUse>> memory_;  // both [net][stage]
  std::unique_ptr<DeviceModel> on_device_;
};

using NamedTensors = std::map<std::string, Tensor>;

// A run that was started. Copies stand for the same run; they may outlive the
// runner. Thread-safe.
template <typename Result>
class Pending {
 public:
  explicit Pending(std::shared_future<Result> future)
      : future_(std::move(future)) {}

  bool Done() const {
    return future_.wait_for(std::chrono::seconds(0)) ==
           std::future_status::ready;
  }
  // Blocks until the run has ended; its status and, if OK, outputs.
  const Result& Wait() const { return future_.get(); }

 private:
  std::shared_future<Result> future_;
};

// A net with device memory of its own. Does one run at a time: a call while
// another is in progress fails with code kAborted. To run in parallel, make a
// runner for each thread; they share the model's weights.
class Runner {
 public:
  using Outputs = absl::StatusOr<std::vector<Tensor>>;

  // Places and prepares the stage that `options` names, or the first one; other
  // stages follow when they are first used. Fails for stages with dynamic or
  // CPU parts, naming them.
  static absl::StatusOr<std::unique_ptr<Runner>> Create(
      std::shared_ptr<const Model> model, const RunnerOptions& options);
  // Waits for the run in progress.
  ~Runner();

  // Of the stage that `options` named, or the first one.
  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;

  // Inputs by position, with the types and shapes of a stage. Outputs are in
  // the order of the stage's.
  Outputs Run(const std::vector<Tensor>& inputs);
  // By name; every input must be there, other names are refused.
  absl::StatusOr<NamedTensors> Run(const NamedTensors& inputs);
  // The same on a thread of the runner's own. Fails at once for inputs that do
  // not fit.
  absl::StatusOr<Pending<Outputs>> RunAsync(std::vector<Tensor> inputs);

  // From and to the caller's memory, without copies of the host's: the bytes of
  // inputs() and outputs(). For a net of several stages, `options` must have
  // named one. RunAsync: the memory must stay until the run has ended.
  absl::Status Run(absl::Span<const absl::Span<const uint8_t>> inputs,
                   absl::Span<const absl::Span<uint8_t>> outputs);
  absl::StatusOr<Pending<absl::Status>> RunAsync(
      absl::Span<const absl::Span<const uint8_t>> inputs,
      absl::Span<const absl::Span<uint8_t>> outputs);

  // Simulator only. From now on keep a copy of every tensor that the file
  // locates (bmodel/tensor_location.h) as it is when complete. Fails for a file
  // without such a list.
  absl::Status DumpAllTensors();
  // The tensors of the last run of Tensors, inputs and outputs included.
  const NamedTensors& dumped() const;

  // Simulator only. Called after each instruction; null to stop.
  absl::Status set_observer(sim::Observer* observer);

 private:
  struct State;
  explicit Runner(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace tpuc::runtime
