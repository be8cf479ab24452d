// SPDX-License-Identifier: Apache-2.0
// generate WEIGHTS.npz NET.onnx: the network that train.py trained.
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/support/file.h"
#include "compiler/support/npz.h"
#include "models/generator/graph_builder.h"

namespace tpuc::models {
namespace {

class Network : public GraphBuilder {
 public:
  explicit Network(const TensorMap& weights)
      : GraphBuilder("digits"), weights_(weights) {}

  std::string Weight(const std::string& name) {
    const Tensor& tensor = weights_.at(name);
    const float* values = tensor.data<float>();
    return Floats(name, tensor.shape(),
                  std::vector<float>(values, values + tensor.NumElements()));
  }

  // 3 x 3, and a ReLU.
  std::string Conv(const std::string& input, const std::string& name) {
    onnx::NodeProto* node =
        Node("Conv", {input, Weight(name + ".filter"), Weight(name + ".bias")},
             name);
    Ints(node, "kernel_shape", {3, 3});
    Ints(node, "pads", {1, 1, 1, 1});
    Node("Relu", {name}, name + ".relu");
    return name + ".relu";
  }

 private:
  const TensorMap& weights_;
};

absl::Status CheckWeights(const TensorMap& weights) {
  for (const auto& [name, shape] :
       std::vector<std::pair<std::string, std::vector<int64_t>>>{
           {"conv1.filter", {16, 1, 3, 3}},
           {"conv1.bias", {16}},
           {"conv2.filter", {32, 16, 3, 3}},
           {"conv2.bias", {32}},
           {"fc.right", {512, 10}},
           {"fc.bias", {10}}}) {
    const auto it = weights.find(name);
    if (it == weights.end() || it->second.shape() != shape ||
        it->second.dtype() != DType::kF32)
      return absl::InvalidArgumentError(absl::StrCat(
          "the weights have no f32 array '", name, "' of the right shape"));
  }
  return absl::OkStatus();
}

std::string Digits(const TensorMap& weights) {
  Network n(weights);
  n.Input("image", {1, 1, 8, 8});
  const std::string x = n.Conv("image", "conv1");
  onnx::NodeProto* pool = n.Node("MaxPool", {x}, "pool");
  Network::Ints(pool, "kernel_shape", {2, 2});
  Network::Ints(pool, "strides", {2, 2});
  const std::string y = n.Conv("pool", "conv2");
  Network::Int(n.Node("Flatten", {y}, "flat"), "axis", 1);
  n.Node("Gemm", {"flat", n.Weight("fc.right"), n.Weight("fc.bias")}, "scores");
  n.Output("scores", {1, 10});
  return n.model().SerializeAsString();
}

absl::Status Generate(const std::string& from, const std::string& to) {
  auto weights = ReadNpz(from);
  if (!weights.ok()) return weights.status();
  absl::Status status = CheckWeights(*weights);
  return status.ok() ? WriteFileAtomically(to, Digits(*weights)) : status;
}

}  // namespace
}  // namespace tpuc::models

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: generate WEIGHTS.npz NET.onnx\n";
    return 1;
  }
  const absl::Status status = tpuc::models::Generate(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::cerr << "generate: " << status.message() << "\n";
  return 1;
}
