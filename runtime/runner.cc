// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/annotate.h"
#include "runtime/device.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"

namespace tpuc::runtime {
namespace {

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::Status CheckCount(const char* what, size_t expected, size_t found) {
  if (found == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the net has ", expected, " ", what, "s, found ", found));
}

absl::Status CheckInput(const TensorInfo& info, const Tensor& tensor) {
  if (tensor.dtype() == info.dtype && tensor.shape() == info.shape) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("input \"", info.name, "\" is ", Name(info.dtype), " ",
                   ShapeText(info.shape), ", found ", Name(tensor.dtype()), " ",
                   ShapeText(tensor.shape())));
}

template <typename Buffers>
absl::Status CheckBuffers(const char* what,
                          const std::vector<TensorInfo>& infos,
                          Buffers buffers) {
  absl::Status status = CheckCount(what, infos.size(), buffers.size());
  if (!status.ok()) return status;
  for (size_t i = 0; i < infos.size(); ++i) {
    if (buffers[i].size() != infos[i].SizeInBytes()) {
      return absl::InvalidArgumentError(absl::StrCat(
          what, " \"", infos[i].name, "\" has ", infos[i].SizeInBytes(),
          " bytes, found ", buffers[i].size()));
    }
  }
  return absl::OkStatus();
}

// What `work` returns; no exception leaves the runner's thread.
template <typename Result, typename Work>
Result Caught(Work& work) try {
  return work();
} catch (const std::bad_alloc&) {
  return absl::ResourceExhaustedError("out of memory");
}

}  // namespace

struct Runner::State {
  struct Stage {
    std::vector<TensorInfo> inputs, outputs;
    std::unique_ptr<DeviceRunner> runner;  // null: not used yet
  };

  // Marks the runner as busy while it lives.
  class Turn {
   public:
    explicit Turn(State& state)
        : state_(state.busy.exchange(true) ? nullptr : &state) {}
    Turn(Turn&& other) : state_(std::exchange(other.state_, nullptr)) {}
    ~Turn() { End(); }
    void End() {
      if (state_ != nullptr) state_->busy = false;
      state_ = nullptr;
    }
    absl::Status status() const {
      if (state_ != nullptr) return absl::OkStatus();
      return absl::AbortedError(
          "a run is in progress; wait for it, or make another runner");
    }

   private:
    State* state_;
  };

  State(std::shared_ptr<const Model> m, const RunnerOptions& o)
      : model(std::move(m)), options(o) {}

  // Makes the stage ready to run.
  absl::Status Prepare(int index) {
    Stage& stage = stages[index];
    if (stage.runner != nullptr) return absl::OkStatus();
    absl::Status status = model->Program(options.net, index).runnable;
    if (!status.ok()) return Annotate(status, model->name());
    auto runner = model->on_device_->NewRunner(options.net, index, options);
    if (!runner.ok()) return InStage(runner.status(), index);
    status = (*runner)->set_observer(observer);
    if (status.ok() && dumping) status = (*runner)->DumpAllTensors();
    if (!status.ok()) return InStage(status, index);
    stage.runner = *std::move(runner);
    return absl::OkStatus();
  }

  absl::Status InStage(const absl::Status& status, int stage) const {
    return Annotate(
        status, absl::StrCat(model->name(), ": net \"",
                             model->NetName(options.net), "\", stage ", stage));
  }

  // The stage for these inputs.
  absl::StatusOr<int> Choose(const std::vector<Tensor>& inputs) const {
    int stage = first;
    if (!options.stage.has_value() && stages.size() > 1) {
      std::vector<std::vector<int64_t>> shapes;
      for (const Tensor& input : inputs) shapes.push_back(input.shape());
      stage = model->FindStage(options.net, shapes);
      if (stage < 0) return NoStage(shapes);
    }
    const std::vector<TensorInfo>& infos = stages[stage].inputs;
    absl::Status status = CheckCount("input", infos.size(), inputs.size());
    for (size_t i = 0; i < infos.size() && status.ok(); ++i) {
      status = CheckInput(infos[i], inputs[i]);
    }
    if (!status.ok()) return status;
    return stage;
  }

  absl::Status NoStage(const std::vector<std::vector<int64_t>>& shapes) const {
    const auto list = [](const std::vector<std::vector<int64_t>>& list) {
      return absl::StrJoin(list, ", ", [](std::string* out, const auto& shape) {
        absl::StrAppend(out, ShapeText(shape));
      });
    };
    std::string accepted;
    for (const Stage& stage : stages) {
      std::vector<std::vector<int64_t>> own;
      for (const TensorInfo& info : stage.inputs) own.push_back(info.shape);
      absl::StrAppend(&accepted, accepted.empty() ? "" : "; ", list(own));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("no stage of net \"", model->NetName(options.net),
                     "\" has inputs ", list(shapes), "; there are ", accepted));
  }

  absl::Status RunStage(int stage, InputBytes inputs, OutputBytes outputs) {
    absl::Status status = Prepare(stage);
    if (!status.ok()) return status;
    return InStage(stages[stage].runner->Run(inputs, outputs), stage);
  }

  Outputs RunTensors(int stage, const std::vector<Tensor>& inputs) {
    std::vector<absl::Span<const uint8_t>> from;
    for (const Tensor& input : inputs) {
      from.emplace_back(static_cast<const uint8_t*>(input.raw()),
                        input.SizeInBytes());
    }
    std::vector<Tensor> outputs;
    std::vector<absl::Span<uint8_t>> to;
    for (const TensorInfo& info : stages[stage].outputs) {
      Tensor& output = outputs.emplace_back(info.dtype, info.shape);
      to.emplace_back(static_cast<uint8_t*>(output.raw()),
                      output.SizeInBytes());
    }
    absl::Status status = RunStage(stage, from, to);
    if (!status.ok()) return status;
    if (dumping) Dump(stages[stage], inputs, outputs);
    return outputs;
  }

  void Dump(const Stage& stage, const std::vector<Tensor>& inputs,
            const std::vector<Tensor>& outputs) {
    dumped = stage.runner->dumped();
    for (size_t i = 0; i < inputs.size(); ++i) {
      dumped[stage.inputs[i].name] = inputs[i];
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      dumped[stage.outputs[i].name] = outputs[i];
    }
  }

  absl::Status CheckMemory(InputBytes inputs, OutputBytes outputs) const {
    if (!options.stage.has_value() && stages.size() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("net \"", model->NetName(options.net), "\" has ",
                       stages.size(), " stages; name one in RunnerOptions"));
    }
    absl::Status status = CheckBuffers("input", stages[first].inputs, inputs);
    if (!status.ok()) return status;
    return CheckBuffers("output", stages[first].outputs, outputs);
  }

  // Does `work` on the runner's thread.
  template <typename Result, typename Work>
  Pending<Result> Start(Turn turn, Work work) {
    auto promise = std::make_shared<std::promise<Result>>();
    auto held = std::make_shared<Turn>(std::move(turn));
    Pending<Result> pending(promise->get_future().share());
    worker.Start([promise, held, work = std::move(work)]() mutable {
      Result result = Caught<Result>(work);
      held->End();  // who waits for the run may start the next
      promise->set_value(std::move(result));
    });
    return pending;
  }

  std::shared_ptr<const Model> model;
  RunnerOptions options;
  std::vector<Stage> stages;
  int first = 0;
  sim::Observer* observer = nullptr;
  bool dumping = false;
  NamedTensors dumped;
  std::atomic<bool> busy{false};
  Worker worker;  // the last member: its end waits for the run in progress
};

Runner::Runner(std::unique_ptr<State> state) : state_(std::move(state)) {}

Runner::~Runner() = default;

absl::StatusOr<std::unique_ptr<Runner>> Runner::Create(
    std::shared_ptr<const Model> model, const RunnerOptions& options) {
  const int first = options.stage.value_or(0);
  if (options.net < 0 || options.net >= model->NumNets() || first < 0 ||
      first >= model->NumStages(options.net)) {
    return absl::InvalidArgumentError(absl::StrCat(
        model->name(), ": no stage ", first, " of net ", options.net));
  }
  auto state = std::make_unique<State>(model, options);
  state->first = first;
  for (int s = 0; s < model->NumStages(options.net); ++s) {
    State::Stage& stage = state->stages.emplace_back();
    stage.inputs = model->Inputs(options.net, s);
    stage.outputs = model->Outputs(options.net, s);
  }
  absl::Status status = state->Prepare(first);
  if (!status.ok()) return status;
  return std::unique_ptr<Runner>(new Runner(std::move(state)));
}

const std::vector<TensorInfo>& Runner::inputs() const {
  return state_->stages[state_->first].inputs;
}

const std::vector<TensorInfo>& Runner::outputs() const {
  return state_->stages[state_->first].outputs;
}

Runner::Outputs Runner::Run(const std::vector<Tensor>& inputs) {
  State::Turn turn(*state_);
  if (!turn.status().ok()) return turn.status();
  absl::StatusOr<int> stage = state_->Choose(inputs);
  if (!stage.ok()) return stage.status();
  return state_->RunTensors(*stage, inputs);
}

absl::StatusOr<NamedTensors> Runner::Run(const NamedTensors& inputs) {
  std::vector<Tensor> ordered;
  for (const TensorInfo& info : this->inputs()) {
    const auto found = inputs.find(info.name);
    if (found == inputs.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("input \"", info.name, "\" is missing"));
    }
    ordered.push_back(found->second);
  }
  if (inputs.size() != ordered.size()) {
    std::vector<std::string> names;
    for (const TensorInfo& info : this->inputs()) names.push_back(info.name);
    return absl::InvalidArgumentError(
        absl::StrCat("the net's inputs are ", absl::StrJoin(names, ", "),
                     "; found ", inputs.size(), " tensors"));
  }
  State::Turn turn(*state_);
  if (!turn.status().ok()) return turn.status();
  absl::StatusOr<int> stage = state_->Choose(ordered);
  if (!stage.ok()) return stage.status();
  Outputs results = state_->RunTensors(*stage, ordered);
  if (!results.ok()) return results.status();
  NamedTensors named;
  const std::vector<TensorInfo>& infos = state_->stages[*stage].outputs;
  for (size_t i = 0; i < infos.size(); ++i) {
    named[infos[i].name] = std::move((*results)[i]);
  }
  return named;
}

absl::StatusOr<Pending<Runner::Outputs>> Runner::RunAsync(
    std::vector<Tensor> inputs) {
  State::Turn turn(*state_);
  if (!turn.status().ok()) return turn.status();
  absl::StatusOr<int> stage = state_->Choose(inputs);
  if (!stage.ok()) return stage.status();
  return state_->Start<Outputs>(
      std::move(turn),
      [state = state_.get(), stage = *stage, inputs = std::move(inputs)] {
        return state->RunTensors(stage, inputs);
      });
}

absl::Status Runner::Run(absl::Span<const absl::Span<const uint8_t>> inputs,
                         absl::Span<const absl::Span<uint8_t>> outputs) {
  State::Turn turn(*state_);
  if (!turn.status().ok()) return turn.status();
  absl::Status status = state_->CheckMemory(inputs, outputs);
  if (!status.ok()) return status;
  return state_->RunStage(state_->first, inputs, outputs);
}

absl::StatusOr<Pending<absl::Status>> Runner::RunAsync(
    absl::Span<const absl::Span<const uint8_t>> inputs,
    absl::Span<const absl::Span<uint8_t>> outputs) {
  State::Turn turn(*state_);
  if (!turn.status().ok()) return turn.status();
  absl::Status status = state_->CheckMemory(inputs, outputs);
  if (!status.ok()) return status;
  return state_->Start<absl::Status>(
      std::move(turn), [state = state_.get(),
                        inputs = std::vector<absl::Span<const uint8_t>>(
                            inputs.begin(), inputs.end()),
                        outputs = std::vector<absl::Span<uint8_t>>(
                            outputs.begin(), outputs.end())] {
        return state->RunStage(state->first, inputs, outputs);
      });
}

absl::Status Runner::DumpAllTensors() {
  State& s = *state_;
  for (size_t i = 0; i < s.stages.size(); ++i) {
    if (s.stages[i].runner == nullptr) continue;
    absl::Status status = s.stages[i].runner->DumpAllTensors();
    if (!status.ok()) return s.InStage(status, static_cast<int>(i));
  }
  s.dumping = true;
  return absl::OkStatus();
}

const NamedTensors& Runner::dumped() const { return state_->dumped; }

absl::Status Runner::set_observer(sim::Observer* observer) {
  for (State::Stage& stage : state_->stages) {
    if (stage.runner == nullptr) continue;
    absl::Status status = stage.runner->set_observer(observer);
    if (!status.ok()) return status;
  }
  state_->observer = observer;
  return absl::OkStatus();
}

}  // namespace tpuc::runtime
