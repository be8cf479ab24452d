// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/bmodel/bmodel.h"

namespace tpuc::bmodel {

struct CcHeaderOptions {
  std::string file;          // named in comments and errors
  std::string cc_namespace;  // "ocr::det"
  // The file's bytes in the program lie from `symbol` to `symbol`_end.
  std::string symbol;
};

// A C++ header for runtime/typed_runner.h: for each net of one stage a struct
// named after it ("ppocr_cls": PpocrCls), for each stage of others one with
// the stage's number behind ("PpocrClsStage1"), with the net's name, its
// inputs and its outputs as StaticTensors; and a function that loads the file
// from the program. Characters that no C++ name has become underscores.
//
// Fails for a namespace or symbol that is no C++ name.
absl::StatusOr<std::string> CcHeader(const Model& model,
                                     const CcHeaderOptions& options);

}  // namespace tpuc::bmodel
