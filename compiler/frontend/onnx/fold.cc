// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/fold.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/tensor_proto.h"
#include "compiler/support/element_view.h"
#include "compiler/support/similarity.h"

namespace tpuc::onnx_import {
namespace {

// The operands, and how many elements the result may have.
struct Inputs {
  const Tensor* operator[](size_t i) const { return tensors[i]; }
  size_t size() const { return tensors.size(); }

  const std::vector<const Tensor*>& tensors;
  int64_t max_elements;
};
using Folder = absl::StatusOr<Tensor> (*)(const Node&, const Inputs&);
using Shape = std::vector<int64_t>;

bool IsFloat(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64;
}

absl::Status TypeError(const Tensor& tensor) {
  return absl::InvalidArgumentError(absl::StrCat(
      "constants of type ", Name(tensor.dtype()), " are not supported here"));
}

Tensor FromDoubles(DType dtype, Shape shape, const std::vector<double>& v) {
  Tensor tensor(dtype, std::move(shape));
  for (size_t i = 0; i < v.size(); ++i) {
    if (dtype == DType::kF64) {
      tensor.data<double>()[i] = v[i];
    } else {
      tensor.data<float>()[i] = static_cast<float>(v[i]);
    }
  }
  return tensor;
}

// Fails for a result that is too large to be computed here. A file of some
// bytes can ask for any number.
absl::Status CheckSize(const Shape& shape, const Inputs& in) {
  int64_t count = 1;
  bool fits = true;
  for (int64_t d : shape) {
    if (d < 0) fits = false;
    if (d == 0) return absl::OkStatus();
  }
  for (int64_t d : shape) {
    if (fits && count > in.max_elements / d) fits = false;
    if (fits) count *= d;
  }
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a constant of shape (", absl::StrJoin(shape, ", "),
      ") is more than constant folding may compute; make it an initializer"));
}

// The axes of an operator that has them as an attribute before opset 13 and as
// an input since.
absl::StatusOr<std::vector<int64_t>> Axes(const Node& node,
                                          const Inputs& inputs) {
  if (node.opset() < 13) return node.Ints("axes", {});
  if (inputs.size() < 2 || inputs[1] == nullptr) return std::vector<int64_t>();
  return ToInts(*inputs[1], "axes");
}

// Copies the elements of `from` at the given flat indices.
Tensor Pick(const Tensor& from, Shape shape,
            const std::vector<int64_t>& indices) {
  Tensor result(from.dtype(), std::move(shape));
  const size_t size = SizeOf(from.dtype());
  const char* in = static_cast<const char*>(from.raw());
  char* out = static_cast<char*>(result.raw());
  for (size_t i = 0; i < indices.size(); ++i) {
    std::memcpy(out + i * size, in + indices[i] * size, size);
  }
  return result;
}

// Calls f(multi-index) for all elements of `shape` in row-major order.
template <typename F>
void ForEachIndex(const Shape& shape, F f) {
  for (int64_t d : shape) {
    if (d == 0) return;
  }
  Shape index(shape.size(), 0);
  for (;;) {
    f(index);
    size_t i = shape.size();
    while (i > 0 && ++index[i - 1] == shape[i - 1]) index[--i] = 0;
    if (i == 0) return;
  }
}

Shape StridesOf(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * shape[i];
  }
  return strides;
}

absl::StatusOr<Tensor> Cast(const Node& node, const Inputs& in) {
  absl::StatusOr<DType> to = DTypeOfOnnx(static_cast<int>(node.Int("to", 0)));
  if (!to.ok()) return to.status();
  if (*to == in[0]->dtype()) return *in[0];
  if (*to == DType::kF16 || *to == DType::kBF16) {
    return absl::InvalidArgumentError(
        absl::StrCat("a constant cannot be cast to ", Name(*to)));
  }
  if (IsFloat(*to)) return FromDoubles(*to, in[0]->shape(), ToDouble(*in[0]));
  std::vector<int64_t> values;
  if (absl::StatusOr<std::vector<int64_t>> ints = ToInts(*in[0], "input");
      ints.ok()) {
    values = *std::move(ints);
  } else {
    for (double v : ToDouble(*in[0])) {
      if (!(std::fabs(v) < 9.2e18)) {
        return absl::InvalidArgumentError(
            absl::StrCat("cannot cast ", v, " to an integer"));
      }
      values.push_back(*to == DType::kBool ? v != 0 : static_cast<int64_t>(v));
    }
  }
  if (*to == DType::kBool) {
    for (int64_t& v : values) v = v != 0;
  }
  return FromInts(*to, in[0]->shape(), values);
}

absl::StatusOr<Tensor> Concat(const Node& node, const Inputs& in) {
  absl::StatusOr<int64_t> axis = NormalAxis(node.Int("axis", 0), in[0]->rank());
  if (!axis.ok()) return axis.status();
  Shape shape = in[0]->shape();
  shape[*axis] = 0;
  int64_t outer = 1;
  for (int64_t i = 0; i < *axis; ++i) outer *= shape[i];
  for (const Tensor* t : in.tensors) {
    Shape other = t->shape();
    if (t->rank() != in[0]->rank() || t->dtype() != in[0]->dtype()) {
      return absl::InvalidArgumentError("the inputs' ranks or types differ");
    }
    shape[*axis] += other[*axis];
    other[*axis] = shape[*axis];
    if (other != shape) {
      return absl::InvalidArgumentError("the inputs' shapes differ");
    }
  }
  if (absl::Status s = CheckSize(shape, in); !s.ok()) return s;
  Tensor result(in[0]->dtype(), shape);
  char* out = static_cast<char*>(result.raw());
  for (int64_t o = 0; o < outer; ++o) {
    for (const Tensor* t : in.tensors) {
      const size_t chunk = t->SizeInBytes() / outer;
      std::memcpy(out, static_cast<const char*>(t->raw()) + o * chunk, chunk);
      out += chunk;
    }
  }
  return result;
}

absl::StatusOr<Tensor> Slice(const Node& node, const Inputs& in) {
  std::vector<int64_t> parts[4];  // starts, ends, axes, steps
  if (node.opset() < 10) {
    parts[0] = node.Ints("starts", {});
    parts[1] = node.Ints("ends", {});
    parts[2] = node.Ints("axes", {});
  } else {
    constexpr const char* kNames[] = {"starts", "ends", "axes", "steps"};
    for (size_t i = 0; i < 4 && i + 1 < in.size(); ++i) {
      if (in[i + 1] == nullptr) continue;
      absl::StatusOr<std::vector<int64_t>> v = ToInts(*in[i + 1], kNames[i]);
      if (!v.ok()) return v.status();
      parts[i] = *std::move(v);
    }
  }
  const absl::StatusOr<std::vector<SliceRange>> ranges =
      SliceRanges(in[0]->shape(), parts[0], parts[1], parts[2], parts[3]);
  if (!ranges.ok()) return ranges.status();
  Shape starts, steps, shape;
  for (const SliceRange& range : *ranges) {
    starts.push_back(range.start);
    steps.push_back(range.step);
    shape.push_back(range.count);
  }
  return ReadView(*in[0], SlicedView(in[0]->shape(), starts, steps, shape),
                  shape);
}

absl::StatusOr<Tensor> Gather(const Node& node, const Inputs& in) {
  absl::StatusOr<int64_t> axis = NormalAxis(node.Int("axis", 0), in[0]->rank());
  if (!axis.ok()) return axis.status();
  absl::StatusOr<std::vector<int64_t>> where = ToInts(*in[1], "indices");
  if (!where.ok()) return where.status();
  const Shape& from = in[0]->shape();
  int64_t outer = 1, inner = 1;
  for (int64_t i = 0; i < *axis; ++i) outer *= from[i];
  for (int64_t i = *axis + 1; i < in[0]->rank(); ++i) inner *= from[i];
  Shape shape(from.begin(), from.begin() + *axis);
  shape.insert(shape.end(), in[1]->shape().begin(), in[1]->shape().end());
  shape.insert(shape.end(), from.begin() + *axis + 1, from.end());
  if (absl::Status s = CheckSize(shape, in); !s.ok()) return s;
  std::vector<int64_t> indices;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t w : *where) {
      absl::StatusOr<int64_t> at = NormalAxis(w, from[*axis]);
      if (!at.ok()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "index ", w, " is out of range for ", from[*axis], " elements"));
      }
      for (int64_t i = 0; i < inner; ++i) {
        indices.push_back((o * from[*axis] + *at) * inner + i);
      }
    }
  }
  return Pick(*in[0], shape, indices);
}

absl::StatusOr<Tensor> Transpose(const Node& node, const Inputs& in) {
  const absl::StatusOr<std::vector<int64_t>> order =
      TransposeOrder(node, in[0]->rank());
  if (!order.ok()) return order.status();
  const ElementView view = PermutedView(in[0]->shape(), *order);
  return ReadView(*in[0], view, view.shape);
}

absl::StatusOr<Tensor> WithShape(const Tensor& tensor,
                                 absl::StatusOr<Shape> shape) {
  if (!shape.ok()) return shape.status();
  return tensor.Reshaped(*std::move(shape));
}

absl::StatusOr<Tensor> Reshape(const Node& node, const Inputs& in) {
  absl::StatusOr<std::vector<int64_t>> to = ToInts(*in[1], "shape");
  if (!to.ok()) return to.status();
  return WithShape(
      *in[0], ReshapeShape(in[0]->shape(), *to, node.Int("allowzero", 0) != 0));
}

absl::StatusOr<Tensor> Squeeze(const Node& node, const Inputs& in) {
  absl::StatusOr<std::vector<int64_t>> axes = Axes(node, in);
  if (!axes.ok()) return axes.status();
  return WithShape(*in[0], SqueezeShape(in[0]->shape(), *axes));
}

absl::StatusOr<Tensor> Unsqueeze(const Node& node, const Inputs& in) {
  absl::StatusOr<std::vector<int64_t>> axes = Axes(node, in);
  if (!axes.ok()) return axes.status();
  return WithShape(*in[0], UnsqueezeShape(in[0]->shape(), *axes));
}

absl::StatusOr<Tensor> Identity(const Node&, const Inputs& in) {
  return *in[0];
}

absl::StatusOr<Tensor> ConstantOfShape(const Node& node, const Inputs& in) {
  absl::StatusOr<std::vector<int64_t>> shape = ToInts(*in[0], "input");
  if (!shape.ok()) return shape.status();
  Tensor value(DType::kF32, {1});
  if (const auto* attribute = node.Attribute("value")) {
    absl::StatusOr<Tensor> given = TensorFromProto(attribute->t(), "");
    if (!given.ok()) return given.status();
    value = *std::move(given);
  }
  if (absl::Status s = CheckSize(*shape, in); !s.ok()) return s;
  int64_t count = 1;
  for (int64_t d : *shape) count *= d;
  if (value.NumElements() != 1) {
    return absl::InvalidArgumentError("value must have one element");
  }
  return Pick(value, *shape, std::vector<int64_t>(count, 0));
}

// Elementwise with broadcasting. `ints` may fail (division by zero).
template <typename Ints, typename Floats>
absl::StatusOr<Tensor> Binary(const Inputs& in, Ints ints, Floats floats) {
  const Tensor &a = *in[0], &b = *in[1];
  if (a.dtype() != b.dtype()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "operands are ", Name(a.dtype()), " and ", Name(b.dtype())));
  }
  const int64_t rank = std::max(a.rank(), b.rank());
  Shape shapes[2] = {a.shape(), b.shape()}, strides[2], shape(rank);
  for (int k = 0; k < 2; ++k) {
    shapes[k].insert(shapes[k].begin(), rank - shapes[k].size(), 1);
    strides[k] = StridesOf(shapes[k]);
  }
  for (int64_t i = 0; i < rank; ++i) {
    const int64_t x = shapes[0][i], y = shapes[1][i];
    if (x != y && x != 1 && y != 1) {
      return absl::InvalidArgumentError("operands do not broadcast");
    }
    shape[i] = x == 1 ? y : x;
    if (x == 1) strides[0][i] = 0;
    if (y == 1) strides[1][i] = 0;
  }
  if (absl::Status s = CheckSize(shape, in); !s.ok()) return s;
  std::vector<int64_t> at[2];
  ForEachIndex(shape, [&](const Shape& index) {
    for (int k = 0; k < 2; ++k) {
      int64_t flat = 0;
      for (int64_t i = 0; i < rank; ++i) flat += index[i] * strides[k][i];
      at[k].push_back(flat);
    }
  });
  if (IsFloat(a.dtype())) {
    const std::vector<double> x = ToDouble(a), y = ToDouble(b);
    std::vector<double> values;
    for (size_t i = 0; i < at[0].size(); ++i) {
      values.push_back(floats(x[at[0][i]], y[at[1][i]]));
    }
    return FromDoubles(a.dtype(), shape, values);
  }
  absl::StatusOr<std::vector<int64_t>> x = ToInts(a, "input");
  absl::StatusOr<std::vector<int64_t>> y = ToInts(b, "input");
  if (!x.ok()) return x.status();
  if (!y.ok()) return y.status();
  std::vector<int64_t> values;
  for (size_t i = 0; i < at[0].size(); ++i) {
    const int64_t l = (*x)[at[0][i]], r = (*y)[at[1][i]];
    int64_t value;
    if (!ints(l, r, value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot compute with ", l, " and ", r));
    }
    values.push_back(value);
  }
  return FromInts(a.dtype(), shape, values);
}

absl::StatusOr<Tensor> Add(const Node&, const Inputs& in) {
  return Binary(
      in,
      [](int64_t a, int64_t b, int64_t& r) {
        return !__builtin_add_overflow(a, b, &r);
      },
      [](double a, double b) { return a + b; });
}

absl::StatusOr<Tensor> Sub(const Node&, const Inputs& in) {
  return Binary(
      in,
      [](int64_t a, int64_t b, int64_t& r) {
        return !__builtin_sub_overflow(a, b, &r);
      },
      [](double a, double b) { return a - b; });
}

absl::StatusOr<Tensor> Mul(const Node&, const Inputs& in) {
  return Binary(
      in,
      [](int64_t a, int64_t b, int64_t& r) {
        return !__builtin_mul_overflow(a, b, &r);
      },
      [](double a, double b) { return a * b; });
}

absl::StatusOr<Tensor> Div(const Node&, const Inputs& in) {
  return Binary(
      in,
      [](int64_t a, int64_t b, int64_t& r) {
        if (b == 0 || b == -1) {
          return b != 0 && !__builtin_sub_overflow(int64_t{0}, a, &r);
        }
        r = a / b;
        return true;
      },
      [](double a, double b) { return a / b; });
}

// One float or integer function of each element.
template <typename Ints, typename Floats>
absl::StatusOr<Tensor> Unary(const Tensor& in, Ints ints, Floats floats) {
  if (IsFloat(in.dtype())) {
    std::vector<double> values = ToDouble(in);
    for (double& v : values) v = floats(v);
    return FromDoubles(in.dtype(), in.shape(), values);
  }
  absl::StatusOr<std::vector<int64_t>> values = ToInts(in, "input");
  if (!values.ok()) return TypeError(in);
  for (int64_t& v : *values) v = ints(v);
  return FromInts(in.dtype(), in.shape(), *values);
}

absl::StatusOr<Tensor> Neg(const Node&, const Inputs& in) {
  return Unary(
      *in[0],
      [](int64_t v) { return static_cast<int64_t>(-static_cast<uint64_t>(v)); },
      [](double v) { return -v; });
}

absl::StatusOr<Tensor> Floor(const Node&, const Inputs& in) {
  return Unary(
      *in[0], [](int64_t v) { return v; },
      [](double v) { return std::floor(v); });
}

absl::StatusOr<Tensor> Ceil(const Node&, const Inputs& in) {
  return Unary(
      *in[0], [](int64_t v) { return v; },
      [](double v) { return std::ceil(v); });
}

absl::StatusOr<Tensor> Sqrt(const Node&, const Inputs& in) {
  if (!IsFloat(in[0]->dtype())) return TypeError(*in[0]);
  return Unary(
      *in[0], [](int64_t v) { return v; },
      [](double v) { return std::sqrt(v); });
}

struct FolderEntry {
  Folder folder;
  size_t inputs;  // the least number
};

const std::map<std::string, FolderEntry>& Folders() {
  static const auto* const folders = new std::map<std::string, FolderEntry>{
      {"Add", {Add, 2}},
      {"Cast", {Cast, 1}},
      {"Ceil", {Ceil, 1}},
      {"Concat", {Concat, 1}},
      {"ConstantOfShape", {ConstantOfShape, 1}},
      {"Div", {Div, 2}},
      {"Floor", {Floor, 1}},
      {"Gather", {Gather, 2}},
      {"Identity", {Identity, 1}},
      {"Mul", {Mul, 2}},
      {"Neg", {Neg, 1}},
      {"Reshape", {Reshape, 2}},
      {"Slice", {Slice, 1}},
      {"Sqrt", {Sqrt, 1}},
      {"Squeeze", {Squeeze, 1}},
      {"Sub", {Sub, 2}},
      {"Transpose", {Transpose, 1}},
      {"Unsqueeze", {Unsqueeze, 1}},
  };
  return *folders;
}

}  // namespace

bool HasFolder(const std::string& op_type) {
  return Folders().count(op_type) != 0;
}

absl::StatusOr<Tensor> Fold(const Node& node,
                            const std::vector<const Tensor*>& inputs,
                            int64_t max_elements) {
  const FolderEntry& entry = Folders().at(node.type());
  for (size_t i = 0; i < std::max(entry.inputs, size_t{1}); ++i) {
    if (i >= inputs.size() || inputs[i] == nullptr) {
      return node.Error("input ", i, " is missing");
    }
  }
  if (node.type() == "Concat") {
    for (const Tensor* t : inputs) {
      if (t == nullptr) return node.Error("an input is missing");
    }
  }
  absl::StatusOr<Tensor> result = entry.folder(node, {inputs, max_elements});
  if (!result.ok()) return node.Error(result.status().message());
  return result;
}

absl::StatusOr<std::vector<int64_t>> ToInts(const Tensor& tensor,
                                            absl::string_view what) {
  std::vector<int64_t> values(tensor.NumElements());
  const auto all = [&](const auto* p) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = p[i];
  };
  switch (tensor.dtype()) {
    case DType::kI8:
      all(tensor.data<int8_t>());
      break;
    case DType::kU8:
    case DType::kBool:
      all(tensor.data<uint8_t>());
      break;
    case DType::kI16:
      all(tensor.data<int16_t>());
      break;
    case DType::kU16:
      all(tensor.data<uint16_t>());
      break;
    case DType::kI32:
      all(tensor.data<int32_t>());
      break;
    case DType::kU32:
      all(tensor.data<uint32_t>());
      break;
    case DType::kI64:
      all(tensor.data<int64_t>());
      break;
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          what, " must be integers, found ", Name(tensor.dtype())));
  }
  return values;
}

Tensor FromInts(DType dtype, std::vector<int64_t> shape,
                const std::vector<int64_t>& values) {
  Tensor tensor(dtype, std::move(shape));
  char* out = static_cast<char*>(tensor.raw());
  const size_t size = SizeOf(dtype);
  for (size_t i = 0; i < values.size(); ++i) {
    std::memcpy(out + i * size, &values[i], size);  // little endian
  }
  return tensor;
}

}  // namespace tpuc::onnx_import
