// SPDX-License-Identifier: Apache-2.0
// Writes a network whose layers are larger than the chip's local memory, and an
// input for it. Weights are seeded random numbers: the same bytes every time.
//
//   generate MODEL.onnx INPUT.npz
#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "compiler/support/file.h"
#include "compiler/support/npz.h"
#include "onnx/onnx-ml.pb.h"

namespace tpuc {
namespace {

// Uniform in [-1, 1), from the bits of the generator alone.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  float Next() {
    return static_cast<float>(static_cast<int32_t>(engine_() >> 8) -
                              (1 << 23)) /
           static_cast<float>(1 << 23);
  }

 private:
  std::mt19937 engine_;
};

class Network {
 public:
  Network() : random_(20240607) {
    model_.set_ir_version(8);
    model_.set_producer_name("tpuc");
    model_.add_opset_import()->set_version(13);
    model_.mutable_graph()->set_name("large");
  }

  void Input(const std::string& name, const std::vector<int64_t>& shape) {
    Describe(model_.mutable_graph()->add_input(), name, shape);
  }
  void Output(const std::string& name, const std::vector<int64_t>& shape) {
    Describe(model_.mutable_graph()->add_output(), name, shape);
  }

  // Uniform of variance gain * 2 / fan_in (He).
  std::string Weight(const std::string& name, const std::vector<int64_t>& shape,
                     int64_t fan_in, double gain = 1) {
    const float limit =
        static_cast<float>(std::sqrt(gain * 6 / static_cast<double>(fan_in)));
    return Tensor(name, shape, limit);
  }
  std::string Bias(const std::string& name, int64_t count) {
    return Tensor(name, {count}, 0.1f);
  }

  onnx::NodeProto* Node(const std::string& type,
                        const std::vector<std::string>& inputs,
                        const std::string& output) {
    onnx::NodeProto* node = model_.mutable_graph()->add_node();
    node->set_op_type(type);
    node->set_name(output);
    for (const std::string& input : inputs) node->add_input(input);
    node->add_output(output);
    return node;
  }

  static void Ints(onnx::NodeProto* node, const std::string& name,
                   const std::vector<int64_t>& values) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (int64_t v : values) attribute->add_ints(v);
  }
  static void Int(onnx::NodeProto* node, const std::string& name, int64_t v) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(v);
  }

  struct Window {
    std::vector<int64_t> kernel, strides, pads;
  };
  void Conv(const std::string& input, const std::string& output, int64_t from,
            int64_t to, const Window& w, double gain = 1) {
    const int64_t taps = w.kernel[0] * w.kernel[1];
    onnx::NodeProto* node =
        Node("Conv",
             {input,
              Weight(output + ".filter", {to, from, w.kernel[0], w.kernel[1]},
                     from * taps, gain),
              Bias(output + ".bias", to)},
             output);
    Ints(node, "kernel_shape", w.kernel);
    Ints(node, "strides", w.strides);
    Ints(node, "pads", w.pads);
  }

  void Constant(const std::string& name, const std::vector<int64_t>& values) {
    onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<int64_t>(values.size()));
    for (int64_t v : values) tensor->add_int64_data(v);
  }

  std::string Serialize() const { return model_.SerializeAsString(); }

 private:
  static void Describe(onnx::ValueInfoProto* info, const std::string& name,
                       const std::vector<int64_t>& shape) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (int64_t d : shape) type->mutable_shape()->add_dim()->set_dim_value(d);
  }

  std::string Tensor(const std::string& name, const std::vector<int64_t>& shape,
                     float limit) {
    onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    int64_t count = 1;
    for (int64_t d : shape) {
      tensor->add_dims(d);
      count *= d;
    }
    std::vector<float> values(count);
    for (float& v : values) v = limit * random_.Next();
    tensor->set_raw_data(values.data(), values.size() * sizeof(float));
    return name;
  }

  onnx::ModelProto model_;
  Random random_;
};

// Sizes in f32 beside each layer; the chip has 16 MB of local memory, and
// 256 KB a lane.
std::string LargeNetwork() {
  Network n;
  n.Input("image", {1, 3, 1080, 1920});  // 24.9 MB
  n.Conv("image", "conv1", 3, 16, {{3, 3}, {1, 1}, {1, 1, 1, 1}});
  n.Node("Relu", {"conv1"}, "relu1");  // 132.7 MB
  n.Conv("relu1", "conv2", 16, 16, {{3, 3}, {2, 2}, {1, 1, 1, 1}});
  n.Node("Relu", {"conv2"}, "relu2");  // 33.2 MB
  // A softmax over all 518,400 positions. The gain spreads the scores so that
  // the probabilities differ by more than f16 resolves.
  n.Conv("relu2", "score", 16, 1, {{1, 1}, {1, 1}, {0, 0, 0, 0}}, 8);
  n.Constant("positions", {1, 540 * 960});
  n.Node("Reshape", {"score", "positions"}, "scores");
  Network::Int(n.Node("Softmax", {"scores"}, "attention"), "axis", -1);
  // 16x540x960 to 16x270x480, 16x30x32, 32x28x28.
  onnx::NodeProto* pool = n.Node("MaxPool", {"relu2"}, "pool");
  Network::Ints(pool, "kernel_shape", {2, 2});
  Network::Ints(pool, "strides", {2, 2});
  n.Conv("pool", "conv3", 16, 16, {{9, 15}, {9, 15}, {0, 0, 0, 0}});
  n.Node("Relu", {"conv3"}, "relu3");
  n.Conv("relu3", "conv4", 16, 32, {{3, 5}, {1, 1}, {0, 0, 0, 0}});
  n.Node("Relu", {"conv4"}, "relu4");
  Network::Int(n.Node("Flatten", {"relu4"}, "flat"), "axis", 1);
  n.Node("Gemm",  // 51.4 MB of weights
         {"flat", n.Weight("fc.right", {25088, 512}, 25088),
          n.Bias("fc.bias", 512)},
         "logits");
  n.Output("logits", {1, 512});
  n.Output("attention", {1, 540 * 960});
  return n.Serialize();
}

Tensor Image() {
  Tensor image(DType::kF32, {1, 3, 1080, 1920});
  Random random(7);
  for (int64_t i = 0; i < image.NumElements(); ++i) {
    image.data<float>()[i] = random.Next();
  }
  return image;
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: generate MODEL.onnx INPUT.npz\n";
    return 1;
  }
  TensorMap inputs;
  inputs.emplace("image", Image());
  absl::Status status = WriteFileAtomically(argv[1], LargeNetwork());
  if (status.ok()) status = WriteNpz(argv[2], inputs);
  if (status.ok()) return 0;
  std::cerr << "generate: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
