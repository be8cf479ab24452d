// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/support/file.h"
#include "compiler/support/printable.h"
#include "runtime/annotate.h"
#include "runtime/device.h"
#include "runtime/runtime.h"
#include "runtime/stage_program.h"

namespace tpuc::runtime {
namespace {

constexpr char kChip[] = "BM1684X";

std::vector<TensorInfo> InfosOf(
    const std::vector<bmodel::TensorRecord>& records) {
  std::vector<TensorInfo> infos;
  for (const bmodel::TensorRecord& r : records) {
    infos.push_back({r.name,
                     r.dtype,
                     {r.shape.begin(), r.shape.end()},
                     r.scale,
                     r.zero_point});
  }
  return infos;
}

absl::Status CheckNets(const bmodel::Model& contents) {
  if (contents.chip != kChip) {
    return absl::UnimplementedError(absl::StrCat("the file is for chip \"",
                                                 contents.chip, "\"; only ",
                                                 kChip, " is supported"));
  }
  for (size_t i = 0; i < contents.nets.size(); ++i) {
    const bmodel::Net& net = contents.nets[i];
    for (size_t j = 0; j < i; ++j) {
      if (net.name == contents.nets[j].name) {
        return absl::InvalidArgumentError(
            absl::StrCat("two nets are called \"", net.name, "\""));
      }
    }
    // docs/isa/bmodel.md, 5; mode 3 does not exist for this chip.
    if (net.addr_mode < 0 || net.addr_mode > 4 || net.addr_mode == 3) {
      return absl::UnimplementedError(
          absl::StrCat("net \"", net.name, "\" has address mode ",
                       net.addr_mode, "; 0, 1, 2 and 4 are supported"));
    }
  }
  return absl::OkStatus();
}

MemoryUse MemoryOf(const bmodel::Stage& stage) {
  MemoryUse use;
  if (stage.coeff.has_value()) use.weights = stage.coeff->data.size();
  use.tensors = stage.ctx_size() + stage.io_size;
  for (const bmodel::CmdGroup& group : stage.groups) {
    use.instructions += group.tiu.size() + group.gdma.size();
  }
  return use;
}

// Frees what only a device needs.
void DropBlobs(bmodel::Model& contents) {
  contents.kernel_module.reset();
  for (bmodel::Net& net : contents.nets) {
    for (bmodel::Stage& stage : net.stages) {
      if (stage.coeff.has_value()) std::string().swap(stage.coeff->data);
    }
  }
}

}  // namespace

size_t TensorInfo::SizeInBytes() const {
  size_t bytes = SizeOf(dtype);
  for (int64_t dimension : shape) bytes *= static_cast<size_t>(dimension);
  return bytes;
}

Model::~Model() = default;

absl::StatusOr<std::shared_ptr<const Model>> Model::Load(
    const std::string& path, const LoadOptions& options) {
  const absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok()) return absl::NotFoundError(bytes.status().message());
  return FromBytes(*bytes, path, options);
}

absl::StatusOr<std::shared_ptr<const Model>> Model::FromBytes(
    absl::string_view bytes, absl::string_view name,
    const LoadOptions& options) {
  std::shared_ptr<Model> model(new Model);
  model->name_ = std::string(name);
  absl::Status status = model->Read(bytes, options);
  if (!status.ok()) {
    return Annotate(absl::Status(status.code(), Printable(status.message())),
                    name);
  }
  return std::shared_ptr<const Model>(std::move(model));
}

absl::Status Model::Read(absl::string_view bytes, const LoadOptions& options) {
  absl::StatusOr<bmodel::Model> contents = bmodel::Parse(bytes);
  if (!contents.ok()) return contents.status();
  contents_ = *std::move(contents);
  absl::Status status = CheckNets(contents_);
  if (!status.ok()) return status;
  for (const bmodel::Net& net : contents_.nets) {
    programs_.emplace_back();
    memory_.emplace_back();
    for (const bmodel::Stage& stage : net.stages) {
      const std::string where = absl::StrCat("net \"", net.name, "\", stage ",
                                             programs_.back().size());
      absl::StatusOr<StageProgram> program =
          CheckStage(stage, options.memory_limit);
      if (!program.ok()) return Annotate(program.status(), where);
      program->runnable = Annotate(program->runnable, where);
      programs_.back().push_back(
          std::make_shared<const StageProgram>(*std::move(program)));
      memory_.back().push_back(MemoryOf(stage));
    }
  }
  auto on_device = LoadOnDevice({name_, bytes, contents_, programs_}, options);
  if (!on_device.ok()) return on_device.status();
  on_device_ = *std::move(on_device);
  DropBlobs(contents_);
  return absl::OkStatus();
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

MemoryUse Model::Memory(int net, int stage) const {
  return memory_[net][stage];
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

}  // namespace tpuc::runtime
