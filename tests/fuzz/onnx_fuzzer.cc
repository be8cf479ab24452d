// SPDX-License-Identifier: Apache-2.0
// The ONNX importer: any file gives a module that MLIR's verifier accepts, or a
// reason.
#include <string>
#include <vector>

#include "compiler/frontend/onnx/importer.h"
#include "compiler/frontend/onnx/registry.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/mutate_message.h"
#include "tests/fuzz/onnx_reflection.pb.h"

namespace {

// What a node of the importer's operators may say.
const std::vector<std::string>& Words() {
  static const auto* const words = [] {
    auto* list = new std::vector<std::string>{
        "axes",     "axis",     "kernel_shape", "pads",     "perm",
        "strides",  "to",       "value",        "auto_pad", "group",
        "Shape",    "Constant", "Cast",         "Concat",   "Gather",
        "Identity", "Slice",    "Transpose",    "Size",     "ConstantOfShape"};
    for (const auto& [type, converter] : tpuc::onnx_import::Converters()) {
      list->push_back(type);
    }
    return list;
  }();
  return *words;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tpuc::fuzz::TimeLimit limit;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  tpuc::OnnxImportOptions options;
  options.model_name = "fuzzed";
  const auto module = tpuc::ImportOnnxBytes(
      &context, tpuc::fuzz::View(data, size), "none/fuzzed.onnx", options);
  if (module.ok()) {
    tpuc::fuzz::Require(mlir::succeeded(mlir::verify(**module)),
                        "an imported module is valid");
  } else {
    tpuc::fuzz::RequireReason(module.status());
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  tpuc::fuzz::Random random(seed);
  onnx_reflection::ModelProto model;
  if (tpuc::fuzz::Below(random, 4) == 0 ||
      !model.ParseFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  for (size_t i = tpuc::fuzz::Below(random, 3) + 1; i > 0; --i) {
    tpuc::fuzz::MutateMessage(model, Words(), random);
  }
  const std::string bytes = model.SerializeAsString();
  return bytes.size() > max_size ? LLVMFuzzerMutate(data, size, max_size)
                                 : tpuc::fuzz::Store(bytes, data, max_size);
}
