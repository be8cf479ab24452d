// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "onnx/onnx-ml.pb.h"

namespace tpuc::models {

// Uniform in [-1, 1), from the bits of the generator alone: the same numbers
// with any standard library.
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

// Puts an ONNX graph together, node by node. A node has the name of its output.
class GraphBuilder {
 public:
  explicit GraphBuilder(const std::string& name);

  // Float tensors.
  void Input(const std::string& name, const std::vector<int64_t>& shape);
  void Output(const std::string& name, const std::vector<int64_t>& shape);

  onnx::NodeProto* Node(const std::string& type,
                        const std::vector<std::string>& inputs,
                        const std::string& output);
  static void Ints(onnx::NodeProto* node, const std::string& name,
                   const std::vector<int64_t>& values);
  static void Int(onnx::NodeProto* node, const std::string& name,
                  int64_t value);
  static void Float(onnx::NodeProto* node, const std::string& name,
                    float value);
  static void String(onnx::NodeProto* node, const std::string& name,
                     const std::string& value);

  // Constants; they return their name.
  std::string Floats(const std::string& name, const std::vector<int64_t>& shape,
                     const std::vector<float>& values);
  std::string Int64s(const std::string& name,
                     const std::vector<int64_t>& values);

  const onnx::ModelProto& model() const { return model_; }

 private:
  onnx::ModelProto model_;
};

}  // namespace tpuc::models
