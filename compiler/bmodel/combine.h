// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Files put together and taken apart. Both keep every record and blob of a
// stage, those of the vendor's dynamic and CPU parts too, and give the bytes
// that Serialize gives: a file of this compiler, combined with others and
// extracted again, has its old bytes.
namespace tpuc::bmodel {

struct NamedFile {
  std::string name;  // for errors
  absl::string_view bytes;
};

// One file of the nets of all `files`, in their order. Stages of nets of one
// name become stages of one net; equal weights are stored once. The texts
// about version and time are the first file's.
//
// Fails, naming files, net and tensor, for a damaged file; for weights that
// are not those of their check code, by which loaders share them; for files of
// other chips, kinds or firmware; for a net that is there twice with the same
// input shapes; for one whose stages differ in inputs, outputs or address mode.
absl::StatusOr<std::string> Combine(const std::vector<NamedFile>& files);

// A file of one net, or of one of its stages (-1: of all). Fails like Combine,
// and when there is no such net or stage, naming those that are.
absl::StatusOr<std::string> Extract(const NamedFile& file,
                                    absl::string_view net, int stage);

}  // namespace tpuc::bmodel
