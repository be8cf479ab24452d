// SPDX-License-Identifier: Apache-2.0
// Writes a network whose layers are larger than the chip's local memory, and an
// input for it. Weights are seeded random numbers: the same bytes every time.
//
//   generate MODEL.onnx INPUT.npz
#include <cmath>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "compiler/support/file.h"
#include "compiler/support/npz.h"
#include "models/generator/graph_builder.h"

namespace tpuc::models {
namespace {

// He-scaled weights and small biases on top of the builder.
class Network : public GraphBuilder {
 public:
  Network() : GraphBuilder("large"), random_(20240607) {}

  // Uniform of variance gain * 2 / fan_in (He).
  std::string Weight(const std::string& name, const std::vector<int64_t>& shape,
                     int64_t fan_in, double gain = 1) {
    const float limit =
        static_cast<float>(std::sqrt(gain * 6 / static_cast<double>(fan_in)));
    return Uniform(name, shape, limit);
  }
  std::string Bias(const std::string& name, int64_t count) {
    return Uniform(name, {count}, 0.1f);
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

 private:
  std::string Uniform(const std::string& name,
                      const std::vector<int64_t>& shape, float limit) {
    int64_t count = 1;
    for (int64_t d : shape) count *= d;
    std::vector<float> values(count);
    for (float& v : values) v = limit * random_.Next();
    return Floats(name, shape, values);
  }

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
  n.Int64s("positions", {1, 540 * 960});
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
  return n.model().SerializeAsString();
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
}  // namespace tpuc::models

int main(int argc, char** argv) { return tpuc::models::Main(argc, argv); }
