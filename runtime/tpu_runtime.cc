// SPDX-License-Identifier: Apache-2.0
#include "runtime/tpu_runtime.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "runtime/runtime.h"

namespace rt = tpuc::runtime;

struct tpu_model {
  std::shared_ptr<const rt::Model> model;
};

struct tpu_runner {
  // Queries and waits may come while the runner's thread works.
  std::optional<rt::Pending<absl::Status>> pending;
  std::unique_ptr<rt::Runner> runner;
};

namespace {

thread_local std::string last_error;

tpu_status Fail(tpu_status status, absl::string_view message) {
  last_error.assign(message.data(), message.size());
  return status;
}

// Decides whose fault a bad value is: the arguments of kLoad and kCreate are
// checked here, before the file is.
enum class Call { kLoad, kCreate, kRun };

tpu_status CodeOf(const absl::Status& status, Call call) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return TPU_OK;
    case absl::StatusCode::kNotFound:
      return TPU_NOT_FOUND;
    case absl::StatusCode::kUnimplemented:
      return TPU_UNSUPPORTED;
    case absl::StatusCode::kResourceExhausted:
      return TPU_OUT_OF_MEMORY;
    case absl::StatusCode::kUnavailable:
      return TPU_NO_DEVICE;
    case absl::StatusCode::kAborted:
      return TPU_BUSY;
    case absl::StatusCode::kInvalidArgument:
      return call == Call::kRun ? TPU_INVALID_ARGUMENT : TPU_BAD_FILE;
    case absl::StatusCode::kOutOfRange:
      return call == Call::kRun ? TPU_RUN_FAILED : TPU_BAD_FILE;
    default:
      return TPU_RUN_FAILED;
  }
}

tpu_status Report(const absl::Status& status, Call call) {
  if (status.ok()) return TPU_OK;
  return Fail(CodeOf(status, call), status.message());
}

// No exception crosses the border to C.
template <typename Body>
tpu_status Guard(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Fail(TPU_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return Fail(TPU_RUN_FAILED, e.what());
  }
}

bool HasStage(const tpu_model* model, int net, int stage) {
  return model != nullptr && net >= 0 && net < model->model->NumNets() &&
         stage >= 0 && stage < model->model->NumStages(net);
}

const tpuc::bmodel::Stage& StageOf(const tpu_model* model, int net, int stage) {
  return model->model->contents().nets[net].stages[stage];
}

rt::LoadOptions OptionsOf(const tpu_load_options* options) {
  rt::LoadOptions result;
  if (options == nullptr) return result;
  tpu_load_options known = {};
  std::memcpy(&known, options, std::min(options->size, sizeof(known)));
  if (known.device != nullptr) result.device = known.device;
  if (known.library_path != nullptr) result.library_path = known.library_path;
  if (known.memory_limit != 0) result.memory_limit = known.memory_limit;
  return result;
}

template <typename Load>
tpu_status LoadModel(tpu_model** model, Load load) {
  return Guard([&] {
    absl::StatusOr<std::shared_ptr<const rt::Model>> loaded = load();
    if (!loaded.ok()) return Report(loaded.status(), Call::kLoad);
    *model = new tpu_model{*std::move(loaded)};
    return TPU_OK;
  });
}

tpu_status InfoOf(const std::vector<tpuc::bmodel::TensorRecord>& records,
                  int index, tpu_tensor_info* info) {
  if (index < 0 || static_cast<size_t>(index) >= records.size()) {
    return Fail(
        TPU_INVALID_ARGUMENT,
        absl::StrCat("no tensor ", index, "; there are ", records.size()));
  }
  const tpuc::bmodel::TensorRecord& record = records[index];
  const absl::StatusOr<uint32_t> code =
      tpuc::bmodel::DataTypeCode(record.dtype);
  if (!code.ok()) return Report(code.status(), Call::kCreate);
  tpu_tensor_info result = {};
  result.name = record.name.c_str();
  result.dtype = static_cast<tpu_dtype>(*code);
  result.rank = static_cast<int>(record.shape.size());
  result.bytes = tpuc::SizeOf(record.dtype);
  for (size_t d = 0; d < record.shape.size(); ++d) {
    result.shape[d] = static_cast<int64_t>(record.shape[d]);
    result.bytes *= record.shape[d];
  }
  result.scale = record.scale;
  result.zero_point = record.zero_point;
  *info = result;
  return TPU_OK;
}

tpu_status NoStage(int net, int stage) {
  return Fail(TPU_INVALID_ARGUMENT,
              absl::StrCat("no model, or no stage ", stage, " of net ", net));
}

tpu_status NullPointer() {
  return Fail(TPU_INVALID_ARGUMENT, "a pointer is NULL");
}

template <typename Byte>
bool Spans(const tpu_buffer* buffers, int count,
           std::vector<absl::Span<Byte>>& spans) {
  if (count < 0 || (count > 0 && buffers == nullptr)) return false;
  for (int i = 0; i < count; ++i) {
    if (buffers[i].data == nullptr && buffers[i].bytes != 0) return false;
    spans.emplace_back(static_cast<Byte*>(buffers[i].data), buffers[i].bytes);
  }
  return true;
}

}  // namespace

const char* tpu_status_name(tpu_status status) {
  switch (status) {
    case TPU_OK:
      return "TPU_OK";
    case TPU_INVALID_ARGUMENT:
      return "TPU_INVALID_ARGUMENT";
    case TPU_NOT_FOUND:
      return "TPU_NOT_FOUND";
    case TPU_BAD_FILE:
      return "TPU_BAD_FILE";
    case TPU_UNSUPPORTED:
      return "TPU_UNSUPPORTED";
    case TPU_OUT_OF_MEMORY:
      return "TPU_OUT_OF_MEMORY";
    case TPU_NO_DEVICE:
      return "TPU_NO_DEVICE";
    case TPU_BUSY:
      return "TPU_BUSY";
    case TPU_RUN_FAILED:
      return "TPU_RUN_FAILED";
  }
  return "unknown status";
}

const char* tpu_last_error(void) { return last_error.c_str(); }

tpu_status tpu_model_load(const char* path, const tpu_load_options* options,
                          tpu_model** model) {
  if (path == nullptr || model == nullptr) return NullPointer();
  return LoadModel(model,
                   [&] { return rt::Model::Load(path, OptionsOf(options)); });
}

tpu_status tpu_model_load_memory(const void* data, size_t bytes,
                                 const tpu_load_options* options,
                                 tpu_model** model) {
  if (data == nullptr || model == nullptr) return NullPointer();
  return LoadModel(model, [&] {
    return rt::Model::FromBytes({static_cast<const char*>(data), bytes},
                                "bmodel in memory", OptionsOf(options));
  });
}

void tpu_model_free(tpu_model* model) { delete model; }

int tpu_model_num_nets(const tpu_model* model) {
  return model == nullptr ? -1 : model->model->NumNets();
}

int tpu_model_num_stages(const tpu_model* model, int net) {
  return HasStage(model, net, 0) ? model->model->NumStages(net) : -1;
}

int tpu_model_num_inputs(const tpu_model* model, int net, int stage) {
  if (!HasStage(model, net, stage)) return -1;
  return static_cast<int>(StageOf(model, net, stage).inputs.size());
}

int tpu_model_num_outputs(const tpu_model* model, int net, int stage) {
  if (!HasStage(model, net, stage)) return -1;
  return static_cast<int>(StageOf(model, net, stage).outputs.size());
}

const char* tpu_model_net_name(const tpu_model* model, int net) {
  if (!HasStage(model, net, 0)) return nullptr;
  return model->model->NetName(net).c_str();
}

int tpu_model_find_net(const tpu_model* model, const char* name) {
  if (model == nullptr || name == nullptr) return -1;
  return model->model->FindNet(name);
}

tpu_status tpu_model_input(const tpu_model* model, int net, int stage,
                           int index, tpu_tensor_info* info) {
  if (!HasStage(model, net, stage)) return NoStage(net, stage);
  if (info == nullptr) return NullPointer();
  return InfoOf(StageOf(model, net, stage).inputs, index, info);
}

tpu_status tpu_model_output(const tpu_model* model, int net, int stage,
                            int index, tpu_tensor_info* info) {
  if (!HasStage(model, net, stage)) return NoStage(net, stage);
  if (info == nullptr) return NullPointer();
  return InfoOf(StageOf(model, net, stage).outputs, index, info);
}

int tpu_model_find_stage(const tpu_model* model, int net,
                         const tpu_tensor_info* inputs, int num_inputs) {
  if (!HasStage(model, net, 0) || num_inputs < 0 ||
      (inputs == nullptr && num_inputs > 0)) {
    return -1;
  }
  for (int s = 0; s < model->model->NumStages(net); ++s) {
    const auto& records = StageOf(model, net, s).inputs;
    bool same = records.size() == static_cast<size_t>(num_inputs);
    for (int i = 0; same && i < num_inputs; ++i) {
      const std::vector<uint64_t>& shape = records[i].shape;
      same = static_cast<int>(shape.size()) == inputs[i].rank &&
             std::equal(shape.begin(), shape.end(), inputs[i].shape,
                        [](uint64_t a, int64_t b) {
                          return static_cast<int64_t>(a) == b;
                        });
    }
    if (same) return s;
  }
  return -1;
}

tpu_status tpu_model_memory(const tpu_model* model, int net, int stage,
                            tpu_memory_info* info) {
  if (!HasStage(model, net, stage)) return NoStage(net, stage);
  if (info == nullptr) return NullPointer();
  const rt::MemoryUse use = model->model->Memory(net, stage);
  *info = {use.weights, use.tensors, use.instructions};
  return TPU_OK;
}

tpu_status tpu_runner_create(const tpu_model* model,
                             const tpu_runner_options* options,
                             tpu_runner** runner) {
  if (model == nullptr || runner == nullptr) return NullPointer();
  tpu_runner_options known = {};
  if (options != nullptr) {
    std::memcpy(&known, options, std::min(options->size, sizeof(known)));
  }
  if (!HasStage(model, known.net, known.stage)) {
    return NoStage(known.net, known.stage);
  }
  return Guard([&] {
    rt::RunnerOptions created;
    created.net = known.net;
    created.stage = known.stage;
    created.threads = known.threads;
    auto result = rt::Runner::Create(model->model, created);
    if (!result.ok()) return Report(result.status(), Call::kCreate);
    *runner = new tpu_runner{{}, *std::move(result)};
    return TPU_OK;
  });
}

void tpu_runner_free(tpu_runner* runner) { delete runner; }

tpu_status tpu_runner_run(tpu_runner* runner, const tpu_buffer* inputs,
                          int num_inputs, const tpu_buffer* outputs,
                          int num_outputs) {
  if (runner == nullptr) return NullPointer();
  return Guard([&] {
    std::vector<absl::Span<const uint8_t>> from;
    std::vector<absl::Span<uint8_t>> to;
    if (!Spans(inputs, num_inputs, from) || !Spans(outputs, num_outputs, to)) {
      return NullPointer();
    }
    return Report(runner->runner->Run(from, to), Call::kRun);
  });
}

tpu_status tpu_runner_start(tpu_runner* runner, const tpu_buffer* inputs,
                            int num_inputs, const tpu_buffer* outputs,
                            int num_outputs) {
  if (runner == nullptr) return NullPointer();
  return Guard([&] {
    std::vector<absl::Span<const uint8_t>> from;
    std::vector<absl::Span<uint8_t>> to;
    if (!Spans(inputs, num_inputs, from) || !Spans(outputs, num_outputs, to)) {
      return NullPointer();
    }
    auto pending = runner->runner->RunAsync(from, to);
    if (!pending.ok()) return Report(pending.status(), Call::kRun);
    runner->pending = *std::move(pending);
    return TPU_OK;
  });
}

int tpu_runner_done(const tpu_runner* runner) {
  return runner == nullptr || !runner->pending.has_value() ||
         runner->pending->Done();
}

tpu_status tpu_runner_wait(tpu_runner* runner) {
  if (runner == nullptr) return NullPointer();
  if (!runner->pending.has_value()) return TPU_OK;
  return Guard([&] { return Report(runner->pending->Wait(), Call::kRun); });
}
