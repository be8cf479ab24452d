// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator_device.h"

#include <cstring>
#include <map>
#include <new>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/annotate.h"
#include "runtime/tensor_dump.h"

namespace tpuc::runtime {
namespace {

using Weights = std::shared_ptr<const sim::SharedBytes>;

// A stage as all its runners use it. Addresses are those of the simulated
// device.
struct SimulatedStage {
  std::shared_ptr<const StageProgram> program;
  Weights weights;  // null: none
  uint64_t weights_address = 0;
  std::vector<uint64_t> inputs, outputs;
  std::string tensor_location;
};

absl::StatusOr<std::vector<uint64_t>> Addresses(
    const std::vector<bmodel::TensorRecord>& tensors,
    const Relocation& relocation) {
  std::vector<uint64_t> addresses;
  for (const bmodel::TensorRecord& tensor : tensors) {
    absl::StatusOr<uint64_t> address =
        relocation.Address(tensor.address, tensor.size);
    if (!address.ok()) return Annotate(address.status(), tensor.name);
    addresses.push_back(*address);
  }
  return addresses;
}

class SimulatorRunner : public DeviceRunner, private sim::Observer {
 public:
  SimulatorRunner(std::shared_ptr<const SimulatedStage> stage,
                  const sim::Options& options)
      : stage_(std::move(stage)), simulator_(options) {}

  absl::Status Prepare() {
    if (stage_->weights != nullptr) {
      absl::Status status =
          simulator_.memory().Show(stage_->weights_address, *stage_->weights);
      if (!status.ok()) return status;
    }
    for (const sim::Program& program : stage_->program->groups) {
      absl::StatusOr<sim::PreparedProgram> prepared =
          simulator_.Prepare(program);
      if (!prepared.ok()) {
        return Annotate(prepared.status(),
                        absl::StrCat("command group ", groups_.size()));
      }
      groups_.push_back(*std::move(prepared));
    }
    return absl::OkStatus();
  }

  absl::Status Run(InputBytes inputs, OutputBytes outputs) override {
    for (size_t i = 0; i < inputs.size(); ++i) {
      absl::StatusOr<uint8_t*> at =
          simulator_.memory().Range(stage_->inputs[i], inputs[i].size());
      if (!at.ok()) return at.status();
      std::memcpy(*at, inputs[i].data(), inputs[i].size());
    }
    if (dump_.has_value()) dump_->Clear();
    simulator_.set_observer(
        observer_ != nullptr || dump_.has_value() ? this : nullptr);
    for (group_ = 0; group_ < groups_.size(); ++group_) {
      absl::Status status = simulator_.Run(groups_[group_]);
      if (!status.ok()) {
        return Annotate(status, absl::StrCat("command group ", group_));
      }
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      absl::StatusOr<uint8_t*> at =
          simulator_.memory().Range(stage_->outputs[i], outputs[i].size());
      if (!at.ok()) return at.status();
      std::memcpy(outputs[i].data(), *at, outputs[i].size());
    }
    return absl::OkStatus();
  }

  absl::Status set_observer(sim::Observer* observer) override {
    observer_ = observer;
    return absl::OkStatus();
  }

  absl::Status DumpAllTensors() override {
    absl::StatusOr<TensorDump> dump = TensorDump::Create(
        stage_->tensor_location, stage_->program->relocation);
    if (!dump.ok()) return dump.status();
    dump_ = *std::move(dump);
    return absl::OkStatus();
  }

  const TensorMap& dumped() const override {
    return dump_.has_value() ? dump_->tensors() : DeviceRunner::dumped();
  }

 private:
  absl::Status After(const sim::Program::Step& step,
                     sim::Memory& memory) override {
    absl::Status status = absl::OkStatus();
    if (observer_ != nullptr) status = observer_->After(step, memory);
    if (!status.ok() || !dump_.has_value() ||
        step.instruction.engine() != isa::Engine::kGdma) {
      return status;
    }
    return dump_->After(static_cast<int>(group_), step.instruction.cmd_id(),
                        memory);
  }

  std::shared_ptr<const SimulatedStage> stage_;
  sim::Simulator simulator_;
  std::vector<sim::PreparedProgram> groups_;
  size_t group_ = 0;  // being run
  sim::Observer* observer_ = nullptr;
  std::optional<TensorDump> dump_;
};

class SimulatorModel : public DeviceModel {
 public:
  absl::Status Load(const CheckedFile& file) {
    // Stages of a net mostly have the same weights.
    std::map<absl::string_view, Weights> weights;
    for (size_t n = 0; n < file.contents.nets.size(); ++n) {
      std::vector<std::shared_ptr<const SimulatedStage>>& stages =
          stages_.emplace_back();
      for (size_t s = 0; s < file.contents.nets[n].stages.size(); ++s) {
        const bmodel::Stage& record = file.contents.nets[n].stages[s];
        auto stage = std::make_shared<SimulatedStage>(
            SimulatedStage{file.programs[n][s]});
        absl::Status status = Place(record, weights, *stage);
        if (!status.ok()) return status;
        stages.push_back(std::move(stage));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<DeviceRunner>> NewRunner(
      int net, int stage, const RunnerOptions& options) override {
    const std::shared_ptr<const SimulatedStage>& simulated =
        stages_[net][stage];
    sim::Options sim_options;
    sim_options.ddr_bytes = simulated->program->relocation.ddr_bytes();
    sim_options.pattern = options.local_pattern;
    sim_options.threads = options.threads;
    sim_options.interleaving = options.interleaving;
    try {
      auto runner = std::make_unique<SimulatorRunner>(simulated, sim_options);
      absl::Status status = runner->Prepare();
      if (!status.ok()) return status;
      return std::unique_ptr<DeviceRunner>(std::move(runner));
    } catch (const std::bad_alloc&) {
      return absl::ResourceExhaustedError(
          absl::StrCat("this computer lacks memory for a device with ",
                       sim_options.ddr_bytes, " bytes of DDR"));
    }
  }

 private:
  static absl::Status Place(const bmodel::Stage& record,
                            std::map<absl::string_view, Weights>& weights,
                            SimulatedStage& stage) {
    const Relocation& relocation = stage.program->relocation;
    stage.tensor_location = record.tensor_location;
    absl::StatusOr<std::vector<uint64_t>> addresses =
        Addresses(record.inputs, relocation);
    if (!addresses.ok()) return addresses.status();
    stage.inputs = *std::move(addresses);
    addresses = Addresses(record.outputs, relocation);
    if (!addresses.ok()) return addresses.status();
    stage.outputs = *std::move(addresses);
    if (!record.coeff.has_value() || record.coeff->data.empty()) {
      return absl::OkStatus();
    }
    absl::StatusOr<uint64_t> at =
        relocation.Address(record.coeff->address, record.coeff->data.size());
    if (!at.ok()) return at.status();
    stage.weights_address = *at;
    Weights& shared = weights[record.coeff->data];
    if (shared == nullptr) {
      shared = sim::SharedBytes::Create(record.coeff->data);
    }
    stage.weights = shared;
    return absl::OkStatus();
  }

  std::vector<std::vector<std::shared_ptr<const SimulatedStage>>> stages_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DeviceModel>> LoadOnSimulator(
    const CheckedFile& file) {
  auto model = std::make_unique<SimulatorModel>();
  absl::Status status = model->Load(file);
  if (!status.ok()) return status;
  return std::unique_ptr<DeviceModel>(std::move(model));
}

}  // namespace tpuc::runtime
