// SPDX-License-Identifier: Apache-2.0
// Writes a network with seeded parameters:
//
//   generate GRAPH SEED PICTURE.npz MODEL.onnx
//
// GRAPH is an .onnx file, whose parameters are replaced, or resnet18,
// mobilenet_v2 or yolov5s. PICTURE.npz holds one array, on which batch
// normalizations are measured. The same bytes every time and everywhere.
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "compiler/support/file.h"
#include "compiler/support/npz.h"
#include "models/seeded/architectures.h"
#include "models/seeded/parameters.h"

namespace tpuc::models {
namespace {

absl::StatusOr<onnx::ModelProto> ReadGraph(const std::string& graph) {
  static const auto* const architectures =
      new std::map<std::string, std::function<onnx::ModelProto()>>{
          {"resnet18", ResNet18},
          {"mobilenet_v2", MobileNetV2},
          {"yolov5s", Yolov5s}};
  if (const auto it = architectures->find(graph); it != architectures->end()) {
    return it->second();
  }
  absl::StatusOr<std::string> bytes = ReadFile(graph);
  if (!bytes.ok()) return bytes.status();
  onnx::ModelProto model;
  if (!model.ParseFromString(*bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", graph, "' is not an ONNX model"));
  }
  return model;
}

absl::Status Generate(char** arguments) {
  absl::StatusOr<onnx::ModelProto> model = ReadGraph(arguments[0]);
  if (!model.ok()) return model.status();
  uint32_t seed = 0;
  if (!absl::SimpleAtoi(arguments[1], &seed)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", arguments[1], "' is no seed"));
  }
  absl::StatusOr<TensorMap> picture = ReadNpz(arguments[2]);
  if (!picture.ok()) return picture.status();
  if (picture->size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", arguments[2], "' holds ", picture->size(), " arrays, not one"));
  }
  absl::Status status = SeedParameters(*model, seed, picture->begin()->second);
  if (!status.ok()) return status;
  return WriteFileAtomically(arguments[3], model->SerializeAsString());
}

int Main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: generate GRAPH SEED PICTURE.npz MODEL.onnx\n";
    return 1;
  }
  const absl::Status status = Generate(argv + 1);
  if (status.ok()) return 0;
  std::cerr << "generate: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc::models

int main(int argc, char** argv) { return tpuc::models::Main(argc, argv); }
