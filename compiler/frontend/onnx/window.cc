// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/window.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"

namespace tpuc::onnx_import {
namespace {

absl::Status CheckList(const Node& node, const char* name,
                       const std::vector<int64_t>& values, size_t size,
                       int64_t least) {
  if (values.size() != size) {
    return node.Error(name, " has ", values.size(), " values, expected ", size,
                      " (2-D only)");
  }
  for (int64_t v : values) {
    if (v < least) return node.Error(name, " must be at least ", least);
    if (v > (1 << 20)) return node.Error(name, " ", v, " is too large");
  }
  return absl::OkStatus();
}

// Total padding so that the output has ceil(in / stride) elements.
int64_t SamePadding(int64_t in, int64_t span, int64_t stride) {
  const int64_t out = (in + stride - 1) / stride;
  return std::max<int64_t>(0, (out - 1) * stride + span - in);
}

bool IsSame(const std::string& auto_pad) {
  return auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
}

// What a node says about its window; VALID has no pads. `output` is open, and
// so are the pads of SAME_UPPER and SAME_LOWER.
absl::StatusOr<Window> ReadFields(const NodeContext& context,
                                  const std::vector<int64_t>& kernel) {
  const Node& node = context.node();
  const std::vector<int64_t> in = context.Shape(0);
  if (in.size() != 4) {
    return node.Error("input has shape (", absl::StrJoin(in, ", "),
                      "); only 2-D windows over N, C, H, W are supported");
  }
  Window w;
  w.kernel = node.Ints("kernel_shape", kernel);
  if (!kernel.empty() && w.kernel != kernel) {
    return node.Error("kernel_shape (", absl::StrJoin(w.kernel, ", "),
                      ") is not the filter's (", absl::StrJoin(kernel, ", "),
                      ")");
  }
  w.strides = node.Ints("strides", {1, 1});
  w.dilations = node.Ints("dilations", {1, 1});
  w.pads = node.Ints("pads", {0, 0, 0, 0});
  absl::Status status = CheckList(node, "kernel_shape", w.kernel, 2, 1);
  if (status.ok()) status = CheckList(node, "strides", w.strides, 2, 1);
  if (status.ok()) status = CheckList(node, "dilations", w.dilations, 2, 1);
  if (status.ok()) status = CheckList(node, "pads", w.pads, 4, 0);
  if (!status.ok()) return status;
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  if (auto_pad != "NOTSET" && auto_pad != "VALID" && !IsSame(auto_pad)) {
    return node.Error("auto_pad '", auto_pad, "' is unknown");
  }
  if (auto_pad == "VALID") w.pads = {0, 0, 0, 0};
  return w;
}

int64_t Span(const Window& w, int axis) {
  return (w.kernel[axis] - 1) * w.dilations[axis] + 1;
}

// Splits the padding of one axis; an odd one is larger at the end for
// SAME_UPPER, at the start else.
void SplitPadding(Window& w, int axis, int64_t total, bool upper) {
  const int64_t small = total / 2;
  w.pads[axis] = upper ? small : total - small;
  w.pads[2 + axis] = total - w.pads[axis];
}

}  // namespace

absl::StatusOr<Window> ReadWindow(const NodeContext& context,
                                  std::vector<int64_t> kernel) {
  const Node& node = context.node();
  absl::StatusOr<Window> w = ReadFields(context, kernel);
  if (!w.ok()) return w;
  const std::vector<int64_t> in = context.Shape(0);
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  for (int i = 0; i < 2; ++i) {
    const int64_t extent = in[2 + i], stride = w->strides[i];
    const int64_t span = Span(*w, i);
    if (IsSame(auto_pad)) {
      SplitPadding(*w, i, SamePadding(extent, span, stride),
                   auto_pad == "SAME_UPPER");
    }
    int64_t room = extent + w->pads[i] + w->pads[2 + i] - span;
    if (room < 0) {
      return node.Error("a window of ", span, " does not fit into ", extent,
                        " elements with pads ", w->pads[i], " and ",
                        w->pads[2 + i]);
    }
    if (node.Int("ceil_mode", 0) != 0 && room % stride != 0) {
      const int64_t more = stride - room % stride;
      // The last window must start inside the input or the pad before it.
      if (room + more < extent + w->pads[i]) {
        w->pads[2 + i] += more;
        room += more;
      }
    }
    w->output.push_back(room / stride + 1);
  }
  return w;
}

absl::StatusOr<TransposedWindow> ReadTransposedWindow(
    const NodeContext& context, std::vector<int64_t> kernel) {
  const Node& node = context.node();
  absl::StatusOr<Window> fields = ReadFields(context, kernel);
  if (!fields.ok()) return fields.status();
  TransposedWindow w;
  static_cast<Window&>(w) = *std::move(fields);
  w.output_padding = node.Ints("output_padding", {0, 0});
  if (absl::Status status =
          CheckList(node, "output_padding", w.output_padding, 2, 0);
      !status.ok()) {
    return status;
  }
  const std::vector<int64_t> in = context.Shape(0);
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  std::vector<int64_t> shape = node.Ints("output_shape", {});
  // Some models give N and C too.
  if (shape.size() == 4) shape.erase(shape.begin(), shape.begin() + 2);
  if (shape.empty() && IsSame(auto_pad)) {
    shape = {in[2] * w.strides[0], in[3] * w.strides[1]};
  }
  if (!shape.empty()) {
    absl::Status status = CheckList(node, "output_shape", shape, 2, 1);
    if (!status.ok()) return status;
  }
  for (int i = 0; i < 2; ++i) {
    const int64_t full = (in[2 + i] - 1) * w.strides[i] + Span(w, i);
    if (!shape.empty()) {
      const int64_t total = full + w.output_padding[i] - shape[i];
      SplitPadding(w, i, std::max<int64_t>(total, 0), auto_pad == "SAME_UPPER");
      w.output_padding[i] += std::max<int64_t>(-total, 0);
    }
    w.output.push_back(full - w.pads[i] - w.pads[2 + i] + w.output_padding[i]);
    if (w.output.back() < 1) {
      return node.Error("pads ", w.pads[i], " and ", w.pads[2 + i],
                        " cut off the whole result of ", full, " elements");
    }
  }
  return w;
}

}  // namespace tpuc::onnx_import
