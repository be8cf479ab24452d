// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/bmodel_generated.h"
#include "compiler/bmodel/section.h"
#include "compiler/bmodel/sha256.h"

namespace tpuc::bmodel {
namespace {

class Writer {
 public:
  explicit Writer(const Model& model) : model_(model) {}

  absl::StatusOr<std::string> Run() {
    if (model_.nets.empty())
      return absl::InvalidArgumentError("bmodel: holds no net");
    fb::ModelT root;
    root.type = model_.type;
    root.version = model_.version;
    root.time = model_.time;
    root.chip = model_.chip;
    root.neuron_size = model_.neuron_size;
    root.device_num = 1;
    if (model_.kernel_module) {
      root.kernel_module = std::make_unique<fb::KernelModuleT>();
      root.kernel_module->file_name = model_.kernel_module->file_name;
      root.kernel_module->binary = Blob(model_.kernel_module->data);
    }
    for (const Net& net : model_.nets) {
      auto out = std::make_unique<fb::NetT>();
      out->name = net.name;
      out->addr_mode = net.addr_mode;
      for (const Stage& stage : net.stages) {
        out->parameter.push_back(std::make_unique<fb::NetParameterT>());
        absl::Status status = WriteStage(net, stage, *out->parameter.back());
        if (!status.ok()) return status;
      }
      root.net.push_back(std::move(out));
    }
    return section_.Frame(root);
  }

 private:
  // Puts a blob of the model behind the others in the binary section.
  std::unique_ptr<fb::Binary> Blob(absl::string_view data) {
    return std::make_unique<fb::Binary>(section_.Append(data));
  }

  absl::Status WriteTensors(const std::vector<TensorRecord>& tensors,
                            std::vector<std::unique_ptr<fb::TensorT>>& out) {
    for (const TensorRecord& tensor : tensors) {
      auto t = std::make_unique<fb::TensorT>();
      t->name = tensor.name;
      absl::StatusOr<uint32_t> code = DataTypeCode(tensor.dtype);
      if (!code.ok())
        return absl::InvalidArgumentError(absl::StrCat(
            "tensor '", tensor.name, "': ", code.status().message()));
      t->data_type = *code;
      t->device_addr = tensor.address;
      t->size = tensor.size;
      t->mem_type = tensor.mem_type;
      t->scale = tensor.scale;
      t->zero_point = tensor.zero_point;
      t->hidden = tensor.hidden;
      t->index = tensor.index;
      auto shape = std::make_unique<fb::ShapeT>();
      shape->dim = tensor.shape;
      t->shape.push_back(std::move(shape));
      out.push_back(std::move(t));
    }
    return absl::OkStatus();
  }

  static std::unique_ptr<fb::CmdGroupT> WriteGroup(const CmdGroup& group,
                                                   const fb::Binary& tiu,
                                                   const fb::Binary& gdma) {
    auto out = std::make_unique<fb::CmdGroupT>();
    out->bdc_num = group.num_tiu;
    out->gdma_num = group.num_gdma;
    out->binary_bdc = std::make_unique<fb::Binary>(tiu);
    out->binary_gdma = std::make_unique<fb::Binary>(gdma);
    out->bdc_cmd_byte = static_cast<uint32_t>(group.tiu.size());
    out->gdma_cmd_byte = static_cast<uint32_t>(group.gdma.size());
    return out;
  }

  void WriteCoeff(const CoeffMem& coeff, fb::NetParameterT& out) {
    out.coeff_mem = std::make_unique<fb::CoeffMemT>();
    out.coeff_mem->address = coeff.address;
    const std::string hash = Sha256(coeff.data);
    out.coeff_mem->binary_coeff =
        std::make_unique<fb::Binary>(section_.Share(coeff.data, hash));
    const std::string code = coeff.check_code.empty() ? hash : coeff.check_code;
    out.coeff_mem->check_code.assign(code.begin(), code.end());
    for (const WeightLocation& location : coeff.locations) {
      auto entry = std::make_unique<fb::LocationT>();
      entry->name = location.name;
      entry->offset = location.offset;
      entry->size = location.size;
      out.coeff_mem->location.push_back(std::move(entry));
    }
  }

  absl::Status WriteStage(const Net& net, const Stage& stage,
                          fb::NetParameterT& out) {
    out.ctx_addr = stage.ctx_address;
    out.ctx_size = stage.ctx_size();
    out.ctx_sizes = stage.ctx_sizes;
    out.io_addr = stage.io_address;
    out.io_size = stage.io_size;
    out.core_num = 1;
    std::vector<std::pair<fb::Binary, fb::Binary>> blobs;
    for (const CmdGroup& group : stage.groups) {
      fb::Binary tiu = *Blob(group.tiu);
      fb::Binary gdma = *Blob(group.gdma);
      blobs.emplace_back(tiu, gdma);
      out.cmd_group.push_back(WriteGroup(group, tiu, gdma));
    }
    if (stage.coeff) WriteCoeff(*stage.coeff, out);
    if (!stage.dynamic_ir.empty()) {
      out.binary_ir = Blob(stage.dynamic_ir);
      out.stage_ir.push_back(std::make_unique<fb::StageIRT>());
      out.stage_ir.back()->ir_info_len =
          static_cast<uint32_t>(stage.dynamic_ir.size() / 4);
    }
    if (!stage.tensor_location.empty())
      out.tensor_loc = Blob(stage.tensor_location);
    absl::Status status = WriteTensors(stage.inputs, out.input_tensor);
    if (status.ok()) status = WriteTensors(stage.outputs, out.output_tensor);
    if (status.ok() && stage.sub_nets.empty())
      status = absl::InvalidArgumentError(
          absl::StrCat("bmodel: net '", net.name, "' has no sub-net"));
    for (const SubNet& sub_net : stage.sub_nets) {
      if (!status.ok()) break;
      out.sub_net.push_back(std::make_unique<fb::SubNetT>());
      status = WriteSubNet(sub_net, stage, blobs, *out.sub_net.back());
    }
    return status;
  }

  absl::Status WriteSubNet(
      const SubNet& sub_net, const Stage& stage,
      const std::vector<std::pair<fb::Binary, fb::Binary>>& blobs,
      fb::SubNetT& out) {
    out.id = sub_net.id;
    out.subnet_mode = sub_net.mode;
    out.is_dynamic = sub_net.is_dynamic;
    out.ir_offset = sub_net.ir_offset;
    out.ir_len = sub_net.ir_bytes;
    out.next_subnet_ids = sub_net.next_ids;
    out.run_core = 1;
    for (int index : sub_net.groups) {
      if (index < 0 || index >= static_cast<int>(stage.groups.size()))
        return absl::InvalidArgumentError(absl::StrCat(
            "bmodel: sub-net ", sub_net.id, " names command group ", index,
            ", which isn't there"));
      out.cmd_group.push_back(WriteGroup(
          stage.groups[index], blobs[index].first, blobs[index].second));
    }
    absl::Status status = WriteTensors(sub_net.inputs, out.input_tensor);
    if (status.ok()) status = WriteTensors(sub_net.outputs, out.output_tensor);
    return status;
  }

  const Model& model_;
  Section section_;
};

}  // namespace

absl::StatusOr<std::string> Serialize(const Model& model) {
  return Writer(model).Run();
}

}  // namespace tpuc::bmodel
