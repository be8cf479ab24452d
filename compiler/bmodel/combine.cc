// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/combine.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/bmodel_generated.h"
#include "compiler/bmodel/container.h"
#include "compiler/bmodel/section.h"
#include "compiler/bmodel/sha256.h"
#include "compiler/support/printable.h"

namespace tpuc::bmodel {
namespace {

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(Printable(what));
}

absl::Status InFile(const NamedFile& file, absl::string_view what) {
  return Bad(absl::StrCat(file.name, ": ", what));
}

using Tensors = std::vector<std::unique_ptr<fb::TensorT>>;

// "[1, 3, 48, 192], [1]".
std::string Shapes(const Tensors& tensors) {
  return absl::StrJoin(tensors, ", ", [](std::string* out, const auto& t) {
    absl::StrAppend(out, "[", absl::StrJoin(t->shape[0]->dim, ", "), "]");
  });
}

// What all stages of a net have in common, as text: "x f32".
std::string Interface(const Tensors& tensors) {
  return absl::StrJoin(tensors, ", ", [](std::string* out, const auto& t) {
    absl::StrAppend(out, t->name, " ", Name(*DataTypeOf(t->data_type)));
    if (t->scale != 1.0f || t->zero_point != 0)
      absl::StrAppend(out, " scale ", t->scale, " zero point ", t->zero_point);
  });
}

// 64-bit numbers whose vector begins at a multiple of 4 pass the verifier, but
// can't be unpacked.
bool IsAligned(const flatbuffers::Vector<uint64_t>* vector) {
  return vector == nullptr ||
         reinterpret_cast<uintptr_t>(vector->Data()) % alignof(uint64_t) == 0;
}

bool ShapesAreAligned(
    const flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>>* tensors) {
  for (uint32_t i = 0; tensors != nullptr && i < tensors->size(); ++i) {
    const auto* shapes = tensors->Get(i)->shape();
    for (uint32_t j = 0; shapes != nullptr && j < shapes->size(); ++j)
      if (!IsAligned(shapes->Get(j)->dim())) return false;
  }
  return true;
}

bool StageIsAligned(const fb::NetParameter& stage) {
  if (!IsAligned(stage.ctx_sizes()) ||
      !ShapesAreAligned(stage.input_tensor()) ||
      !ShapesAreAligned(stage.output_tensor()))
    return false;
  for (const fb::SubNet* sub_net : *stage.sub_net())
    if (!ShapesAreAligned(sub_net->input_tensor()) ||
        !ShapesAreAligned(sub_net->output_tensor()))
      return false;
  return true;
}

// A file, checked and unpacked.
struct Unpacked {
  fb::ModelT root;
  absl::string_view binary;
};

// What Parse has seen to be there and well.
absl::Status CheckNet(const NamedFile& file, const fb::Net& net) {
  const std::string where = absl::StrCat(
      "net '", net.name() == nullptr ? "" : net.name()->str(), "': ");
  if ((net.net_static() != nullptr && net.net_static()->size() != 0) ||
      (net.net_dynamic() != nullptr && net.net_dynamic()->size() != 0))
    return InFile(file, where + "parts of older chips are not supported");
  for (const fb::NetParameter* stage : *net.parameter())
    if (!StageIsAligned(*stage))
      return InFile(file, where + "the description (flatbuffer) is damaged");
  return absl::OkStatus();
}

absl::StatusOr<Unpacked> Unpack(const NamedFile& file) {
  absl::StatusOr<Model> model = Parse(file.bytes);  // for its checks
  if (!model.ok()) return InFile(file, model.status().message());
  absl::StatusOr<Container> container = ReadContainer(file.bytes);
  if (!container.ok()) return InFile(file, container.status().message());
  std::vector<uint64_t> buffer((container->flatbuffer_size + 7) / 8);
  std::memcpy(buffer.data(), file.bytes.data() + kHeaderBytes,
              container->flatbuffer_size);
  const fb::Model* root = fb::GetModel(buffer.data());
  for (const fb::Net* net : *root->net()) {
    absl::Status status = CheckNet(file, *net);
    if (!status.ok()) return status;
  }
  Unpacked unpacked;
  root->UnPackTo(&unpacked.root);
  unpacked.binary =
      file.bytes.substr(container->binary_start, container->binary_size);
  return unpacked;
}

// Moves the blobs of one stage from its file to another.
class StageBlobs {
 public:
  StageBlobs(absl::string_view from, Section& to) : from_(from), to_(to) {}

  // In the order of Serialize, so that its files keep their bytes.
  absl::Status Move(fb::NetParameterT& stage) {
    for (auto& group : stage.cmd_group) MoveGroup(*group);
    if (stage.coeff_mem != nullptr) MoveWeights(*stage.coeff_mem);
    Append(stage.binary_ir);
    Append(stage.tensor_loc);
    Append(stage.net_profile);
    Append(stage.net_stat);
    for (auto& sub_net : stage.sub_net) {
      for (auto& group : sub_net->cmd_group) MoveGroup(*group);
      for (auto& parameter : sub_net->cpu_param) {
        Append(parameter->binary_param);
        for (auto& constant : parameter->cpu_const)
          Append(constant->const_data);
      }
    }
    return status_;
  }

  absl::string_view Bytes(const std::unique_ptr<fb::Binary>& blob) {
    if (blob == nullptr) return {};
    if (blob->start() > from_.size() ||
        blob->size() > from_.size() - blob->start()) {
      status_ = Bad(absl::StrCat("bytes ", blob->start(), " + ", blob->size(),
                                 " lie outside the binary section of ",
                                 from_.size(), " bytes"));
      return {};
    }
    return from_.substr(blob->start(), blob->size());
  }

  void Append(std::unique_ptr<fb::Binary>& blob) {
    if (blob != nullptr) *blob = to_.Append(Bytes(blob));
  }

  const absl::Status& status() const { return status_; }

 private:
  // Commands are listed twice, in the stage and in a sub-net, and stay one
  // blob.
  void MoveCommands(std::unique_ptr<fb::Binary>& blob) {
    if (blob == nullptr) return;
    const std::pair<uint64_t, uint64_t> place(blob->start(), blob->size());
    const auto found = commands_.find(place);
    *blob = found != commands_.end() ? found->second : to_.Append(Bytes(blob));
    commands_.emplace(place, *blob);
  }

  void MoveGroup(fb::CmdGroupT& group) {
    MoveCommands(group.binary_bdc);
    MoveCommands(group.binary_gdma);
  }

  void MoveWeights(fb::CoeffMemT& coeff) {
    const absl::string_view bytes = Bytes(coeff.binary_coeff);
    const std::string hash = Sha256(bytes);
    if (coeff.check_code.empty())
      coeff.check_code.assign(hash.begin(), hash.end());
    if (!std::equal(coeff.check_code.begin(), coeff.check_code.end(),
                    hash.begin(), hash.end(),
                    [](uint8_t a, char b) { return a == uint8_t(b); }))
      status_ = Bad("the weights are not those of their check code (SHA-256)");
    if (coeff.binary_coeff != nullptr)
      *coeff.binary_coeff = to_.Share(bytes, hash);
  }

  absl::string_view from_;
  Section& to_;
  std::map<std::pair<uint64_t, uint64_t>, fb::Binary> commands_;
  absl::Status status_;
};

// Blobs beside the nets: firmware and libraries.
struct ModelBlob {
  const char* what;
  std::string name, data;
  bool is_there = false;
};

std::vector<ModelBlob> ModelBlobs(const fb::ModelT& root, StageBlobs& blobs) {
  std::vector<ModelBlob> found = {
      {"kernel module", "", ""}, {"CPU library", "", ""}, {"backend", "", ""}};
  const auto take = [&](ModelBlob& blob, const auto& binary) {
    blob.data = std::string(blobs.Bytes(binary));
    blob.is_there = true;
  };
  if (root.kernel_module != nullptr) {
    found[0].name = root.kernel_module->file_name;
    take(found[0], root.kernel_module->binary);
  }
  if (root.cpuop_module != nullptr) {
    found[1].name = root.cpuop_module->file_name;
    take(found[1], root.cpuop_module->binary);
  }
  if (root.lib_backend != nullptr) take(found[2], root.lib_backend);
  return found;
}

// The file that is being made.
class Combiner {
 public:
  absl::Status Add(const NamedFile& file, Unpacked unpacked) {
    absl::Status status = AddModel(file, unpacked);
    for (auto& net : unpacked.root.net) {
      if (!status.ok()) return status;
      status = AddNet(file, unpacked.binary, std::move(net));
    }
    return status;
  }

  std::string Finish() { return section_.Frame(root_); }

 private:
  absl::Status AddModel(const NamedFile& file, Unpacked& unpacked) {
    fb::ModelT& in = unpacked.root;
    StageBlobs blobs(unpacked.binary, section_);
    std::vector<ModelBlob> own = ModelBlobs(in, blobs);
    if (!blobs.status().ok()) return InFile(file, blobs.status().message());
    if (first_.empty()) {
      first_ = file.name;
      root_.type = in.type;
      root_.version = in.version;
      root_.time = in.time;
      root_.chip = in.chip;
      root_.device_num = in.device_num;
      root_.bmodel_type = in.bmodel_type;
      blobs_.resize(own.size());
      blob_files_.resize(own.size());
    }
    const auto differ = [&](absl::string_view what, auto a, auto b) {
      return Bad(absl::StrCat(first_, " is for ", what, " ", a, ", ", file.name,
                              " for ", b));
    };
    if (in.chip != root_.chip) return differ("chip", root_.chip, in.chip);
    if (in.type != root_.type) return differ("type", root_.type, in.type);
    if (in.device_num != root_.device_num)
      return differ("devices", root_.device_num, in.device_num);
    if (in.bmodel_type != root_.bmodel_type)
      return differ("kind", root_.bmodel_type, in.bmodel_type);
    root_.neuron_size = std::max(root_.neuron_size, in.neuron_size);
    return AddModelBlobs(file, unpacked, own, blobs);
  }

  absl::Status AddModelBlobs(const NamedFile& file, Unpacked& unpacked,
                             std::vector<ModelBlob>& own, StageBlobs& blobs) {
    for (size_t i = 0; i < own.size(); ++i) {
      if (!own[i].is_there) continue;
      if (blobs_[i].is_there) {
        if (own[i].name != blobs_[i].name || own[i].data != blobs_[i].data)
          return Bad(absl::StrCat(blob_files_[i], " and ", file.name,
                                  " hold a different ", own[i].what));
        continue;
      }
      fb::ModelT& in = unpacked.root;
      if (i == 0) {
        blobs.Append(in.kernel_module->binary);
        root_.kernel_module = std::move(in.kernel_module);
      } else if (i == 1) {
        blobs.Append(in.cpuop_module->binary);
        root_.cpuop_module = std::move(in.cpuop_module);
      } else {
        blobs.Append(in.lib_backend);
        root_.lib_backend = std::move(in.lib_backend);
      }
      blobs_[i] = std::move(own[i]);
      blob_files_[i] = file.name;
    }
    return absl::OkStatus();
  }

  absl::Status AddNet(const NamedFile& file, absl::string_view binary,
                      std::unique_ptr<fb::NetT> net) {
    auto stages = std::move(net->parameter);
    net->parameter.clear();
    size_t n = 0;
    while (n < root_.net.size() && root_.net[n]->name != net->name) ++n;
    if (n == root_.net.size()) {
      root_.net.push_back(std::move(net));
      net_files_.push_back(file.name);
      stages_.emplace_back();
    } else if (net->cascade != nullptr || root_.net[n]->cascade != nullptr) {
      return InFile(file, absl::StrCat("net '", net->name,
                                       "' is part of a cascade of devices and "
                                       "can't get further stages"));
    } else if (net->addr_mode != root_.net[n]->addr_mode) {
      return Bad(absl::StrCat("net '", net->name, "' has address mode ",
                              root_.net[n]->addr_mode, " in ", net_files_[n],
                              " and ", net->addr_mode, " in ", file.name));
    }
    for (auto& stage : stages) {
      absl::Status status = AddStage(file, binary, n, std::move(stage));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddStage(const NamedFile& file, absl::string_view binary,
                        size_t n, std::unique_ptr<fb::NetParameterT> stage) {
    fb::NetT& net = *root_.net[n];
    const std::string shapes = Shapes(stage->input_tensor);
    const auto [other, is_new] = stages_[n].emplace(shapes, file.name);
    if (!is_new)
      return Bad(absl::StrCat("net '", net.name, "' with input shapes ", shapes,
                              " is in ", other->second, " and in ", file.name));
    if (!net.parameter.empty()) {
      const fb::NetParameterT& first = *net.parameter[0];
      const auto compare = [&](absl::string_view what, const Tensors& a,
                               const Tensors& b) {
        if (Interface(a) == Interface(b)) return absl::OkStatus();
        return Bad(absl::StrCat("net '", net.name, "' has ", what, " ",
                                Interface(a), " in ", net_files_[n], " and ",
                                Interface(b), " in ", file.name));
      };
      absl::Status status =
          compare("inputs", first.input_tensor, stage->input_tensor);
      if (status.ok())
        status = compare("outputs", first.output_tensor, stage->output_tensor);
      if (!status.ok()) return status;
    }
    absl::Status status = StageBlobs(binary, section_).Move(*stage);
    if (!status.ok())
      return InFile(file, absl::StrCat("net '", net.name, "', input shapes ",
                                       shapes, ": ", status.message()));
    net.parameter.push_back(std::move(stage));
    return absl::OkStatus();
  }

  fb::ModelT root_;
  Section section_;
  std::string first_;                   // the first file
  std::vector<std::string> net_files_;  // where the net was found first
  // For each net, the file that each set of input shapes came from.
  std::vector<std::map<std::string, std::string>> stages_;
  std::vector<ModelBlob> blobs_;
  std::vector<std::string> blob_files_;
};

// Leaves one net, and one of its stages when `stage` isn't negative.
absl::Status Select(const NamedFile& file, absl::string_view name, int stage,
                    fb::ModelT& root) {
  std::vector<std::string> names;
  for (const auto& net : root.net) names.push_back(net->name);
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end())
    return InFile(file, absl::StrCat("there is no net '", name, "'; there is ",
                                     absl::StrJoin(names, ", ")));
  auto net = std::move(root.net[at - names.begin()]);
  if (stage >= static_cast<int>(net->parameter.size()))
    return InFile(file,
                  absl::StrCat("net '", name, "' has ", net->parameter.size(),
                               " stages, there is no stage ", stage));
  if (stage >= 0) {
    auto only = std::move(net->parameter[stage]);
    net->parameter.clear();
    net->parameter.push_back(std::move(only));
  }
  root.net.clear();
  root.net.push_back(std::move(net));
  // Of the largest stage; zero where the writer leaves it out.
  if (root.neuron_size == 0) return absl::OkStatus();
  root.neuron_size = 0;
  for (const auto& parameter : root.net[0]->parameter)
    root.neuron_size = std::max(root.neuron_size, parameter->ctx_size);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Combine(const std::vector<NamedFile>& files) {
  if (files.empty()) return Bad("there is no file to combine");
  Combiner combiner;
  for (const NamedFile& file : files) {
    absl::StatusOr<Unpacked> unpacked = Unpack(file);
    if (!unpacked.ok()) return unpacked.status();
    absl::Status status = combiner.Add(file, *std::move(unpacked));
    if (!status.ok()) return status;
  }
  return combiner.Finish();
}

absl::StatusOr<std::string> Extract(const NamedFile& file,
                                    absl::string_view net, int stage) {
  absl::StatusOr<Unpacked> unpacked = Unpack(file);
  if (!unpacked.ok()) return unpacked.status();
  absl::Status status = Select(file, net, stage, unpacked->root);
  if (!status.ok()) return status;
  Combiner combiner;
  status = combiner.Add(file, *std::move(unpacked));
  if (!status.ok()) return status;
  return combiner.Finish();
}

}  // namespace tpuc::bmodel
