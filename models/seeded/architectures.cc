// SPDX-License-Identifier: Apache-2.0
#include "models/seeded/architectures.h"

#include <map>
#include <string>
#include <vector>

#include "models/generator/graph_builder.h"

namespace tpuc::models {
namespace {

// A square filter.
struct Filter {
  int64_t to;
  int64_t size = 1;
  int64_t stride = 1;
  int64_t groups = 1;
};

// What the three networks are made of. Layers take and return the name of a
// tensor; channels are tracked by the builder.
class Layers : public GraphBuilder {
 public:
  Layers(const std::string& name, int64_t size) : GraphBuilder(name) {
    Input("images", {1, 3, size, size});
    channels_["images"] = 3;
  }

  int64_t channels(const std::string& x) const { return channels_.at(x); }

  std::string Parameter(const std::string& name,
                        const std::vector<int64_t>& shape) {
    Node("ConstantOfShape", {Int64s(name + "__SHAPE", shape)}, name);
    return name;
  }

  // Pads to keep the extent at stride 1, unless `pad` is given.
  std::string Conv(const std::string& x, const std::string& name,
                   const Filter& f, bool bias = false, int64_t pad = -1) {
    std::vector<std::string> inputs = {
        x, Parameter(name + ".weight",
                     {f.to, channels(x) / f.groups, f.size, f.size})};
    if (bias) inputs.push_back(Parameter(name + ".bias", {f.to}));
    onnx::NodeProto* node = Node("Conv", inputs, name);
    if (pad < 0) pad = f.size / 2;
    Ints(node, "kernel_shape", {f.size, f.size});
    Ints(node, "strides", {f.stride, f.stride});
    Ints(node, "pads", {pad, pad, pad, pad});
    Int(node, "group", f.groups);
    return Keep(name, f.to);
  }

  std::string BatchNorm(const std::string& x, const std::string& name,
                        float epsilon = 1e-5f) {
    std::vector<std::string> inputs = {x};
    for (const char* what : {".weight", ".bias", ".mean", ".var"}) {
      inputs.push_back(Parameter(name + what, {channels(x)}));
    }
    Float(Node("BatchNormalization", inputs, name), "epsilon", epsilon);
    return Keep(name, channels(x));
  }

  std::string ConvBatchNorm(const std::string& x, const std::string& name,
                            const Filter& f) {
    return BatchNorm(Conv(x, name + ".conv", f), name + ".bn");
  }

  std::string Relu(const std::string& x) {
    Node("Relu", {x}, x + ".relu");
    return Keep(x + ".relu", channels(x));
  }

  std::string Relu6(const std::string& x) {
    if (zero_.empty()) zero_ = Floats("zero", {}, {0.0f});
    if (six_.empty()) six_ = Floats("six", {}, {6.0f});
    Node("Clip", {x, zero_, six_}, x + ".relu6");
    return Keep(x + ".relu6", channels(x));
  }

  std::string Add(const std::string& a, const std::string& b,
                  const std::string& name) {
    Node("Add", {a, b}, name);
    return Keep(name, channels(a));
  }

  std::string Concat(const std::vector<std::string>& inputs,
                     const std::string& name) {
    Int(Node("Concat", inputs, name), "axis", 1);
    int64_t sum = 0;
    for (const std::string& x : inputs) sum += channels(x);
    return Keep(name, sum);
  }

  std::string MaxPool(const std::string& x, const std::string& name,
                      int64_t size, int64_t stride) {
    onnx::NodeProto* node = Node("MaxPool", {x}, name);
    const int64_t pad = size / 2;
    Ints(node, "kernel_shape", {size, size});
    Ints(node, "strides", {stride, stride});
    Ints(node, "pads", {pad, pad, pad, pad});
    return Keep(name, channels(x));
  }

  // Global average, then a fully connected layer: the network's output.
  void Classifier(const std::string& x, int64_t classes) {
    Node("GlobalAveragePool", {x}, "pool");
    Int(Node("Flatten", {"pool"}, "features"), "axis", 1);
    Int(Node("Gemm",
             {"features", Parameter("fc.weight", {classes, channels(x)}),
              Parameter("fc.bias", {classes})},
             "logits"),
        "transB", 1);
    Output("logits", {1, classes});
  }

  // `name` is a tensor of so many channels.
  std::string Keep(const std::string& name, int64_t channels) {
    channels_[name] = channels;
    return name;
  }

 private:
  std::map<std::string, int64_t> channels_;
  std::string zero_, six_;
};

std::string ResidualBlock(Layers& n, const std::string& x,
                          const std::string& name, int64_t channels,
                          int64_t stride) {
  std::string y =
      n.Relu(n.ConvBatchNorm(x, name + ".1", {channels, 3, stride}));
  y = n.ConvBatchNorm(y, name + ".2", {channels, 3});
  const std::string skip =
      stride == 1 && n.channels(x) == channels
          ? x
          : n.ConvBatchNorm(x, name + ".downsample", {channels, 1, stride});
  return n.Relu(n.Add(y, skip, name + ".add"));
}

// Widen, filter each channel, narrow; no activation on the narrow side.
std::string InvertedResidual(Layers& n, const std::string& x,
                             const std::string& name, int64_t expansion,
                             int64_t channels, int64_t stride) {
  const int64_t wide = n.channels(x) * expansion;
  std::string y = x;
  if (expansion != 1) y = n.Relu6(n.ConvBatchNorm(y, name + ".wide", {wide}));
  y = n.Relu6(n.ConvBatchNorm(y, name + ".filter", {wide, 3, stride, wide}));
  y = n.ConvBatchNorm(y, name + ".narrow", {channels});
  return stride == 1 && n.channels(x) == channels ? n.Add(y, x, name + ".add")
                                                  : y;
}

// YOLOv5's layer: convolution, batch normalization, SiLU as exporters write it.
std::string Silu(Layers& n, const std::string& x, const std::string& name,
                 const Filter& f, int64_t pad = -1) {
  const std::string y = n.BatchNorm(n.Conv(x, name + ".conv", f, false, pad),
                                    name + ".bn", 1e-3f);
  n.Node("Sigmoid", {y}, name + ".sigmoid");
  n.Node("Mul", {y, name + ".sigmoid"}, name);
  return n.Keep(name, f.to);
}

// Half of the channels through `depth` bottlenecks, half around them.
std::string C3(Layers& n, const std::string& x, const std::string& name,
               int64_t channels, int64_t depth, bool shortcut) {
  const int64_t half = channels / 2;
  std::string y = Silu(n, x, name + ".cv1", {half});
  for (int64_t i = 0; i < depth; ++i) {
    const std::string block = name + ".m." + std::to_string(i);
    const std::string z =
        Silu(n, Silu(n, y, block + ".cv1", {half}), block + ".cv2", {half, 3});
    y = shortcut ? n.Add(y, z, block + ".add") : z;
  }
  const std::string around = Silu(n, x, name + ".cv2", {half});
  return Silu(n, n.Concat({y, around}, name + ".concat"), name + ".cv3",
              {channels});
}

// Maxima over windows of 5, 9 and 13, as pools of pools.
std::string SpatialPyramid(Layers& n, const std::string& x,
                           const std::string& name, int64_t channels) {
  const std::string y = Silu(n, x, name + ".cv1", {n.channels(x) / 2});
  const std::string five = n.MaxPool(y, name + ".m5", 5, 1);
  const std::string nine = n.MaxPool(five, name + ".m9", 5, 1);
  const std::string thirteen = n.MaxPool(nine, name + ".m13", 5, 1);
  return Silu(n, n.Concat({y, five, nine, thirteen}, name + ".concat"),
              name + ".cv2", {channels});
}

std::string Upsample(Layers& n, const std::string& x, const std::string& name,
                     const std::string& scales) {
  onnx::NodeProto* node = n.Node("Resize", {x, "", scales}, name);
  n.String(node, "mode", "nearest");
  n.String(node, "coordinate_transformation_mode", "asymmetric");
  n.String(node, "nearest_mode", "floor");
  return n.Keep(name, n.channels(x));
}

// 3 anchors of 4 coordinates, 1 confidence and 80 classes at each position.
void Head(Layers& n, const std::string& x, const std::string& name,
          int64_t size) {
  n.Conv(x, name + ".conv", {255}, true);
  n.Node("Reshape",
         {name + ".conv", n.Int64s(name + ".shape", {1, 3, 85, size, size})},
         name + ".anchors");
  n.Ints(n.Node("Transpose", {name + ".anchors"}, name), "perm",
         {0, 1, 3, 4, 2});
  n.Output(name, {1, 3, size, size, 85});
}

}  // namespace

onnx::ModelProto ResNet18() {
  Layers n("resnet18", 224);
  std::string x = n.Relu(n.ConvBatchNorm("images", "stem", {64, 7, 2}));
  x = n.MaxPool(x, "stem.pool", 3, 2);
  for (int64_t stage = 0; stage < 4; ++stage) {
    for (int64_t block = 0; block < 2; ++block) {
      const std::string name =
          "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
      const int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      x = ResidualBlock(n, x, name, int64_t{64} << stage, stride);
    }
  }
  n.Classifier(x, 1000);
  return n.model();
}

onnx::ModelProto MobileNetV2() {
  // Table 2 of the paper.
  struct Stage {
    int64_t expansion, channels, blocks, stride;
  };
  constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2},
                               {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2},
                               {6, 320, 1, 1}};
  Layers n("mobilenet_v2", 224);
  std::string x = n.Relu6(n.ConvBatchNorm("images", "stem", {32, 3, 2}));
  int64_t number = 0;
  for (const Stage& s : kStages) {
    for (int64_t block = 0; block < s.blocks; ++block) {
      x = InvertedResidual(n, x, "block" + std::to_string(++number),
                           s.expansion, s.channels, block == 0 ? s.stride : 1);
    }
  }
  n.Classifier(n.Relu6(n.ConvBatchNorm(x, "last", {1280})), 1000);
  return n.model();
}

onnx::ModelProto Yolov5s() {
  Layers n("yolov5s", 640);
  const std::string scales =
      n.Floats("upsample.scales", {4}, {1.0f, 1.0f, 2.0f, 2.0f});
  // Numbers are those of models/yolov5s.yaml.
  std::string x = Silu(n, "images", "m0", {32, 6, 2}, 2);
  x = Silu(n, x, "m1", {64, 3, 2});
  x = C3(n, x, "m2", 64, 1, true);
  x = Silu(n, x, "m3", {128, 3, 2});
  const std::string m4 = C3(n, x, "m4", 128, 2, true);
  x = Silu(n, m4, "m5", {256, 3, 2});
  const std::string m6 = C3(n, x, "m6", 256, 3, true);
  x = Silu(n, m6, "m7", {512, 3, 2});
  x = C3(n, x, "m8", 512, 1, true);
  x = SpatialPyramid(n, x, "m9", 512);
  // Down the pyramid.
  const std::string m10 = Silu(n, x, "m10", {256});
  x = n.Concat({Upsample(n, m10, "m11", scales), m6}, "m12");
  x = C3(n, x, "m13", 256, 1, false);
  const std::string m14 = Silu(n, x, "m14", {128});
  x = n.Concat({Upsample(n, m14, "m15", scales), m4}, "m16");
  const std::string m17 = C3(n, x, "m17", 128, 1, false);
  // And up again.
  x = Silu(n, m17, "m18", {128, 3, 2});
  const std::string m20 =
      C3(n, n.Concat({x, m14}, "m19"), "m20", 256, 1, false);
  x = Silu(n, m20, "m21", {256, 3, 2});
  const std::string m23 =
      C3(n, n.Concat({x, m10}, "m22"), "m23", 512, 1, false);
  Head(n, m17, "head80", 80);
  Head(n, m20, "head40", 40);
  Head(n, m23, "head20", 20);
  return n.model();
}

}  // namespace tpuc::models
