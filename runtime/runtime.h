// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/support/dtype.h"
#include "compiler/support/tensor.h"
#include "runtime/simulator/memory.h"
#include "runtime/simulator/simulator.h"

// Loads .bmodel files, of this compiler or of the vendor's, and runs their
// static nets on the simulator.
//
//   auto model = runtime::Model::Load("net.bmodel");
//   auto runner = runtime::Runner::Create(*model, {});
//   auto outputs = (*runner)->Run({image});          // Tensors, in order
//
// Tensors are raw device data: the runtime converts no types and no 8-bit
// scales (see TensorInfo). Everything that a file says is checked before it is
// used; errors name file, net, stage, tensor or instruction.
//
// race_check.h proves that a program's waits suffice.
namespace tpuc::runtime {

// One input or output of a stage.
struct TensorInfo {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  // 8-bit nets: an input holds round(x * scale) + zero_point, an output stands
  // for (q - zero_point) * scale.
  float scale = 1.0f;
  int32_t zero_point = 0;
};

// A loaded file. Immutable: any number of runners and threads may share it.
class Model {
 public:
  static absl::StatusOr<std::shared_ptr<const Model>> Load(
      const std::string& path);
  // `name` stands for the file in errors.
  static absl::StatusOr<std::shared_ptr<const Model>> FromBytes(
      absl::string_view bytes, absl::string_view name);

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
  // The first stage of the net with these input shapes, or -1.
  int FindStage(int net, const std::vector<std::vector<int64_t>>& shapes) const;

  // The whole file as read.
  const bmodel::Model& contents() const { return contents_; }
  const std::string& name() const { return name_; }

 private:
  Model(bmodel::Model contents, std::string name)
      : contents_(std::move(contents)), name_(std::move(name)) {}

  bmodel::Model contents_;
  std::string name_;
};

struct RunnerOptions {
  int net = 0;
  int stage = 0;
  int threads = 0;  // of the simulator; 0: one per processor
  sim::LocalPattern local_pattern = sim::LocalPattern::kDeadBeef;
  sim::Interleaving interleaving = sim::Interleaving::kAlternate;
};

using NamedTensors = std::map<std::string, Tensor>;

// One stage of a net with device memory of its own. Not thread-safe; make one
// runner a thread.
class Runner {
 public:
  // Places weights and tensors, relocates, decodes and checks the instructions.
  // Fails for nets with dynamic or CPU parts and for instructions that the
  // simulator lacks, naming them.
  static absl::StatusOr<std::unique_ptr<Runner>> Create(
      std::shared_ptr<const Model> model, const RunnerOptions& options);
  ~Runner();

  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }

  // Inputs by position, with the types and shapes of inputs(). Outputs are in
  // the order of outputs().
  absl::StatusOr<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs);
  // By name; every input must be there, other names are refused.
  absl::StatusOr<NamedTensors> Run(const NamedTensors& inputs);

  // From now on keep a copy of every tensor that the file locates
  // (bmodel/tensor_location.h) as it is when complete. Fails for a file
  // without such a list.
  absl::Status DumpAllTensors();
  // The tensors of the last run, inputs and outputs included.
  const NamedTensors& dumped() const;

  // Called after each instruction; null to stop. Not with DumpAllTensors.
  void set_observer(sim::Observer* observer);

 private:
  struct State;
  Runner(std::unique_ptr<State> state, std::vector<TensorInfo> inputs,
         std::vector<TensorInfo> outputs);

  std::unique_ptr<State> state_;
  std::vector<TensorInfo> inputs_, outputs_;
};

}  // namespace tpuc::runtime
