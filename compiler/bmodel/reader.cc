// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/bmodel_generated.h"
#include "compiler/bmodel/container.h"
#include "compiler/support/printable.h"

namespace tpuc::bmodel {
namespace {

template <typename T>
T ReadAt(absl::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

absl::Status Bad(absl::string_view where, absl::string_view what) {
  return absl::InvalidArgumentError(
      Printable(absl::StrCat("bmodel: ", where, what)));
}

std::string Text(const flatbuffers::String* text) {
  return text == nullptr ? "" : text->str();
}

// Number of elements of a vector that may be absent.
template <typename T>
uint32_t Count(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

// An element of a vector of numbers. The verifier lets a vector of 64-bit
// numbers begin at a multiple of 4, where Get() may not read.
template <typename T>
T Element(const flatbuffers::Vector<T>* vector, uint32_t i) {
  T value;
  std::memcpy(&value, vector->Data() + i * sizeof(T), sizeof(T));
  return value;
}

// Reads one model; `where_` tells which part an error is about.
class Reader {
 public:
  Reader(absl::string_view binary, const fb::Model& root)
      : binary_(binary), root_(root) {}

  absl::StatusOr<Model> Run() {
    Model model;
    model.type = Text(root_.type());
    model.version = Text(root_.version());
    model.time = Text(root_.time());
    model.chip = Text(root_.chip());
    model.neuron_size = root_.neuron_size();
    if (root_.kernel_module() != nullptr) {
      KernelModule module;
      module.file_name = Text(root_.kernel_module()->file_name());
      absl::Status status =
          Blob(root_.kernel_module()->binary(), "kernel module", module.data);
      if (!status.ok()) return status;
      model.kernel_module = std::move(module);
    }
    if (Count(root_.net()) == 0) return Bad("", "holds no net");
    for (const fb::Net* net : *root_.net()) {
      absl::Status status = ReadNet(*net, model.nets.emplace_back());
      if (!status.ok()) return status;
    }
    return model;
  }

 private:
  absl::Status Blob(const fb::Binary* blob, absl::string_view what,
                    std::string& data) {
    if (blob == nullptr) return absl::OkStatus();
    if (blob->start() > binary_.size() ||
        blob->size() > binary_.size() - blob->start()) {
      return Bad(where_, absl::StrCat(what, ": bytes ", blob->start(), " + ",
                                      blob->size(),
                                      " lie outside the binary section of ",
                                      binary_.size(), " bytes"));
    }
    data.assign(binary_.data() + blob->start(), blob->size());
    return absl::OkStatus();
  }

  absl::Status ReadNet(const fb::Net& in, Net& net) {
    net.name = Text(in.name());
    net.addr_mode = in.addr_mode();
    if (Count(in.parameter()) == 0)
      return Bad(absl::StrCat("net '", net.name, "': "), "has no stage");
    for (const fb::NetParameter* stage : *in.parameter()) {
      where_ =
          absl::StrCat("net '", net.name, "', stage ", net.stages.size(), ": ");
      absl::Status status = ReadStage(*stage, net.stages.emplace_back());
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadStage(const fb::NetParameter& in, Stage& stage) {
    stage.ctx_address = in.ctx_addr();
    for (uint32_t i = 0; i < Count(in.ctx_sizes()); ++i)
      stage.ctx_sizes.push_back(Element(in.ctx_sizes(), i));
    if (stage.ctx_sizes.empty()) stage.ctx_sizes.push_back(in.ctx_size());
    stage.io_address = in.io_addr();
    stage.io_size = in.io_size();
    absl::Status status = CheckRegions(stage);
    if (status.ok()) status = ReadCoeff(in.coeff_mem(), stage);
    if (status.ok()) status = Blob(in.binary_ir(), "IR", stage.dynamic_ir);
    if (status.ok())
      status = Blob(in.tensor_loc(), "tensor locations", stage.tensor_location);
    if (status.ok()) status = ReadGroups(in.cmd_group(), stage);
    if (status.ok()) status = Tensors(in.input_tensor(), "input", stage.inputs);
    if (status.ok())
      status = Tensors(in.output_tensor(), "output", stage.outputs);
    for (const auto* list : {&stage.inputs, &stage.outputs})
      for (const TensorRecord& tensor : *list)
        if (status.ok()) status = CheckPlace(tensor, stage);
    if (status.ok() && Count(in.sub_net()) == 0)
      status = Bad(where_, "has no sub-net");
    for (uint32_t i = 0; i < Count(in.sub_net()) && status.ok(); ++i)
      status = ReadSubNet(*in.sub_net()->Get(i), in, stage);
    return status;
  }

  absl::Status CheckRegions(const Stage& stage) {
    uint64_t end = stage.ctx_address;
    for (uint64_t size : stage.ctx_sizes)
      if (__builtin_add_overflow(end, size, &end))
        return Bad(where_, "the ctx region ends beyond 64 bits");
    if (__builtin_add_overflow(stage.io_address, stage.io_size, &end))
      return Bad(where_, "the io region ends beyond 64 bits");
    return absl::OkStatus();
  }

  absl::Status ReadCoeff(const fb::CoeffMem* in, Stage& stage) {
    if (in == nullptr) return absl::OkStatus();
    if (in->encrypt_mode() != 0)
      return Bad(where_, "encrypted weights are not supported");
    CoeffMem coeff;
    coeff.address = in->address();
    absl::Status status = Blob(in->binary_coeff(), "weights", coeff.data);
    if (!status.ok()) return status;
    for (uint32_t i = 0; i < Count(in->check_code()); ++i)
      coeff.check_code += static_cast<char>(in->check_code()->Get(i));
    for (uint32_t i = 0; i < Count(in->location()); ++i) {
      const fb::Location* location = in->location()->Get(i);
      coeff.locations.push_back(
          {Text(location->name()), location->offset(), location->size()});
      if (location->offset() > coeff.data.size() ||
          location->size() > coeff.data.size() - location->offset())
        return Bad(where_, absl::StrCat("weight '", Text(location->name()),
                                        "' lies outside the weights"));
    }
    stage.coeff = std::move(coeff);
    return absl::OkStatus();
  }

  using GroupVector = flatbuffers::Vector<flatbuffers::Offset<fb::CmdGroup>>;

  absl::Status ReadGroups(const GroupVector* in, Stage& stage) {
    for (uint32_t i = 0; i < Count(in); ++i) {
      const fb::CmdGroup* group_in = in->Get(i);
      CmdGroup& group = stage.groups.emplace_back();
      group.num_tiu = group_in->bdc_num();
      group.num_gdma = group_in->gdma_num();
      absl::Status status =
          Blob(group_in->binary_bdc(), "TIU commands", group.tiu);
      if (status.ok())
        status = Blob(group_in->binary_gdma(), "GDMA commands", group.gdma);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadTensor(const fb::Tensor& in, TensorRecord& tensor) {
    tensor.name = Text(in.name());
    absl::StatusOr<DType> type = DataTypeOf(in.data_type());
    if (!type.ok())
      return Bad(where_, absl::StrCat("tensor '", tensor.name,
                                      "': ", type.status().message()));
    tensor.dtype = *type;
    tensor.address = in.device_addr();
    tensor.mem_type = in.mem_type();
    tensor.scale = in.scale();
    tensor.zero_point = in.zero_point();
    tensor.hidden = in.hidden();
    tensor.index = in.index();
    if (Count(in.shape()) != 1)
      return Bad(where_,
                 absl::StrCat("tensor '", tensor.name, "' has ",
                              Count(in.shape()), " shapes, expected 1"));
    uint64_t bytes = SizeOf(tensor.dtype);
    const auto* dims = in.shape()->Get(0)->dim();
    for (uint32_t i = 0; i < Count(dims); ++i) {
      tensor.shape.push_back(Element(dims, i));
      if (__builtin_mul_overflow(bytes, tensor.shape.back(), &bytes))
        return Bad(where_, absl::StrCat("tensor '", tensor.name,
                                        "' is larger than 64 bits"));
    }
    tensor.size = in.size() == 0 ? bytes : in.size();
    if (tensor.size < bytes)
      return Bad(where_,
                 absl::StrCat("tensor '", tensor.name, "' takes ", bytes,
                              " bytes, its record says ", tensor.size));
    return absl::OkStatus();
  }

  absl::Status Tensors(
      const flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>>* in,
      absl::string_view what, std::vector<TensorRecord>& tensors) {
    for (uint32_t i = 0; i < Count(in); ++i) {
      absl::Status status = ReadTensor(*in->Get(i), tensors.emplace_back());
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status CheckPlace(const TensorRecord& tensor, const Stage& stage) {
    auto inside = [&](uint64_t start, uint64_t size) {
      return tensor.address >= start && tensor.address - start <= size &&
             tensor.size <= size - (tensor.address - start);
    };
    if (inside(stage.ctx_address, stage.ctx_size()) ||
        inside(stage.io_address, stage.io_size))
      return absl::OkStatus();
    return Bad(where_,
               absl::StrCat("tensor '", tensor.name, "' at 0x",
                            absl::Hex(tensor.address), " + ", tensor.size,
                            " lies outside the ctx and io regions"));
  }

  absl::Status ReadSubNet(const fb::SubNet& in,
                          const fb::NetParameter& stage_in, Stage& stage) {
    if (Count(in.core_commands()) != 0)
      return Bad(where_, "multi-core commands are not supported");
    SubNet& sub_net = stage.sub_nets.emplace_back();
    sub_net.id = in.id();
    sub_net.mode = in.subnet_mode();
    sub_net.is_dynamic = in.is_dynamic() != 0;
    sub_net.ir_offset = in.ir_offset();
    sub_net.ir_bytes = in.ir_len();
    if (uint64_t{in.ir_offset()} + in.ir_len() > stage.dynamic_ir.size())
      return Bad(where_, absl::StrCat("sub-net ", sub_net.id,
                                      ": its IR lies outside the stage's"));
    sub_net.next_ids.clear();
    for (uint32_t i = 0; i < Count(in.next_subnet_ids()); ++i)
      sub_net.next_ids.push_back(Element(in.next_subnet_ids(), i));
    // The sub-net's groups are repeated in the stage; a group is known by the
    // place of its commands.
    for (uint32_t i = 0; i < Count(in.cmd_group()); ++i) {
      int index = FindGroup(*in.cmd_group()->Get(i), stage_in.cmd_group());
      if (index < 0)
        return Bad(where_,
                   absl::StrCat("sub-net ", sub_net.id, ": command group ", i,
                                " is not among the stage's"));
      sub_net.groups.push_back(index);
    }
    absl::Status status = Tensors(in.input_tensor(), "input", sub_net.inputs);
    if (status.ok())
      status = Tensors(in.output_tensor(), "output", sub_net.outputs);
    return status;
  }

  static bool SamePlace(const fb::Binary* a, const fb::Binary* b) {
    if (a == nullptr || b == nullptr) return a == b;
    return a->start() == b->start() && a->size() == b->size();
  }

  static int FindGroup(const fb::CmdGroup& group, const GroupVector* groups) {
    for (uint32_t i = 0; i < Count(groups); ++i) {
      const fb::CmdGroup* other = groups->Get(i);
      if (SamePlace(group.binary_bdc(), other->binary_bdc()) &&
          SamePlace(group.binary_gdma(), other->binary_gdma()))
        return static_cast<int>(i);
    }
    return -1;
  }

  absl::string_view binary_;
  const fb::Model& root_;
  std::string where_;
};

}  // namespace

absl::StatusOr<Container> ReadContainer(absl::string_view bytes) {
  if (bytes.size() < kHeaderBytes || ReadAt<uint32_t>(bytes, 0) != kMagic)
    return Bad("", "this is not a bmodel file (magic number 0xff55aaee)");
  uint32_t header = ReadAt<uint32_t>(bytes, 4);
  if (header != kHeaderBytes)
    return Bad("", absl::StrCat("header of ", header, " bytes, expected 64"));
  Container container;
  container.flatbuffer_size = ReadAt<uint32_t>(bytes, 8);
  container.binary_size = ReadAt<uint64_t>(bytes, 12);
  container.binary_start = kHeaderBytes + container.flatbuffer_size;
  if (container.binary_start > bytes.size() ||
      container.binary_size > bytes.size() - container.binary_start)
    return Bad("", absl::StrCat("the file has ", bytes.size(),
                                " bytes, its header asks for ", kHeaderBytes,
                                " + ", container.flatbuffer_size, " + ",
                                container.binary_size));
  return container;
}

absl::StatusOr<Model> Parse(absl::string_view bytes) {
  absl::StatusOr<Container> container = ReadContainer(bytes);
  if (!container.ok()) return container.status();
  // A copy at a suitably aligned address.
  std::vector<uint64_t> buffer((container->flatbuffer_size + 7) / 8);
  if (!buffer.empty())
    std::memcpy(buffer.data(), bytes.data() + kHeaderBytes,
                container->flatbuffer_size);
  auto data = reinterpret_cast<const uint8_t*>(buffer.data());
  flatbuffers::Verifier verifier(data, container->flatbuffer_size);
  if (!fb::VerifyModelBuffer(verifier))
    return Bad("", "the description (flatbuffer) is damaged");
  return Reader(bytes.substr(container->binary_start, container->binary_size),
                *fb::GetModel(data))
      .Run();
}

}  // namespace tpuc::bmodel
