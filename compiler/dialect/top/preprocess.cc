// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/preprocess.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace tpuc::top {
namespace {

constexpr char kAttribute[] = "top.preprocess";

absl::Status Unreadable(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, " can't be read"));
}

absl::StatusOr<std::vector<double>> Numbers(mlir::Attribute attribute) {
  std::vector<double> numbers;
  auto array = mlir::dyn_cast<mlir::ArrayAttr>(attribute);
  if (!array) return Unreadable("the list of numbers");
  for (mlir::Attribute element : array) {
    auto number = mlir::dyn_cast<mlir::FloatAttr>(element);
    if (!number) return Unreadable("the list of numbers");
    numbers.push_back(number.getValueAsDouble());
  }
  return numbers;
}

absl::StatusOr<std::vector<int64_t>> Extents(mlir::Attribute attribute) {
  std::vector<int64_t> extents;
  auto array = mlir::dyn_cast<mlir::ArrayAttr>(attribute);
  if (!array || array.size() != 2) return Unreadable("the pair of extents");
  for (mlir::Attribute element : array) {
    auto number = mlir::dyn_cast<mlir::IntegerAttr>(element);
    if (!number || !number.getType().isInteger(64) || number.getInt() < 1)
      return Unreadable("an extent");
    extents.push_back(number.getInt());
  }
  return extents;
}

// The value of `result` on success, stored to `to`.
template <typename T>
absl::Status Store(absl::StatusOr<T> result, T* to) {
  if (result.ok()) *to = *std::move(result);
  return result.status();
}

absl::Status ReadEntry(llvm::StringRef name, mlir::Attribute value,
                       Preprocessing* how) {
  const auto text = mlir::dyn_cast<mlir::StringAttr>(value);
  const absl::string_view word =
      text ? absl::string_view(text.data(), text.size()) : absl::string_view();
  if (name == "mean") return Store(Numbers(value), &how->mean);
  if (name == "scale") return Store(Numbers(value), &how->scale);
  if (name == "pixel_format")
    return Store(ParsePixelFormat(word), &how->pixel_format);
  if (name == "channel_format")
    return Store(ParseChannelFormat(word), &how->channel_format);
  if (name == "pad_type") return Store(ParsePadType(word), &how->pad_type);
  if (name == "resize_dims") {
    auto extents = Extents(value);
    if (!extents.ok()) return extents.status();
    how->resize_height = (*extents)[0];
    how->resize_width = (*extents)[1];
    return absl::OkStatus();
  }
  if (name == "keep_aspect_ratio") {
    const auto flag = mlir::dyn_cast<mlir::BoolAttr>(value);
    if (!flag) return Unreadable("the truth value");
    how->keep_aspect_ratio = flag.getValue();
    return absl::OkStatus();
  }
  if (name == "pad_value") {
    const auto number = mlir::dyn_cast<mlir::IntegerAttr>(value);
    if (!number || !number.getType().isInteger(64))
      return Unreadable("the number");
    how->pad_value = static_cast<int>(
        std::clamp<int64_t>(number.getInt(), -1, 256));  // both are refused
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("there is no such entry");
}

}  // namespace

absl::StatusOr<std::optional<Preprocessing>> PreprocessingOf(InputOp input) {
  if (!input->hasAttr(kAttribute)) return std::optional<Preprocessing>();
  const auto dictionary =
      input->getAttrOfType<mlir::DictionaryAttr>(kAttribute);
  if (!dictionary)
    return absl::InvalidArgumentError(absl::StrCat(
        "input '", getName(input), "', ", kAttribute, " is no dictionary"));
  Preprocessing how;
  for (const mlir::NamedAttribute& entry : dictionary) {
    const llvm::StringRef name = entry.getName().strref();
    if (absl::Status status = ReadEntry(name, entry.getValue(), &how);
        !status.ok())
      return absl::InvalidArgumentError(
          absl::StrCat("input '", getName(input), "', ", kAttribute, ", ",
                       name.str(), ": ", status.message()));
  }
  return std::optional<Preprocessing>(std::move(how));
}

void SetPreprocessing(InputOp input, const Preprocessing& how) {
  mlir::Builder builder(input.getContext());
  const auto text = [&](absl::string_view word) {
    return builder.getStringAttr(llvm::StringRef(word.data(), word.size()));
  };
  const auto numbers = [&](std::vector<double> values, double absent) {
    values.resize(static_cast<size_t>(NumChannels(how.pixel_format)), absent);
    return builder.getF64ArrayAttr(values);
  };
  const llvm::ArrayRef<int64_t> shape = ShapeOf(input.getOutput());
  const size_t height = how.channel_format == ChannelFormat::kNchw ? 2 : 1;
  const bool resizes = how.resize_height != 0;
  const int64_t size[] = {resizes ? how.resize_height : shape[height],
                          resizes ? how.resize_width : shape[height + 1]};
  const mlir::NamedAttribute entries[] = {
      builder.getNamedAttr("channel_format", text(Name(how.channel_format))),
      builder.getNamedAttr("keep_aspect_ratio",
                           builder.getBoolAttr(how.keep_aspect_ratio)),
      builder.getNamedAttr("mean", numbers(how.mean, 0)),
      builder.getNamedAttr("pad_type", text(Name(how.pad_type))),
      builder.getNamedAttr("pad_value",
                           builder.getI64IntegerAttr(how.pad_value)),
      builder.getNamedAttr("pixel_format", text(Name(how.pixel_format))),
      builder.getNamedAttr("resize_dims", builder.getI64ArrayAttr(size)),
      builder.getNamedAttr("scale", numbers(how.scale, 1)),
  };
  input->setAttr(kAttribute, builder.getDictionaryAttr(entries));
}

}  // namespace tpuc::top
