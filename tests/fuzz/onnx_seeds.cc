// SPDX-License-Identifier: Apache-2.0
// onnx_seeds FOLDER FILE...: writes seeds of the importer's fuzz test from test
// models of the onnx package. FILE... are model.onnx, each followed by its
// inputs (input_N.pb); inputs but the first become constants of the network.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compiler/support/file.h"
#include "onnx/onnx-ml.pb.h"

namespace tpuc {
namespace {

bool Read(const std::string& path, google::protobuf::MessageLite& message) {
  const absl::StatusOr<std::string> bytes = ReadFile(path);
  return bytes.ok() && message.ParseFromString(*bytes);
}

}  // namespace

int Main(int argc, char** argv) {
  if (argc < 2) return 1;
  int count = 0;
  for (int i = 2; i < argc;) {
    onnx::ModelProto model;
    if (!Read(argv[i++], model)) return 1;
    onnx::GraphProto& graph = *model.mutable_graph();
    for (int input = 0; i < argc && absl::EndsWith(argv[i], ".pb"); ++i) {
      onnx::TensorProto tensor;
      if (!Read(argv[i], tensor) || input >= graph.input_size()) return 1;
      tensor.set_name(graph.input(input).name());
      if (input++ > 0) *graph.add_initializer() = tensor;
    }
    if (!WriteFileAtomically(absl::StrCat(argv[1], "/", count++),
                             model.SerializeAsString())
             .ok()) {
      return 1;
    }
  }
  return 0;
}

}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
