// SPDX-License-Identifier: Apache-2.0
#include "models/seeded/parameters.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/importer.h"
#include "compiler/frontend/onnx/node.h"
#include "compiler/frontend/onnx/tensor_proto.h"
#include "compiler/interpreter/top/interpreter.h"
#include "mlir/IR/MLIRContext.h"
#include "models/generator/graph_builder.h"

namespace tpuc::models {
namespace {

using Shape = std::vector<int64_t>;

// Inputs of a BatchNormalization.
enum { kScale = 1, kBias = 2, kMean = 3, kVariance = 4 };

Tensor Filled(const Shape& shape, float value) {
  Tensor tensor(DType::kF32, shape);
  std::fill_n(tensor.data<float>(), tensor.NumElements(), value);
  return tensor;
}

// A BatchNormalization of the graph.
struct Normalization {
  std::vector<std::string> inputs;  // the constants behind them; the first: ""
  double epsilon;
};

// What it measures of its operand.
struct Statistics {
  Tensor mean, variance;
};

// Over all elements of a channel of x, [N, C, ...]. One picture shows only a
// part of how far a channel moves. Where it hardly does, a batch normalization
// would blow up another picture's values, and every rounding before it: a
// variance is at least a quarter of the squared mean, and a hundredth of the
// layer's mean variance.
Statistics Measure(const Tensor& x) {
  const int64_t images = x.shape()[0], channels = x.shape()[1];
  const int64_t inner =
      x.NumElements() / std::max<int64_t>(images * channels, 1);
  Statistics result = {Filled({channels}, 0), Filled({channels}, 0)};
  double total = 0;
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0, squares = 0;
    for (int64_t n = 0; n < images; ++n) {
      const float* plane = x.data<float>() + (n * channels + c) * inner;
      for (int64_t i = 0; i < inner; ++i) {
        sum += plane[i];
        squares += static_cast<double>(plane[i]) * plane[i];
      }
    }
    const double count = static_cast<double>(images * inner);
    const double mean = sum / count;
    const double variance = std::max(squares / count - mean * mean, 0.0);
    result.mean.data<float>()[c] = static_cast<float>(mean);
    result.variance.data<float>()[c] =
        static_cast<float>(std::max(variance, mean * mean / 4));
    total += variance;
  }
  const float least = static_cast<float>(total / channels / 100);
  for (int64_t c = 0; c < channels; ++c) {
    float& variance = result.variance.data<float>()[c];
    variance = std::max(variance, least);
  }
  return result;
}

class Seeder {
 public:
  Seeder(onnx::ModelProto& model, uint32_t seed)
      : model_(model), graph_(*model.mutable_graph()), random_(seed) {
    for (const auto& tensor : graph_.initializer()) {
      initializers_[tensor.name()] = &tensor;
    }
    for (const auto& node : graph_.node()) {
      for (const std::string& output : node.output()) {
        producers_[output] = &node;
      }
    }
  }

  absl::Status Run(const Tensor& picture) {
    for (const auto& node : graph_.node()) {
      absl::Status status;
      if (node.op_type() == "Conv" || node.op_type() == "Gemm") {
        status = SeedProduct(node);
      } else if (node.op_type() == "BatchNormalization") {
        status = SeedNormalization(node);
      }
      if (!status.ok()) return status;
    }
    Replace();
    return normalizations_.empty() ? absl::OkStatus() : MeasureAll(picture);
  }

 private:
  static absl::Status Error(const onnx::NodeProto& node,
                            absl::string_view what) {
    return onnx_import::Node(&node, 0).Error(what);
  }

  // The tensor behind input i, through a Reshape, and its shape.
  absl::StatusOr<std::pair<std::string, Shape>> Find(
      const onnx::NodeProto& node, int i) const {
    std::string name = i < node.input_size() ? node.input(i) : "";
    auto producer = producers_.find(name);
    if (producer != producers_.end() &&
        producer->second->op_type() == "Reshape") {
      name = producer->second->input(0);
      producer = producers_.find(name);
    }
    if (const auto it = initializers_.find(name); it != initializers_.end()) {
      const auto& dims = it->second->dims();
      return std::pair(name, Shape(dims.begin(), dims.end()));
    }
    if (producer != producers_.end() &&
        producer->second->op_type() == "ConstantOfShape") {
      const auto it = initializers_.find(producer->second->input(0));
      if (it != initializers_.end()) {
        absl::StatusOr<Tensor> shape =
            onnx_import::TensorFromProto(*it->second, "");
        if (!shape.ok()) return Error(node, shape.status().message());
        absl::StatusOr<Shape> dims = onnx_import::ToInts(*shape, "a shape");
        if (!dims.ok()) return Error(node, dims.status().message());
        return std::pair(name, *std::move(dims));
      }
    }
    return Error(node, absl::StrCat("input ", i, " '", name,
                                    "' is neither an initializer nor a "
                                    "ConstantOfShape of known shape"));
  }

  // Uniform in center - limit to center + limit.
  Tensor Uniform(const Shape& shape, float center, float limit) {
    Tensor tensor(DType::kF32, shape);
    for (int64_t i = 0; i < tensor.NumElements(); ++i) {
      tensor.data<float>()[i] = center + limit * random_.Next();
    }
    return tensor;
  }

  absl::Status SeedProduct(const onnx::NodeProto& node) {
    auto filter = Find(node, 1);
    if (!filter.ok()) return filter.status();
    const auto& [name, shape] = *filter;
    const bool gemm = node.op_type() == "Gemm";
    // Also [1, 1, to, from], to be reshaped.
    if (shape.size() < 2 || (!gemm && shape.size() < 3)) {
      return Error(node, absl::StrCat("its filter '", name, "' has rank ",
                                      shape.size()));
    }
    int64_t fan_in = 1;
    if (gemm) {
      const bool transposed = onnx_import::Node(&node, 0).Int("transB", 0) != 0;
      fan_in = transposed ? shape.back() : shape[shape.size() - 2];
    } else {
      for (size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
    }
    const double limit = std::sqrt(6.0 / static_cast<double>(fan_in));
    parameters_[name] = Uniform(shape, 0, static_cast<float>(limit));
    if (node.input_size() < 3 || node.input(2).empty()) return absl::OkStatus();
    auto bias = Find(node, 2);
    if (!bias.ok()) return bias.status();
    parameters_[bias->first] = Uniform(bias->second, 0, 0.1f);
    return absl::OkStatus();
  }

  absl::Status SeedNormalization(const onnx::NodeProto& node) {
    Normalization& normalization = normalizations_[node.output(0)];
    normalization.inputs = {""};
    normalization.epsilon = onnx_import::Node(&node, 0).Float("epsilon", 1e-5f);
    for (int i = kScale; i <= kVariance; ++i) {
      auto found = Find(node, i);
      if (!found.ok()) return found.status();
      const auto& [name, shape] = *found;
      normalization.inputs.push_back(name);
      // Around a bias of 0, a normalization and a ReLU together amplify a small
      // error by pi / (pi - 1) in variance (Yang et al., arXiv:1902.08129):
      // after forty layers of random filters BF16's roundings are as large as
      // the values. A trained network is not so chaotic; nor is this one with
      // biases around 1 (1.12 a layer), where most units are open.
      parameters_[name] = i == kScale  ? Uniform(shape, 1, 0.25f)
                          : i == kBias ? Uniform(shape, 1, 0.5f)
                                       : Filled(shape, i == kVariance ? 1 : 0);
    }
    return absl::OkStatus();
  }

  // Puts initializers where the old parameters were, and drops what nothing
  // reads any more.
  void Replace() {
    onnx::GraphProto old;
    old.Swap(&graph_);
    initializers_.clear();
    producers_.clear();
    std::set<std::string> read;
    for (onnx::NodeProto& node : *old.mutable_node()) {
      if (parameters_.count(node.output(0)) != 0) continue;
      read.insert(node.input().begin(), node.input().end());
      *graph_.add_node() = std::move(node);
    }
    std::set<std::string> constants;
    for (onnx::TensorProto& tensor : *old.mutable_initializer()) {
      constants.insert(tensor.name());
      if (parameters_.count(tensor.name()) != 0 ||
          read.count(tensor.name()) == 0) {
        continue;
      }
      *graph_.add_initializer() = std::move(tensor);
    }
    for (onnx::ValueInfoProto& input : *old.mutable_input()) {
      if (constants.count(input.name()) == 0) {
        *graph_.add_input() = std::move(input);
      }
    }
    *graph_.mutable_output() = std::move(*old.mutable_output());
    graph_.set_name(old.name());
    for (const auto& [name, tensor] : parameters_) {
      Set(*graph_.add_initializer(), name, tensor);
    }
    // From version 4 on initializers need not be inputs.
    model_.set_ir_version(std::max<int64_t>(model_.ir_version(), 4));
  }

  static void Set(onnx::TensorProto& proto, const std::string& name,
                  const Tensor& tensor) {
    proto.Clear();
    proto.set_name(name);
    proto.set_data_type(onnx::TensorProto::FLOAT);
    for (int64_t d : tensor.shape()) proto.add_dims(d);
    proto.set_raw_data(tensor.raw(), tensor.SizeInBytes());
  }

  // One pass over the network. Where it comes to a batch normalization, whose
  // mean is 0 and variance 1 so far, it measures the operand and continues with
  // what the normalization then gives.
  absl::Status MeasureAll(const Tensor& picture) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    auto module = ImportOnnxBytes(&context, model_.SerializeAsString(),
                                  "the network", {"network", {}, {}});
    if (!module.ok()) return module.status();
    auto signature = interpreter::SignatureOf(**module);
    if (!signature.ok()) return signature.status();
    TensorMap inputs;
    for (const auto& input : signature->inputs) inputs[input.name] = picture;

    interpreter::Evaluators evaluators = interpreter::TopEvaluators();
    evaluators.Replace<top::ScaleOp>(
        [this](mlir::Operation* op, const interpreter::Values& values,
               const interpreter::RunOptions&) -> absl::StatusOr<Tensor> {
          return Normalize(getName(op), values[op->getOperand(0)]);
        });
    interpreter::RunOptions options;
    options.keep_all = false;
    auto results = interpreter::Run(**module, evaluators, inputs, options);
    if (!results.ok()) return results.status();
    for (onnx::TensorProto& proto : *graph_.mutable_initializer()) {
      const std::string name = proto.name();
      if (const auto it = parameters_.find(name); it != parameters_.end()) {
        Set(proto, name, it->second);
      }
    }
    return absl::OkStatus();
  }

  // The batch normalization that computes `name`, of x.
  absl::StatusOr<Tensor> Normalize(const std::string& name, const Tensor& x) {
    const auto it = normalizations_.find(name);
    if (it == normalizations_.end()) {
      return absl::InternalError("is no batch normalization of the graph");
    }
    const std::vector<std::string>& names = it->second.inputs;
    Statistics statistics = Measure(x);
    const float* scale = parameters_.at(names[kScale]).data<float>();
    const float* bias = parameters_.at(names[kBias]).data<float>();
    const float* mean = statistics.mean.data<float>();
    const float* variance = statistics.variance.data<float>();
    Tensor result = x;
    const int64_t channels = x.shape()[1];
    const int64_t planes = x.shape()[0] * channels;
    const int64_t inner = x.NumElements() / std::max<int64_t>(planes, 1);
    for (int64_t plane = 0; plane < planes; ++plane) {
      const int64_t c = plane % channels;
      const float factor = static_cast<float>(
          scale[c] / std::sqrt(double{variance[c]} + it->second.epsilon));
      float* data = result.data<float>() + plane * inner;
      for (int64_t i = 0; i < inner; ++i) {
        data[i] = (data[i] - mean[c]) * factor + bias[c];
      }
    }
    parameters_[names[kMean]] = std::move(statistics.mean);
    parameters_[names[kVariance]] = std::move(statistics.variance);
    return result;
  }

  onnx::ModelProto& model_;
  onnx::GraphProto& graph_;
  Random random_;
  std::map<std::string, const onnx::TensorProto*> initializers_;
  std::map<std::string, const onnx::NodeProto*> producers_;
  TensorMap parameters_;                                 // by name
  std::map<std::string, Normalization> normalizations_;  // by output
};

}  // namespace

absl::Status SeedParameters(onnx::ModelProto& model, uint32_t seed,
                            const Tensor& picture) {
  return Seeder(model, seed).Run(picture);
}

}  // namespace tpuc::models
