// SPDX-License-Identifier: Apache-2.0
#include "runtime/bmrt_device.h"

#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/annotate.h"
#include "runtime/bmrt_library.h"

namespace tpuc::runtime {
namespace {

using bmrt::DeviceTensor;
using bmrt::Library;

constexpr uint32_t kBm1684xChipId = 0x1686;

absl::Status Failed(absl::string_view call, int code) {
  return absl::InternalError(
      absl::StrCat("the vendor's ", call, " failed with status ", code));
}

// An opened device. One for each index in the process.
class Board {
 public:
  static absl::StatusOr<std::shared_ptr<Board>> Open(
      const std::string& library_path, int index) {
    static auto* const boards =
        new std::map<std::pair<std::string, int>, std::weak_ptr<Board>>;
    std::lock_guard<std::recursive_mutex> lock(OpeningMutex());
    std::weak_ptr<Board>& known = (*boards)[{library_path, index}];
    std::shared_ptr<Board> board = known.lock();
    if (board != nullptr) return board;
    absl::StatusOr<const Library*> library = Library::Open(library_path);
    if (!library.ok()) return library.status();
    // bm_dev_request ends the process for a number that is too large.
    int count = 0;
    if (const int code = (*library)->bm_dev_getcount(&count);
        code != bmrt::kSuccess || index >= count) {
      return absl::UnavailableError(
          absl::StrCat("the vendor's driver has no device ", index, "; it has ",
                       count, " (bm_dev_getcount: status ", code, ")"));
    }
    bmrt::Handle handle = nullptr;
    if (const int code = (*library)->bm_dev_request(&handle, index);
        code != bmrt::kSuccess || handle == nullptr) {
      return absl::UnavailableError(
          absl::StrCat("the vendor's driver does not open device ", index,
                       " (bm_dev_request: status ", code, ")"));
    }
    board = std::make_shared<Board>(**library, handle);
    uint32_t chip = 0;
    const int code = (*library)->bm_get_chipid(handle, &chip);
    if (code != bmrt::kSuccess) return Failed("bm_get_chipid", code);
    if (chip != kBm1684xChipId) {
      return absl::UnavailableError(absl::StrFormat(
          "device %d is a chip 0x%x, not a BM1684X", index, chip));
    }
    known = board;
    return board;
  }

  Board(const Library& library, bmrt::Handle handle)
      : library(library), handle(handle) {}
  ~Board() {
    std::lock_guard<std::recursive_mutex> lock(OpeningMutex());
    library.bm_dev_free(handle);
  }

  const Library& library;
  const bmrt::Handle handle;
  std::mutex mutex;  // held during a run

 private:
  // A device is not opened while it is being closed.
  static std::recursive_mutex& OpeningMutex() {
    static auto* const mutex = new std::recursive_mutex;
    return *mutex;
  }
};

// What the library says of a net against what the file says.
absl::Status CheckTensors(const char* what, int32_t num,
                          const char* const* names, const int32_t* dtypes,
                          const bmrt::Shape* shapes, const size_t* max_bytes,
                          const std::vector<bmodel::TensorRecord>& records) {
  bool same = num == static_cast<int32_t>(records.size());
  for (size_t i = 0; i < records.size() && same; ++i) {
    const bmodel::TensorRecord& r = records[i];
    const absl::StatusOr<uint32_t> dtype = bmodel::DataTypeCode(r.dtype);
    same = r.name == names[i] && dtype.ok() &&
           *dtype == static_cast<uint32_t>(dtypes[i]) &&
           shapes[i].num_dims == static_cast<int32_t>(r.shape.size());
    uint64_t bytes = SizeOf(r.dtype);
    for (size_t d = 0; d < r.shape.size() && same; ++d) {
      same = static_cast<uint64_t>(shapes[i].dims[d]) == r.shape[d];
      bytes *= r.shape[d];
    }
    same = same && max_bytes[i] >= bytes;
  }
  if (same) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "the vendor's runtime describes the ", what,
      "s in another way than the file; its version is not supported"));
}

// What is left of a file once it is on the device.
struct StageRecord {
  std::vector<bmodel::TensorRecord> inputs, outputs;
};
struct NetRecord {
  std::string name;
  std::vector<StageRecord> stages;
};

class BmrtRunner : public DeviceRunner {
 public:
  BmrtRunner(std::shared_ptr<Board> board, std::shared_ptr<void> runtime,
             std::string net)
      : board_(std::move(board)),
        runtime_(std::move(runtime)),
        net_(std::move(net)) {}

  ~BmrtRunner() override {
    std::lock_guard<std::mutex> lock(board_->mutex);
    for (const auto* list : {&inputs_, &outputs_}) {
      for (const DeviceTensor& tensor : *list) {
        board_->library.bm_free_device(board_->handle, tensor.device_mem);
      }
    }
  }

  absl::Status Allocate(const StageRecord& stage) {
    std::lock_guard<std::mutex> lock(board_->mutex);
    absl::Status status = AllocateAll(stage.inputs, inputs_);
    if (status.ok()) status = AllocateAll(stage.outputs, outputs_);
    return status;
  }

  absl::Status Run(InputBytes inputs, OutputBytes outputs) override {
    std::lock_guard<std::mutex> lock(board_->mutex);
    const Library& library = board_->library;
    const bmrt::Handle handle = board_->handle;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const int code = library.bm_memcpy_s2d_partial(
          handle, inputs_[i].device_mem, inputs[i].data(),
          static_cast<uint32_t>(inputs[i].size()));
      if (code != bmrt::kSuccess) return Failed("bm_memcpy_s2d_partial", code);
    }
    std::vector<DeviceTensor> results = outputs_;
    if (!library.bmrt_launch_tensor_ex(
            runtime_.get(), net_.c_str(), inputs_.data(),
            static_cast<int>(inputs_.size()), results.data(),
            static_cast<int>(results.size()), /*user_mem=*/true,
            /*user_stmode=*/false)) {
      return absl::InternalError("the vendor's bmrt_launch_tensor_ex failed");
    }
    if (const int code = library.bm_thread_sync(handle);
        code != bmrt::kSuccess) {
      return Failed("bm_thread_sync", code);
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (library.bmrt_tensor_bytesize(&results[i]) != outputs[i].size()) {
        return absl::InternalError(absl::StrCat(
            "output ", i, " has ", library.bmrt_tensor_bytesize(&results[i]),
            " bytes after the run, the file says ", outputs[i].size()));
      }
      const int code = library.bm_memcpy_d2s_partial(
          handle, outputs[i].data(), results[i].device_mem,
          static_cast<uint32_t>(outputs[i].size()));
      if (code != bmrt::kSuccess) return Failed("bm_memcpy_d2s_partial", code);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status AllocateAll(const std::vector<bmodel::TensorRecord>& records,
                           std::vector<DeviceTensor>& tensors) {
    for (const bmodel::TensorRecord& record : records) {
      if (record.size > std::numeric_limits<uint32_t>::max()) {
        return absl::UnimplementedError(
            absl::StrCat("tensor \"", record.name, "\" has ", record.size,
                         " bytes; the vendor's runtime takes less than 4 GiB"));
      }
      absl::StatusOr<uint32_t> dtype = bmodel::DataTypeCode(record.dtype);
      if (!dtype.ok()) return dtype.status();
      DeviceTensor tensor = {};
      tensor.dtype = static_cast<int32_t>(*dtype);
      tensor.shape.num_dims = static_cast<int32_t>(record.shape.size());
      for (size_t d = 0; d < record.shape.size(); ++d) {
        tensor.shape.dims[d] = static_cast<int32_t>(record.shape[d]);
      }
      const int code = board_->library.bm_malloc_device_byte(
          board_->handle, &tensor.device_mem,
          static_cast<uint32_t>(record.size));
      if (code != bmrt::kSuccess) {
        return absl::ResourceExhaustedError(absl::StrCat(
            "the device has no ", record.size, " bytes for tensor \"",
            record.name, "\" (bm_malloc_device_byte: status ", code, ")"));
      }
      tensors.push_back(tensor);
    }
    return absl::OkStatus();
  }

  std::shared_ptr<Board> board_;
  std::shared_ptr<void> runtime_;
  std::string net_;
  std::vector<DeviceTensor> inputs_, outputs_;
};

class BmrtModel : public DeviceModel {
 public:
  absl::Status Load(const CheckedFile& file, std::shared_ptr<Board> board) {
    board_ = std::move(board);
    for (const bmodel::Net& net : file.contents.nets) {
      NetRecord& record = nets_.emplace_back(NetRecord{net.name, {}});
      for (const bmodel::Stage& stage : net.stages) {
        record.stages.push_back({stage.inputs, stage.outputs});
      }
    }
    std::lock_guard<std::mutex> lock(board_->mutex);
    const Library& library = board_->library;
    void* runtime = library.bmrt_create(board_->handle);
    if (runtime == nullptr) {
      return absl::InternalError("the vendor's bmrt_create failed");
    }
    runtime_ = std::shared_ptr<void>(runtime, [board = board_](void* r) {
      std::lock_guard<std::mutex> lock(board->mutex);
      board->library.bmrt_destroy(r);
    });
    if (!library.bmrt_load_bmodel_data(runtime, file.bytes.data(),
                                       file.bytes.size())) {
      return absl::InternalError("the vendor's bmrt_load_bmodel_data failed");
    }
    if (library.bmrt_get_network_number(runtime) !=
        static_cast<int>(nets_.size())) {
      return absl::InternalError(
          "the vendor's runtime finds another number of nets in the file");
    }
    for (const NetRecord& net : nets_) {
      absl::Status status = CheckNet(net);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<DeviceRunner>> NewRunner(
      int net, int stage, const RunnerOptions& /*options*/) override {
    // The vendor's runtime chooses the stage by the inputs' shapes.
    for (int earlier = 0; earlier < stage; ++earlier) {
      if (SameShapes(nets_[net].stages[earlier], nets_[net].stages[stage])) {
        return absl::UnimplementedError(
            absl::StrCat("the stage has the input shapes of stage ", earlier,
                         ", which the vendor's runtime would run instead"));
      }
    }
    auto runner =
        std::make_unique<BmrtRunner>(board_, runtime_, nets_[net].name);
    absl::Status status = runner->Allocate(nets_[net].stages[stage]);
    if (!status.ok()) return status;
    return std::unique_ptr<DeviceRunner>(std::move(runner));
  }

 private:
  static bool SameShapes(const StageRecord& a, const StageRecord& b) {
    if (a.inputs.size() != b.inputs.size()) return false;
    for (size_t i = 0; i < a.inputs.size(); ++i) {
      if (a.inputs[i].shape != b.inputs[i].shape) return false;
    }
    return true;
  }

  absl::Status CheckNet(const NetRecord& net) const {
    const bmrt::NetInfo* info =
        board_->library.bmrt_get_network_info(runtime_.get(), net.name.c_str());
    if (info == nullptr || info->name == nullptr || net.name != info->name) {
      return absl::InternalError(absl::StrCat(
          "the vendor's runtime does not know net \"", net.name, "\""));
    }
    if (info->stage_num != static_cast<int32_t>(net.stages.size())) {
      return absl::InternalError(
          absl::StrCat("the vendor's runtime finds ", info->stage_num,
                       " stages in net \"", net.name, "\""));
    }
    const StageRecord& first = net.stages[0];
    absl::Status status = CheckTensors(
        "input", info->input_num, info->input_names, info->input_dtypes,
        info->stages[0].input_shapes, info->max_input_bytes, first.inputs);
    if (!status.ok()) return status;
    return CheckTensors("output", info->output_num, info->output_names,
                        info->output_dtypes, info->stages[0].output_shapes,
                        info->max_output_bytes, first.outputs);
  }

  std::shared_ptr<Board> board_;
  std::shared_ptr<void> runtime_;
  std::vector<NetRecord> nets_;
};

// Fields without which the vendor's loader crashes (docs/isa/bmodel.md, 3).
absl::Status CheckForVendor(const bmodel::Model& contents) {
  const char* lacks = contents.type.empty()      ? "type"
                      : contents.version.empty() ? "version"
                      : contents.time.empty()    ? "time"
                                                 : nullptr;
  for (const bmodel::Net& net : contents.nets) {
    if (net.name.empty()) lacks = "name of a net";
    for (const bmodel::Stage& stage : net.stages) {
      if (stage.inputs.empty() || stage.outputs.empty()) {
        lacks = "list of inputs or outputs";
      }
      if (stage.coeff.has_value() && stage.coeff->check_code.size() != 32) {
        lacks = "check code of 32 bytes for its weights";
      }
    }
  }
  if (lacks == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the file lacks the ", lacks,
                   ", without which the vendor's runtime can't load it"));
}

// A bad operand would end the process in the vendor's functional model, and
// reach other memory on a device.
absl::Status CheckOperands(const StageProgram& stage) {
  sim::Options options;
  options.ddr_bytes = stage.relocation.ddr_bytes();
  options.pattern = sim::LocalPattern::kZero;
  options.threads = 1;
  sim::Simulator simulator(options);
  for (size_t g = 0; g < stage.groups.size(); ++g) {
    const absl::Status status = simulator.Prepare(stage.groups[g]).status();
    // A device may well have the forms that the simulator lacks.
    if (status.ok() || absl::IsUnimplemented(status)) continue;
    return Annotate(status, absl::StrCat("command group ", g));
  }
  return absl::OkStatus();
}

absl::Status CheckOperands(const CheckedFile& file) try {
  for (size_t n = 0; n < file.programs.size(); ++n) {
    for (size_t s = 0; s < file.programs[n].size(); ++s) {
      const absl::Status status = CheckOperands(*file.programs[n][s]);
      if (!status.ok()) {
        return Annotate(status,
                        absl::StrCat("net \"", file.contents.nets[n].name,
                                     "\", stage ", s));
      }
    }
  }
  return absl::OkStatus();
} catch (const std::bad_alloc&) {
  return absl::ResourceExhaustedError(
      "this computer lacks memory to check the file's instructions");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DeviceModel>> LoadOnBmrt(
    const CheckedFile& file, int index, const std::string& library_path) {
  absl::Status status = CheckForVendor(file.contents);
  if (status.ok()) status = CheckOperands(file);
  if (!status.ok()) return status;
  absl::StatusOr<std::shared_ptr<Board>> board =
      Board::Open(library_path, index);
  if (!board.ok()) return board.status();
  auto model = std::make_unique<BmrtModel>();
  status = model->Load(file, *std::move(board));
  if (!status.ok()) return status;
  return std::unique_ptr<DeviceModel>(std::move(model));
}

}  // namespace tpuc::runtime
