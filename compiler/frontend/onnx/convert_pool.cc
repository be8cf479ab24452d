// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/registry.h"
#include "compiler/frontend/onnx/window.h"

namespace tpuc::onnx_import {
namespace {

absl::StatusOr<Window> ReadPool(NodeContext& c) {
  if (absl::StatusOr<mlir::Value> input = c.Operand(0); !input.ok()) {
    return input.status();
  }
  absl::StatusOr<Window> w = ReadWindow(c, {});
  if (w.ok() && w->dilations != std::vector<int64_t>{1, 1}) {
    return c.node().Error("dilations of a pool are not supported");
  }
  return w;
}

// Windows over the whole of H and W.
absl::StatusOr<Window> GlobalPool(NodeContext& c) {
  if (absl::StatusOr<mlir::Value> input = c.Operand(0); !input.ok()) {
    return input.status();
  }
  if (c.Rank(0) != 4) {
    return c.node().Error("input has rank ", c.Rank(0),
                          "; only N, C, H, W is supported");
  }
  const std::vector<int64_t> in = c.Shape(0);
  return Window{{in[2], in[3]}, {1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}};
}

template <typename Op>
void Create(NodeContext& c, const Window& w,
            std::vector<mlir::NamedAttribute> attributes = {}) {
  attributes.push_back(c.Attribute("kernel_shape", w.kernel));
  attributes.push_back(c.Attribute("strides", w.strides));
  attributes.push_back(c.Attribute("pads", w.pads));
  const std::vector<int64_t> in = c.Shape(0);
  c.SetOutput(c.Create<Op>("", {in[0], in[1], w.output[0], w.output[1]},
                           *c.Operand(0), attributes));
}

absl::Status ConvertMaxPool(NodeContext& c) {
  absl::StatusOr<Window> w = ReadPool(c);
  if (!w.ok()) return w.status();
  Create<top::MaxPoolOp>(c, *w);
  return absl::OkStatus();
}

absl::Status ConvertAveragePool(NodeContext& c) {
  absl::StatusOr<Window> w = ReadPool(c);
  if (!w.ok()) return w.status();
  const bool include = c.node().Int("count_include_pad", 0) != 0;
  if (include && c.node().Int("ceil_mode", 0) != 0 &&
      w->pads != c.node().Ints("pads", {0, 0, 0, 0})) {
    return c.node().Error(
        "ceil_mode together with count_include_pad is not supported");
  }
  Create<top::AvgPoolOp>(c, *w, {c.Attribute("count_include_pad", include)});
  return absl::OkStatus();
}

absl::Status ConvertGlobalAveragePool(NodeContext& c) {
  absl::StatusOr<Window> w = GlobalPool(c);
  if (!w.ok()) return w.status();
  Create<top::AvgPoolOp>(c, *w);
  return absl::OkStatus();
}

absl::Status ConvertGlobalMaxPool(NodeContext& c) {
  absl::StatusOr<Window> w = GlobalPool(c);
  if (!w.ok()) return w.status();
  Create<top::MaxPoolOp>(c, *w);
  return absl::OkStatus();
}

}  // namespace

void RegisterPools(Registry& registry) {
  registry["AveragePool"] = ConvertAveragePool;
  registry["GlobalAveragePool"] = ConvertGlobalAveragePool;
  registry["GlobalMaxPool"] = ConvertGlobalMaxPool;
  registry["MaxPool"] = ConvertMaxPool;
}

}  // namespace tpuc::onnx_import
