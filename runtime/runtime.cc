// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/support/file.h"
#include "runtime/relocation.h"

namespace tpuc::runtime {
namespace {

absl::Status Annotate(const absl::Status& status, absl::string_view where) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(where, ": ", status.message()));
}

TensorInfo InfoOf(const bmodel::TensorRecord& record) {
  return {record.name,
          record.dtype,
          {record.shape.begin(), record.shape.end()},
          record.scale,
          record.zero_point};
}

std::vector<TensorInfo> InfosOf(
    const std::vector<bmodel::TensorRecord>& records) {
  std::vector<TensorInfo> infos;
  for (const bmodel::TensorRecord& r : records) infos.push_back(InfoOf(r));
  return infos;
}

std::string ShapeText(DType dtype, const std::vector<int64_t>& shape) {
  return absl::StrCat(Name(dtype), " [", absl::StrJoin(shape, ", "), "]");
}

absl::Status CheckInput(const TensorInfo& info, const Tensor& tensor) {
  if (tensor.dtype() == info.dtype && tensor.shape() == info.shape) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "input \"", info.name, "\" is ", ShapeText(info.dtype, info.shape),
      ", found ", ShapeText(tensor.dtype(), tensor.shape())));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Model>> Model::Load(
    const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  return FromBytes(*bytes, path);
}

absl::StatusOr<std::shared_ptr<const Model>> Model::FromBytes(
    absl::string_view bytes, absl::string_view name) {
  absl::StatusOr<bmodel::Model> contents = bmodel::Parse(bytes);
  if (!contents.ok()) return Annotate(contents.status(), name);
  return std::shared_ptr<const Model>(
      new Model(*std::move(contents), std::string(name)));
}

int Model::FindNet(absl::string_view name) const {
  for (int i = 0; i < NumNets(); ++i) {
    if (NetName(i) == name) return i;
  }
  return -1;
}

std::vector<TensorInfo> Model::Inputs(int net, int stage) const {
  return InfosOf(contents_.nets[net].stages[stage].inputs);
}

std::vector<TensorInfo> Model::Outputs(int net, int stage) const {
  return InfosOf(contents_.nets[net].stages[stage].outputs);
}

int Model::FindStage(int net,
                     const std::vector<std::vector<int64_t>>& shapes) const {
  for (int s = 0; s < NumStages(net); ++s) {
    std::vector<std::vector<int64_t>> own;
    for (const TensorInfo& info : Inputs(net, s)) own.push_back(info.shape);
    if (own == shapes) return s;
  }
  return -1;
}

struct Runner::State : public sim::Observer {
  State(std::shared_ptr<const Model> m, const bmodel::Stage& s, Relocation r,
        const sim::Options& options)
      : model(std::move(m)),
        stage(s),
        relocation(std::move(r)),
        simulator(options) {}

  absl::StatusOr<uint8_t*> Device(uint64_t address, uint64_t size) {
    absl::StatusOr<uint64_t> moved = relocation.Address(address, size);
    if (!moved.ok()) return moved.status();
    return simulator.memory().Range(*moved, size);
  }

  absl::StatusOr<Tensor> Fetch(DType dtype, std::vector<int64_t> shape,
                               uint64_t address) {
    Tensor tensor(dtype, std::move(shape));
    absl::StatusOr<uint8_t*> at = Device(address, tensor.SizeInBytes());
    if (!at.ok()) return at.status();
    std::memcpy(tensor.raw(), *at, tensor.SizeInBytes());
    return tensor;
  }

  absl::Status After(const sim::Program::Step& step,
                     sim::Memory& memory) override {
    if (user_observer != nullptr) {
      absl::Status status = user_observer->After(step, memory);
      if (!status.ok()) return status;
    }
    if (!dumping || step.instruction.engine() != isa::Engine::kGdma) {
      return absl::OkStatus();
    }
    const auto found =
        locations.equal_range({group, step.instruction.cmd_id()});
    for (auto i = found.first; i != found.second; ++i) {
      const bmodel::TensorLocation& location = i->second;
      absl::StatusOr<Tensor> tensor =
          Fetch(location.dtype, location.shape, location.address);
      if (!tensor.ok()) return Annotate(tensor.status(), location.name);
      dumped[location.name] = *std::move(tensor);
    }
    return absl::OkStatus();
  }

  std::shared_ptr<const Model> model;  // owns `stage`
  const bmodel::Stage& stage;
  Relocation relocation;
  sim::Simulator simulator;
  std::vector<sim::PreparedProgram> programs;
  sim::Observer* user_observer = nullptr;
  bool dumping = false;
  int group = 0;  // being run
  std::multimap<std::pair<int, uint64_t>, bmodel::TensorLocation> locations;
  NamedTensors dumped;
};

Runner::Runner(std::unique_ptr<State> state, std::vector<TensorInfo> inputs,
               std::vector<TensorInfo> outputs)
    : state_(std::move(state)),
      inputs_(std::move(inputs)),
      outputs_(std::move(outputs)) {}

Runner::~Runner() = default;

absl::StatusOr<std::unique_ptr<Runner>> Runner::Create(
    std::shared_ptr<const Model> model, const RunnerOptions& options) {
  if (options.net < 0 || options.net >= model->NumNets() || options.stage < 0 ||
      options.stage >= model->NumStages(options.net)) {
    return absl::InvalidArgumentError(absl::StrCat(
        model->name(), ": no stage ", options.stage, " of net ", options.net));
  }
  const bmodel::Net& net = model->contents().nets[options.net];
  const bmodel::Stage& stage = net.stages[options.stage];
  const std::string where =
      absl::StrCat(model->name(), ": net \"", net.name, "\"");
  for (const bmodel::SubNet& sub_net : stage.sub_nets) {
    if (sub_net.is_dynamic || sub_net.mode != 0) {
      return absl::UnimplementedError(
          absl::StrCat(where, ": sub-net ", sub_net.id, " is ",
                       sub_net.mode != 0 ? "not for the TPU" : "dynamic",
                       "; the simulator runs static programs only"));
    }
  }
  absl::StatusOr<Relocation> relocation = Relocation::Place(stage);
  if (!relocation.ok()) return Annotate(relocation.status(), where);
  sim::Options sim_options;
  sim_options.ddr_bytes = relocation->ddr_bytes();
  sim_options.pattern = options.local_pattern;
  sim_options.threads = options.threads;
  sim_options.interleaving = options.interleaving;
  auto state = std::make_unique<State>(model, stage, *std::move(relocation),
                                       sim_options);
  if (stage.coeff.has_value() && !stage.coeff->data.empty()) {
    absl::StatusOr<uint8_t*> at =
        state->Device(stage.coeff->address, stage.coeff->data.size());
    if (!at.ok()) return Annotate(at.status(), where);
    std::memcpy(*at, stage.coeff->data.data(), stage.coeff->data.size());
  }
  for (size_t g = 0; g < stage.groups.size(); ++g) {
    const std::string group = absl::StrCat(where, ": command group ", g);
    absl::StatusOr<sim::Program> program =
        sim::DecodeProgram(stage.groups[g].tiu, stage.groups[g].gdma);
    if (!program.ok()) return Annotate(program.status(), group);
    absl::Status status = state->relocation.Apply(*program);
    if (!status.ok()) return Annotate(status, group);
    absl::StatusOr<sim::PreparedProgram> prepared =
        state->simulator.Prepare(*program);
    if (!prepared.ok()) return Annotate(prepared.status(), group);
    state->programs.push_back(*std::move(prepared));
  }
  return std::unique_ptr<Runner>(
      new Runner(std::move(state), model->Inputs(options.net, options.stage),
                 model->Outputs(options.net, options.stage)));
}

absl::StatusOr<std::vector<Tensor>> Runner::Run(
    const std::vector<Tensor>& inputs) {
  if (inputs.size() != inputs_.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the net has ", inputs_.size(), " inputs, found ", inputs.size()));
  }
  State& s = *state_;
  s.dumped.clear();
  for (size_t i = 0; i < inputs.size(); ++i) {
    absl::Status status = CheckInput(inputs_[i], inputs[i]);
    if (!status.ok()) return status;
    absl::StatusOr<uint8_t*> at =
        s.Device(s.stage.inputs[i].address, inputs[i].SizeInBytes());
    if (!at.ok()) return Annotate(at.status(), inputs_[i].name);
    std::memcpy(*at, inputs[i].raw(), inputs[i].SizeInBytes());
    if (s.dumping) s.dumped[inputs_[i].name] = inputs[i];
  }
  const bool observed = s.dumping || s.user_observer != nullptr;
  s.simulator.set_observer(observed ? &s : nullptr);
  for (size_t g = 0; g < s.programs.size(); ++g) {
    s.group = static_cast<int>(g);
    absl::Status status = s.simulator.Run(s.programs[g]);
    if (!status.ok()) {
      return Annotate(status,
                      absl::StrCat(s.model->name(), ": command group ", g));
    }
  }
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    absl::StatusOr<Tensor> tensor = s.Fetch(
        outputs_[i].dtype, outputs_[i].shape, s.stage.outputs[i].address);
    if (!tensor.ok()) return Annotate(tensor.status(), outputs_[i].name);
    if (s.dumping) s.dumped[outputs_[i].name] = *tensor;
    outputs.push_back(*std::move(tensor));
  }
  return outputs;
}

absl::StatusOr<NamedTensors> Runner::Run(const NamedTensors& inputs) {
  std::vector<Tensor> ordered;
  for (const TensorInfo& info : inputs_) {
    const auto found = inputs.find(info.name);
    if (found == inputs.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("input \"", info.name, "\" is missing"));
    }
    ordered.push_back(found->second);
  }
  if (inputs.size() != inputs_.size()) {
    std::vector<std::string> names;
    for (const TensorInfo& info : inputs_) names.push_back(info.name);
    return absl::InvalidArgumentError(
        absl::StrCat("the net's inputs are ", absl::StrJoin(names, ", "),
                     "; found ", inputs.size(), " tensors"));
  }
  absl::StatusOr<std::vector<Tensor>> outputs = Run(ordered);
  if (!outputs.ok()) return outputs.status();
  NamedTensors named;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    named[outputs_[i].name] = std::move((*outputs)[i]);
  }
  return named;
}

absl::Status Runner::DumpAllTensors() {
  State& s = *state_;
  absl::StatusOr<std::vector<bmodel::TensorLocation>> list =
      bmodel::ReadTensorLocations(s.stage.tensor_location);
  if (!list.ok()) return Annotate(list.status(), s.model->name());
  if (list->empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        s.model->name(),
        ": the file does not say where its intermediate tensors are; compile "
        "it with this compiler to dump them"));
  }
  s.locations.clear();
  for (bmodel::TensorLocation& location : *list) {
    const std::pair<int, uint64_t> key(location.group, location.gdma_id);
    s.locations.emplace(key, std::move(location));
  }
  s.dumping = true;
  return absl::OkStatus();
}

const NamedTensors& Runner::dumped() const { return state_->dumped; }

void Runner::set_observer(sim::Observer* observer) {
  state_->user_observer = observer;
}

}  // namespace tpuc::runtime
