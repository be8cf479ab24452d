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

}  // namespace

absl::StatusOr<Window> ReadWindow(const NodeContext& context,
                                  std::vector<int64_t> kernel) {
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
  if (auto_pad != "NOTSET" && auto_pad != "VALID" && auto_pad != "SAME_UPPER" &&
      auto_pad != "SAME_LOWER") {
    return node.Error("auto_pad '", auto_pad, "' is unknown");
  }
  if (auto_pad == "VALID") w.pads = {0, 0, 0, 0};
  for (int i = 0; i < 2; ++i) {
    const int64_t extent = in[2 + i], stride = w.strides[i];
    const int64_t span = (w.kernel[i] - 1) * w.dilations[i] + 1;
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
      const int64_t total = SamePadding(extent, span, stride);
      const int64_t small = total / 2, large = total - small;
      w.pads[i] = auto_pad == "SAME_UPPER" ? small : large;
      w.pads[2 + i] = total - w.pads[i];
    }
    int64_t room = extent + w.pads[i] + w.pads[2 + i] - span;
    if (room < 0) {
      return node.Error("a window of ", span, " does not fit into ", extent,
                        " elements with pads ", w.pads[i], " and ",
                        w.pads[2 + i]);
    }
    if (node.Int("ceil_mode", 0) != 0 && room % stride != 0) {
      const int64_t more = stride - room % stride;
      // The last window must start inside the input or the pad before it.
      if (room + more < extent + w.pads[i]) {
        w.pads[2 + i] += more;
        room += more;
      }
    }
    w.output.push_back(room / stride + 1);
  }
  return w;
}

}  // namespace tpuc::onnx_import
