// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/bmodel_generated.h"
#include "compiler/bmodel/container.h"

namespace tpuc::bmodel {
namespace {

absl::Status Bad(const CommandBuffers& patch, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("net ", patch.net, ", stage ",
                                                 patch.stage, ", group ",
                                                 patch.group, ": ", what));
}

// The place of a blob in the file, checked by Parse before.
char* Place(std::string& file, const Container& container,
            const fb::Binary& blob) {
  return &file[container.binary_start + blob.start()];
}

absl::Status ReplaceBlob(std::string& file, const Container& container,
                         const fb::Binary* blob, absl::string_view engine,
                         const std::string& commands,
                         const CommandBuffers& patch) {
  uint64_t room = blob == nullptr ? 0 : blob->size();
  if (commands.size() > room)
    return Bad(patch, absl::StrCat(commands.size(), " bytes of ", engine,
                                   " commands do not fit the ", room,
                                   " bytes of the file"));
  if (blob == nullptr) return absl::OkStatus();
  char* place = Place(file, container, *blob);
  std::memcpy(place, commands.data(), commands.size());
  std::memset(place + commands.size(), 0, room - commands.size());
  return absl::OkStatus();
}

absl::Status SetCounts(fb::CmdGroup& group, const CommandBuffers& patch) {
  // A count of 0 isn't stored and can't be changed in place.
  if (!group.mutate_bdc_num(patch.num_tiu) ||
      !group.mutate_gdma_num(patch.num_gdma))
    return Bad(patch, "the file has no room for the instruction counts");
  return absl::OkStatus();
}

bool SamePlace(const fb::CmdGroup& a, const fb::CmdGroup& b) {
  auto same = [](const fb::Binary* x, const fb::Binary* y) {
    if (x == nullptr || y == nullptr) return x == y;
    return x->start() == y->start() && x->size() == y->size();
  };
  return same(a.binary_bdc(), b.binary_bdc()) &&
         same(a.binary_gdma(), b.binary_gdma());
}

}  // namespace

absl::StatusOr<std::string> PatchCommands(
    absl::string_view bytes, const std::vector<CommandBuffers>& patches) {
  absl::StatusOr<Model> model = Parse(bytes);  // for its checks
  if (!model.ok()) return model.status();
  absl::StatusOr<Container> container = ReadContainer(bytes);
  if (!container.ok()) return container.status();
  std::string file(bytes);
  fb::Model* root = fb::GetMutableModel(&file[kHeaderBytes]);
  for (const CommandBuffers& patch : patches) {
    if (patch.net < 0 || patch.net >= static_cast<int>(model->nets.size()))
      return Bad(patch, "the file has no such net");
    const Net& net = model->nets[patch.net];
    if (patch.stage < 0 || patch.stage >= static_cast<int>(net.stages.size()))
      return Bad(patch, "the net has no such stage");
    const Stage& stage = net.stages[patch.stage];
    if (patch.group < 0 || patch.group >= static_cast<int>(stage.groups.size()))
      return Bad(patch, "the stage has no such command group");
    fb::NetParameter* parameter = root->mutable_net()
                                      ->GetMutableObject(patch.net)
                                      ->mutable_parameter()
                                      ->GetMutableObject(patch.stage);
    fb::CmdGroup* group =
        parameter->mutable_cmd_group()->GetMutableObject(patch.group);
    absl::Status status = ReplaceBlob(file, *container, group->binary_bdc(),
                                      "TIU", patch.tiu, patch);
    if (status.ok())
      status = ReplaceBlob(file, *container, group->binary_gdma(), "GDMA",
                           patch.gdma, patch);
    if (status.ok()) status = SetCounts(*group, patch);
    // The sub-net's record of the same group.
    for (uint32_t i = 0; i < parameter->sub_net()->size() && status.ok(); ++i) {
      auto* groups = parameter->mutable_sub_net()
                         ->GetMutableObject(i)
                         ->mutable_cmd_group();
      for (uint32_t j = 0; groups != nullptr && j < groups->size(); ++j)
        if (SamePlace(*groups->GetMutableObject(j), *group) && status.ok())
          status = SetCounts(*groups->GetMutableObject(j), patch);
    }
    if (!status.ok()) return status;
  }
  return file;
}

}  // namespace tpuc::bmodel
