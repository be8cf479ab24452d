// SPDX-License-Identifier: Apache-2.0
#include <zip.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "oneapi/dnnl/dnnl.hpp"
#include "onnx/onnx-ml.pb.h"
#include "third_party/tests/ToyDialect.h.inc"
#include "third_party/tests/point_generated.h"
#define GET_OP_CLASSES
#include "third_party/tests/ToyOps.h.inc"
// The definitions follow their declarations.
#include "third_party/tests/ToyDialect.cc.inc"
#define GET_OP_CLASSES
#include "third_party/tests/ToyOps.cc.inc"

ABSL_FLAG(std::string, toy, "x", "A flag");

namespace toy {
void ToyDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "third_party/tests/ToyOps.cc.inc"
      >();
}
}  // namespace toy

namespace {

TEST(Overlays, MlirParsesAGeneratedDialect) {
  mlir::DialectRegistry registry;
  registry.insert<toy::ToyDialect, mlir::func::FuncDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "func.func @f(%a: i32) -> i32 {\n"
      "  %0 = toy.identity %a : i32 to i32\n"
      "  return %0 : i32\n}\n",
      &context);
  ASSERT_TRUE(module);
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*module)));
}

TEST(Overlays, AbseilLinks) {
  absl::StatusOr<int> value = absl::NotFoundError("none");
  EXPECT_FALSE(value.ok());
  EXPECT_EQ(absl::StrFormat("%d-%s", 3, absl::GetFlag(FLAGS_toy)), "3-x");
}

TEST(Overlays, OnnxRoundTripsThroughProtobuf) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  onnx::ModelProto again;
  ASSERT_TRUE(again.ParseFromString(model.SerializeAsString()));
  EXPECT_EQ(again.ir_version(), 8);
}

TEST(Overlays, FlatbuffersRoundTrip) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(toy::CreatePoint(builder, 3, 4));
  EXPECT_EQ(toy::GetPoint(builder.GetBufferPointer())->y(), 4);
}

TEST(Overlays, SystemLibrariesLink) {
  EXPECT_GE(dnnl::engine::get_count(dnnl::engine::kind::cpu), 1u);
  EXPECT_NE(std::string(zip_libzip_version()), "");
  EXPECT_EQ(crc32(0, nullptr, 0), 0u);
  EXPECT_EQ(nlohmann::json::parse("[1]").size(), 1u);
}

}  // namespace
