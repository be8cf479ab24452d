// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/graph.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/tensor_proto.h"

namespace tpuc::onnx_import {
namespace {

constexpr int64_t kMinOpset = 7, kMaxOpset = 22;

absl::StatusOr<Tensor> ConstantValue(const Node& node,
                                     const std::string& directory) {
  if (const auto* value = node.Attribute("value")) {
    return TensorFromProto(value->t(), directory);
  }
  if (const auto* value = node.Attribute("value_float")) {
    return Tensor(DType::kF32, {}, std::vector<float>{value->f()});
  }
  if (const auto* value = node.Attribute("value_int")) {
    return Tensor(DType::kI64, {}, std::vector<int64_t>{value->i()});
  }
  if (const auto* value = node.Attribute("value_floats")) {
    const std::vector<float> v(value->floats().begin(), value->floats().end());
    return Tensor(DType::kF32, {value->floats_size()}, v);
  }
  if (const auto* value = node.Attribute("value_ints")) {
    const std::vector<int64_t> v(value->ints().begin(), value->ints().end());
    return Tensor(DType::kI64, {value->ints_size()}, v);
  }
  return absl::InvalidArgumentError(
      "has no value, value_float, value_floats, value_int or value_ints");
}

class Builder {
 public:
  Builder(onnx::ModelProto& model, const std::string& directory)
      : proto_(*model.mutable_graph()), directory_(directory) {
    for (const auto& import : model.opset_import()) {
      opsets_[NormalDomain(import.domain())] = import.version();
    }
  }

  absl::StatusOr<Graph> Build(const std::vector<std::string>& output_names) {
    absl::Status status = CheckOpset();
    if (status.ok()) status = IndexTensors();
    if (status.ok()) status = ChooseOutputs(output_names);
    for (const std::string& name : graph_.outputs) {
      if (status.ok()) status = Visit(name);
    }
    if (!status.ok()) return status;
    return std::move(graph_);
  }

 private:
  absl::Status CheckOpset() const {
    const auto it = opsets_.find("");
    const int64_t opset = it == opsets_.end() ? 1 : it->second;
    if (opset >= kMinOpset && opset <= kMaxOpset) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "opset ", opset, " is not supported (", kMinOpset, " to ", kMaxOpset,
        " are); convert the model with onnx.version_converter"));
  }

  absl::Status IndexTensors() {
    if (proto_.sparse_initializer_size() > 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "sparse initializer '", proto_.sparse_initializer(0).values().name(),
          "' is not supported; make it dense"));
    }
    for (auto& tensor : *proto_.mutable_initializer()) {
      if (!initializers_.emplace(tensor.name(), &tensor).second) {
        return Twice(tensor.name());
      }
    }
    for (const auto& input : proto_.input()) {
      if (initializers_.count(input.name()) != 0) continue;
      if (!inputs_.insert(input.name()).second) return Twice(input.name());
      graph_.inputs.push_back(&input);
    }
    for (const auto& node : proto_.node()) {
      for (const std::string& output : node.output()) {
        if (output.empty()) continue;
        if (inputs_.count(output) != 0 || initializers_.count(output) != 0 ||
            !producers_.emplace(output, &node).second) {
          return Twice(output);
        }
      }
    }
    return absl::OkStatus();
  }

  static absl::Status Twice(const std::string& name) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor '", name, "' is defined twice"));
  }

  absl::Status ChooseOutputs(const std::vector<std::string>& names) {
    graph_.outputs = names;
    for (const std::string& name : names) {
      if (producers_.count(name) == 0) {
        return absl::InvalidArgumentError(absl::StrCat(
            "no node computes '", name, "', which --output_names asks for"));
      }
    }
    if (!names.empty()) return absl::OkStatus();
    for (const auto& output : proto_.output()) {
      graph_.outputs.push_back(output.name());
    }
    if (!graph_.outputs.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("the graph has no output");
  }

  Node MakeNode(const onnx::NodeProto* proto) const {
    const auto it = opsets_.find(NormalDomain(proto->domain()));
    return Node(proto, it == opsets_.end() ? 0 : it->second);
  }

  // Adds what `name` needs, then what computes it. An explicit stack, because
  // networks are deeper than threads' stacks.
  absl::Status Visit(const std::string& name) {
    struct Frame {
      const onnx::NodeProto* node;
      int next_input;
    };
    std::vector<Frame> stack;
    const auto enter = [&](const std::string& tensor,
                           const onnx::NodeProto* reader) -> absl::Status {
      if (tensor.empty() || inputs_.count(tensor) != 0 ||
          graph_.constants.count(tensor) != 0) {
        return absl::OkStatus();
      }
      if (const auto it = initializers_.find(tensor);
          it != initializers_.end()) {
        absl::StatusOr<Tensor> value = TensorFromProto(*it->second, directory_);
        if (!value.ok()) return value.status();
        const std::unique_ptr<std::string> taken(
            it->second->release_raw_data());
        graph_.constants.emplace(tensor, *std::move(value));
        return absl::OkStatus();
      }
      const auto it = producers_.find(tensor);
      if (it == producers_.end()) {
        return absl::InvalidArgumentError(
            absl::StrCat(reader == nullptr ? "the graph's output"
                                           : MakeNode(reader).Describe(),
                         reader == nullptr ? " '" : " reads '", tensor,
                         "', which no node, input or initializer provides"));
      }
      if (done_.count(it->second) != 0) return absl::OkStatus();
      if (!open_.insert(it->second).second) {
        return MakeNode(it->second).Error("is part of a cycle");
      }
      stack.push_back({it->second, 0});
      return absl::OkStatus();
    };
    absl::Status status = enter(name, nullptr);
    while (status.ok() && !stack.empty()) {
      Frame& top = stack.back();
      if (top.next_input < top.node->input_size()) {
        const onnx::NodeProto* reader = top.node;
        status = enter(reader->input(top.next_input++), reader);
        continue;
      }
      const onnx::NodeProto* node = top.node;
      stack.pop_back();
      open_.erase(node);
      done_.insert(node);
      status = AddNode(node);
    }
    return status;
  }

  absl::Status AddNode(const onnx::NodeProto* proto) {
    Node node = MakeNode(proto);
    if (node.type() != "Constant" || !NormalDomain(proto->domain()).empty()) {
      graph_.nodes.push_back(node);
      return absl::OkStatus();
    }
    absl::StatusOr<Tensor> value = ConstantValue(node, directory_);
    if (!value.ok()) return node.Error(value.status().message());
    graph_.constants.emplace(proto->output(0), *std::move(value));
    return absl::OkStatus();
  }

  onnx::GraphProto& proto_;
  const std::string directory_;
  std::map<std::string, int64_t> opsets_;
  std::map<std::string, onnx::TensorProto*> initializers_;
  std::set<std::string> inputs_;
  std::map<std::string, const onnx::NodeProto*> producers_;
  std::set<const onnx::NodeProto*> open_, done_;
  Graph graph_;
};

}  // namespace

absl::StatusOr<Graph> BuildGraph(onnx::ModelProto& model,
                                 const std::string& directory,
                                 const std::vector<std::string>& output_names) {
  return Builder(model, directory).Build(output_names);
}

}  // namespace tpuc::onnx_import
