// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/tpu_to_isa/encode.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/isa/codes.h"
#include "compiler/isa/encoding.h"

namespace tpuc {
namespace {

absl::StatusOr<bmodel::CmdGroup> EncodeGroup(const Program& program) {
  std::vector<isa::Instruction> tiu, gdma;
  for (const isa::Instruction& i : program.instructions)
    (i.engine() == isa::Engine::kTiu ? tiu : gdma).push_back(i);
  tiu.push_back(isa::MakeEnd(isa::Engine::kTiu, tiu.size() + 1));
  gdma.push_back(isa::MakeEnd(isa::Engine::kGdma, gdma.size() + 1));
  auto tiu_bytes = isa::EncodeStream(tiu);
  if (!tiu_bytes.ok()) return tiu_bytes.status();
  auto gdma_bytes = isa::EncodeStream(gdma);
  if (!gdma_bytes.ok()) return gdma_bytes.status();
  bmodel::CmdGroup group;
  group.tiu = *std::move(tiu_bytes);
  group.gdma = *std::move(gdma_bytes);
  group.num_tiu = static_cast<uint32_t>(tiu.size());
  group.num_gdma = static_cast<uint32_t>(gdma.size());
  return group;
}

std::vector<bmodel::TensorRecord> Records(
    const std::vector<ProgramTensor>& tensors, int hidden) {
  constexpr int kInput = 1;
  std::vector<bmodel::TensorRecord> records;
  for (const ProgramTensor& tensor : tensors) {
    bmodel::TensorRecord record;
    record.name = tensor.name;
    record.dtype = tensor.dtype;
    record.shape.assign(tensor.shape.begin(), tensor.shape.end());
    record.address = tensor.address;
    record.size = tensor.bytes;
    record.hidden = hidden;
    if (tensor.scale > 0) {
      record.scale = static_cast<float>(hidden == kInput ? 1 / tensor.scale
                                                         : tensor.scale);
      record.zero_point = tensor.zero_point;
    }
    record.index = static_cast<int32_t>(records.size());
    records.push_back(std::move(record));
  }
  return records;
}

absl::StatusOr<bmodel::CoeffMem> Coefficients(const Program& program,
                                              const WeightStore& weights) {
  bmodel::CoeffMem coeff;
  coeff.address = isa::kDdrBase;
  coeff.data.resize(program.ctx_address - isa::kDdrBase, '\0');
  for (const ProgramCoefficient& c : program.coefficients) {
    const Tensor* tensor = weights.Find(c.name);
    const uint64_t offset = c.address - isa::kDdrBase;
    if (tensor == nullptr ||
        static_cast<int64_t>(tensor->SizeInBytes()) != c.bytes ||
        offset + c.bytes > coeff.data.size())
      return absl::InternalError(
          absl::StrCat("coefficient '", c.name, "' of ", c.bytes, " bytes at ",
                       c.address, " does not match the weight store"));
    std::memcpy(coeff.data.data() + offset, tensor->raw(), c.bytes);
    coeff.locations.push_back({c.name, offset, static_cast<uint64_t>(c.bytes)});
  }
  return coeff;
}

}  // namespace

absl::StatusOr<bmodel::Model> EncodeProgram(const Program& program,
                                            const WeightStore& weights) {
  auto group = EncodeGroup(program);
  if (!group.ok()) return group.status();
  bmodel::Stage stage;
  stage.inputs = Records(program.inputs, /*hidden=*/1);
  stage.outputs = Records(program.outputs, /*hidden=*/2);
  stage.ctx_address = program.ctx_address;
  stage.ctx_sizes = {static_cast<uint64_t>(program.ctx_bytes)};
  if (!program.coefficients.empty()) {
    auto coeff = Coefficients(program, weights);
    if (!coeff.ok()) return coeff.status();
    stage.coeff = *std::move(coeff);
  }
  std::vector<bmodel::TensorLocation> locations;
  for (const ProgramTensor& tensor : program.tensors)
    locations.push_back({tensor.name, tensor.dtype, tensor.shape,
                         tensor.address, static_cast<uint64_t>(tensor.bytes), 0,
                         static_cast<uint64_t>(tensor.complete_after),
                         tensor.scale, tensor.zero_point});
  stage.tensor_location = bmodel::WriteTensorLocations(locations);
  bmodel::SubNet sub_net;
  sub_net.groups = {0};
  sub_net.inputs = stage.inputs;
  sub_net.outputs = stage.outputs;
  stage.groups.push_back(*std::move(group));
  stage.sub_nets.push_back(std::move(sub_net));
  bmodel::Net net;
  net.name = program.name;
  net.stages.push_back(std::move(stage));
  bmodel::Model model;
  model.version = "2.2";
  model.time = "2000-01-01 00:00:00";  // same input, same bytes
  model.neuron_size = program.ctx_bytes;
  model.nets.push_back(std::move(net));
  return model;
}

}  // namespace tpuc
