// SPDX-License-Identifier: Apache-2.0
// What the tests of imports share.
#pragma once

#include <string>
#include <vector>

#include "compiler/dialect/top/module_io.h"
#include "compiler/frontend/onnx/importer.h"
#include "compiler/frontend/onnx/model_builder.h"
#include "compiler/support/file.h"
#include "gtest/gtest.h"

namespace tpuc {

class ImporterTest : public ::testing::Test {
 protected:
  absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> Import(
      const ModelBuilder& model) {
    const std::string path = ::testing::TempDir() + "/importer_test.onnx";
    EXPECT_TRUE(
        WriteFileAtomically(path, model.proto.SerializeAsString()).ok());
    options.model_name = "m";
    return ImportOnnx(&context, path, options);
  }

  std::string Text(const ModelBuilder& model) {
    auto module = Import(model);
    if (!module.ok()) return std::string(module.status().message());
    std::string text;
    llvm::raw_string_ostream stream(text);
    (*module)->print(stream);
    return text;
  }

  void ExpectError(const ModelBuilder& model,
                   const std::vector<std::string>& parts) {
    auto module = Import(model);
    ASSERT_FALSE(module.ok());
    const std::string message(module.status().message());
    EXPECT_NE(message.find("importer_test.onnx"), std::string::npos) << message;
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos)
          << "no '" << part << "' in: " << message;
    }
  }

  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  mlir::MLIRContext context;
  OnnxImportOptions options;
};

}  // namespace tpuc
