// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

// Extents of the output and the scale of each dimension.
struct Sizes {
  std::vector<int64_t> shape;
  std::vector<float> scales;
};

// Input i when it is there and not empty (opset 11 asks for an empty tensor
// where another input says the size).
bool IsGiven(const NodeContext& c, int i) {
  if (!c.node().HasInput(i)) return false;
  const Tensor* tensor = c.Constant(i);
  return tensor == nullptr || tensor->NumElements() > 0;
}

absl::StatusOr<std::vector<float>> Floats(const NodeContext& c, int i,
                                          const char* what) {
  const Tensor* tensor = c.Constant(i);
  if (tensor == nullptr || tensor->dtype() != DType::kF32) {
    return c.node().Error(what, " (input ", i,
                          ") must be floats that are known when the model is "
                          "compiled");
  }
  const float* data = tensor->data<float>();
  return std::vector<float>(data, data + tensor->NumElements());
}

// The dimensions that scales or sizes are for.
absl::StatusOr<std::vector<int64_t>> Axes(const NodeContext& c, size_t count) {
  const int64_t rank = c.Rank(0);
  std::vector<int64_t> all(rank);
  for (int64_t i = 0; i < rank; ++i) all[i] = i;
  std::vector<int64_t> axes = c.node().Ints("axes", all);
  for (int64_t& axis : axes) {
    absl::StatusOr<int64_t> normal = NormalAxis(axis, rank);
    if (!normal.ok()) return c.node().Error(normal.status().message());
    axis = *normal;
  }
  if (axes.size() != count) {
    return c.node().Error(count, " scales or sizes are given for ", axes.size(),
                          " dimensions");
  }
  return axes;
}

absl::StatusOr<Sizes> FromScales(const NodeContext& c,
                                 const std::vector<float>& scales) {
  absl::StatusOr<std::vector<int64_t>> axes = Axes(c, scales.size());
  if (!axes.ok()) return axes.status();
  Sizes result = {c.Shape(0), std::vector<float>(c.Rank(0), 1.0f)};
  for (size_t i = 0; i < scales.size(); ++i) {
    int64_t& extent = result.shape[(*axes)[i]];
    const float size = std::floor(static_cast<float>(extent) * scales[i]);
    if (!(size >= 1) || size > (1 << 24)) {
      return c.node().Error("scale ", scales[i], " of ", extent,
                            " elements is out of range");
    }
    extent = static_cast<int64_t>(size);
    result.scales[(*axes)[i]] = scales[i];
  }
  return result;
}

absl::StatusOr<Sizes> FromSizes(const NodeContext& c,
                                const std::vector<int64_t>& sizes) {
  absl::StatusOr<std::vector<int64_t>> axes = Axes(c, sizes.size());
  if (!axes.ok()) return axes.status();
  Sizes result = {c.Shape(0), std::vector<float>(c.Rank(0), 1.0f)};
  float least = HUGE_VALF, most = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t extent = result.shape[(*axes)[i]];
    if (sizes[i] < 1 || sizes[i] > (1 << 24)) {
      return c.node().Error("size ", sizes[i], " is out of range");
    }
    const float scale =
        static_cast<float>(sizes[i]) / static_cast<float>(extent);
    least = std::min(least, scale);
    most = std::max(most, scale);
    result.scales[(*axes)[i]] = scale;
    result.shape[(*axes)[i]] = sizes[i];
  }
  const std::string policy =
      c.node().String("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch") return result;
  if (policy != "not_larger" && policy != "not_smaller") {
    return c.node().Error("keep_aspect_ratio_policy '", policy, "' is unknown");
  }
  const float scale = policy == "not_larger" ? least : most;
  for (int64_t axis : *axes) {
    const float size = static_cast<float>(c.Shape(0)[axis]) * scale;
    result.scales[axis] = scale;
    result.shape[axis] = static_cast<int64_t>(std::floor(size + 0.5f));
  }
  return result;
}

absl::Status Create(NodeContext& c, const absl::StatusOr<Sizes>& sizes,
                    std::vector<mlir::NamedAttribute> attributes) {
  if (!sizes.ok()) return sizes.status();
  const std::vector<int64_t> in = c.Shape(0);
  if (in.size() != 4 || sizes->scales[0] != 1 || sizes->scales[1] != 1) {
    return c.node().Error("resizes (", absl::StrJoin(in, ", "), ") to (",
                          absl::StrJoin(sizes->shape, ", "),
                          "); only the height and width of N, C, H, W can be "
                          "resized");
  }
  attributes.push_back(c.builder().getNamedAttr(
      "scales",
      c.builder().getDenseF64ArrayAttr({sizes->scales[2], sizes->scales[3]})));
  c.SetOutput(
      c.Create<top::ResizeOp>("", sizes->shape, *c.Operand(0), attributes));
  return absl::OkStatus();
}

mlir::NamedAttribute Text(NodeContext& c, const char* name,
                          const std::string& value) {
  return c.builder().getNamedAttr(name, c.builder().getStringAttr(value));
}

absl::Status CheckOneOf(const NodeContext& c, const char* name,
                        const std::string& value,
                        const std::vector<std::string>& accepted) {
  if (std::find(accepted.begin(), accepted.end(), value) != accepted.end()) {
    return absl::OkStatus();
  }
  return c.node().Error(name, " '", value, "' is not supported (",
                        absl::StrJoin(accepted, ", "), " are)");
}

// Upsample, and Resize before opset 11, had no coordinate modes; nearest took
// the element below.
absl::Status ConvertUpsample(NodeContext& c) {
  if (absl::StatusOr<mlir::Value> input = c.Operand(0); !input.ok()) {
    return input.status();
  }
  std::string mode = c.node().String("mode", "nearest");
  if (mode == "bilinear") mode = "linear";
  if (absl::Status s = CheckOneOf(c, "mode", mode, {"nearest", "linear"});
      !s.ok()) {
    return s;
  }
  std::vector<float> scales;
  if (const onnx::AttributeProto* attribute = c.node().Attribute("scales")) {
    scales.assign(attribute->floats().begin(), attribute->floats().end());
  } else {
    absl::StatusOr<std::vector<float>> given = Floats(c, 1, "scales");
    if (!given.ok()) return given.status();
    scales = *given;
  }
  for (float scale : scales) {
    if (!(scale >= 1)) {
      return c.node().Error("scale ", scale,
                            " is below 1, which is supported from opset 11 on");
    }
  }
  return Create(
      c, FromScales(c, scales),
      {Text(c, "mode", mode), Text(c, "coordinate_mode", "asymmetric"),
       Text(c, "nearest_mode", "floor")});
}

absl::Status ConvertResize(NodeContext& c) {
  const Node& node = c.node();
  if (node.opset() < 11) return ConvertUpsample(c);
  if (absl::StatusOr<mlir::Value> input = c.Operand(0); !input.ok()) {
    return input.status();
  }
  const std::string mode = node.String("mode", "nearest");
  const std::string coordinates =
      node.String("coordinate_transformation_mode", "half_pixel");
  const std::string nearest = node.String("nearest_mode", "round_prefer_floor");
  absl::Status status =
      CheckOneOf(c, "mode", mode, {"nearest", "linear", "cubic"});
  if (status.ok()) {
    status =
        CheckOneOf(c, "coordinate_transformation_mode", coordinates,
                   {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                    "align_corners", "asymmetric", "tf_half_pixel_for_nn"});
  }
  if (status.ok()) {
    status = CheckOneOf(
        c, "nearest_mode", nearest,
        {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  }
  if (!status.ok()) return status;
  if (node.Int("antialias", 0) != 0 && mode != "nearest") {
    return node.Error("antialias is not supported");
  }
  const std::vector<mlir::NamedAttribute> attributes = {
      Text(c, "mode", mode), Text(c, "coordinate_mode", coordinates),
      Text(c, "nearest_mode", nearest),
      c.Attribute("cubic_coeff_a", double{node.Float("cubic_coeff_a", -0.75f)}),
      c.Attribute("exclude_outside", node.Int("exclude_outside", 0) != 0)};
  if (IsGiven(c, 3)) {
    absl::StatusOr<std::vector<int64_t>> sizes = c.Ints(3, "sizes");
    if (!sizes.ok()) return sizes.status();
    return Create(c, FromSizes(c, *sizes), attributes);
  }
  if (!IsGiven(c, 2)) return node.Error("has neither scales nor sizes");
  absl::StatusOr<std::vector<float>> scales = Floats(c, 2, "scales");
  if (!scales.ok()) return scales.status();
  return Create(c, FromScales(c, *scales), attributes);
}

}  // namespace

void RegisterResizes(Registry& registry) {
  registry["Resize"] = ConvertResize;
  registry["Upsample"] = ConvertUpsample;
}

}  // namespace tpuc::onnx_import
