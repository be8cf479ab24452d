// SPDX-License-Identifier: Apache-2.0
#include "runtime/stage_program.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/annotate.h"

namespace tpuc::runtime {
namespace {

// Limits of the vendor's runtime, whose shapes hold eight 32-bit integers.
constexpr size_t kMaxRank = 8;
constexpr uint64_t kMaxDimension = std::numeric_limits<int32_t>::max();

absl::Status CheckTensor(const bmodel::TensorRecord& tensor) {
  if (tensor.shape.size() > kMaxRank) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor \"", tensor.name, "\" has ", tensor.shape.size(),
                     " dimensions, the limit is ", kMaxRank));
  }
  for (uint64_t dimension : tensor.shape) {
    if (dimension > kMaxDimension) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", tensor.name, "\" has a dimension of ",
                       dimension, ", the limit is ", kMaxDimension));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckInputs(const std::vector<bmodel::TensorRecord>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const bmodel::TensorRecord &a = inputs[j], &b = inputs[i];
      if (a.name == b.name) {
        return absl::InvalidArgumentError(
            absl::StrCat("two inputs are called \"", a.name, "\""));
      }
      // Sizes were checked to lie within the ctx or io memory.
      if (a.size != 0 && b.size != 0 && a.address < b.address + b.size &&
          b.address < a.address + a.size) {
        return absl::InvalidArgumentError(absl::StrCat(
            "inputs \"", a.name, "\" and \"", b.name, "\" overlap in memory"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRecords(const bmodel::Stage& stage) {
  for (const auto* list : {&stage.inputs, &stage.outputs}) {
    for (const bmodel::TensorRecord& tensor : *list) {
      absl::Status status = CheckTensor(tensor);
      if (!status.ok()) return status;
    }
  }
  return CheckInputs(stage.inputs);
}

absl::Status CheckSubNets(const bmodel::Stage& stage) {
  size_t listed = 0;
  for (const bmodel::SubNet& sub_net : stage.sub_nets) {
    listed += sub_net.groups.size();
  }
  if (listed == stage.groups.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the stage lists ", stage.groups.size(),
                   " command groups, its sub-nets ", listed));
}

absl::Status Runnable(const bmodel::Stage& stage) {
  for (const bmodel::SubNet& sub_net : stage.sub_nets) {
    if (sub_net.is_dynamic || sub_net.mode != 0) {
      return absl::UnimplementedError(
          absl::StrCat("sub-net ", sub_net.id, " is ",
                       sub_net.mode != 0 ? "not for the TPU" : "dynamic",
                       "; only static programs are supported"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCount(const char* engine, size_t found, uint32_t expected) {
  if (found == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the ", engine, " stream holds ", found,
                   " instructions, its record says ", expected));
}

absl::StatusOr<sim::Program> CheckGroup(const bmodel::CmdGroup& group,
                                        const Relocation& relocation) {
  absl::StatusOr<sim::Program> program =
      sim::DecodeProgram(group.tiu, group.gdma);
  if (!program.ok()) return program.status();
  absl::Status status = CheckCount("TIU", program->tiu.size(), group.num_tiu);
  if (status.ok()) {
    status = CheckCount("GDMA", program->gdma.size(), group.num_gdma);
  }
  if (status.ok()) status = relocation.Apply(*program);
  if (!status.ok()) return status;
  return program;
}

}  // namespace

absl::StatusOr<StageProgram> CheckStage(const bmodel::Stage& stage,
                                        uint64_t memory_limit) {
  absl::Status status = CheckRecords(stage);
  if (!status.ok()) return status;
  absl::StatusOr<Relocation> relocation = Relocation::Place(stage);
  if (!relocation.ok()) return relocation.status();
  if (relocation->ddr_bytes() > memory_limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the stage needs ", relocation->ddr_bytes(),
                     " bytes of device memory, the limit is ", memory_limit));
  }
  StageProgram program{*std::move(relocation), {}, Runnable(stage)};
  if (!program.runnable.ok()) return program;
  status = CheckSubNets(stage);
  if (!status.ok()) return status;
  for (size_t g = 0; g < stage.groups.size(); ++g) {
    absl::StatusOr<sim::Program> group =
        CheckGroup(stage.groups[g], program.relocation);
    if (!group.ok()) {
      return Annotate(group.status(), absl::StrCat("command group ", g));
    }
    program.groups.push_back(*std::move(group));
  }
  return program;
}

}  // namespace tpuc::runtime
