// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/bmodel/bmodel.h"

// The command buffers of a model as text:
//
//   ; net "cls", stage 0, command group 0: 143 TIU, 61 GDMA instructions
//   .group net=0 stage=0 group=0
//   .tiu
//   sAR.add cmd_id=1 cmd_id_dep=2 ...
//   SYSID.end cmd_id=143 cmd_id_en=0
//   .gdma
//   DMA_tensor.copy cmd_id=1 ...
//   sDMA_sys.end cmd_id=61
//
// One instruction to a line, as isa::Print writes it; from ';' on a line is
// comment. A listing assembles to the bytes that it was made from.
namespace tpuc::bmodel {

// Fails, naming group, engine and offset, when a buffer doesn't decode.
absl::StatusOr<std::string> WriteListing(const Model& model);

// Buffers without the padding that files have (PatchCommands adds it). Errors
// start with "LINE:COLUMN: ".
absl::StatusOr<std::vector<CommandBuffers>> ReadListing(absl::string_view text);

}  // namespace tpuc::bmodel
