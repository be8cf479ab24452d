// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/bmodel.h"

#include "absl/strings/str_cat.h"

namespace tpuc::bmodel {
namespace {

// Codes of docs/isa/bmodel.md, 3.
constexpr struct {
  uint32_t code;
  DType type;
} kDataTypes[] = {
    {0, DType::kF32}, {1, DType::kF16}, {2, DType::kI8},
    {3, DType::kU8},  {4, DType::kI16}, {5, DType::kU16},
    {6, DType::kI32}, {7, DType::kU32}, {8, DType::kBF16},
};

}  // namespace

absl::StatusOr<uint32_t> DataTypeCode(DType type) {
  for (const auto& entry : kDataTypes)
    if (entry.type == type) return entry.code;
  return absl::InvalidArgumentError(
      absl::StrCat("a bmodel has no tensors of type ", Name(type)));
}

absl::StatusOr<DType> DataTypeOf(uint32_t code) {
  for (const auto& entry : kDataTypes)
    if (entry.code == code) return entry.type;
  return absl::UnimplementedError(
      absl::StrCat("tensor data type code ", code, " is not supported"));
}

uint64_t Stage::ctx_size() const {
  uint64_t total = 0;
  for (uint64_t size : ctx_sizes) total += size;
  return total;
}

std::vector<CommandBuffers> ListCommands(const Model& model) {
  std::vector<CommandBuffers> list;
  for (size_t n = 0; n < model.nets.size(); ++n)
    for (size_t s = 0; s < model.nets[n].stages.size(); ++s)
      for (size_t g = 0; g < model.nets[n].stages[s].groups.size(); ++g) {
        const CmdGroup& group = model.nets[n].stages[s].groups[g];
        list.push_back({static_cast<int>(n), static_cast<int>(s),
                        static_cast<int>(g), group.tiu, group.gdma,
                        group.num_tiu, group.num_gdma});
      }
  return list;
}

}  // namespace tpuc::bmodel
