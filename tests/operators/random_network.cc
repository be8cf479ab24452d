// SPDX-License-Identifier: Apache-2.0
#include "tests/operators/random_network.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tpuc {
namespace {

using Shape = std::vector<int64_t>;

class Draw {
 public:
  explicit Draw(uint32_t seed) : state_(seed * 2654435761u + 12345u) {}

  uint32_t Bits() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<uint32_t>(state_ >> 32);
  }
  int64_t Below(int64_t n) { return Bits() % static_cast<uint32_t>(n); }
  bool Chance(int percent) { return Below(100) < percent; }
  template <typename T>
  T Of(std::initializer_list<T> choices) {
    return *(choices.begin() + Below(static_cast<int64_t>(choices.size())));
  }
  Tensor Values(const Shape& shape, float range) {
    Tensor tensor(DType::kF32, shape);
    for (int64_t i = 0; i < tensor.NumElements(); ++i) {
      tensor.data<float>()[i] =
          range * (static_cast<float>(Bits() >> 8) / (1 << 23) - 1.0f);
    }
    return tensor;
  }

 private:
  uint64_t state_;
};

std::string Type(const Shape& shape) {
  return absl::StrCat("tensor<", absl::StrJoin(shape, "x"), "xf32>");
}

std::string Ints(const char* name, const Shape& values) {
  return absl::StrCat(name, " = array<i64: ", absl::StrJoin(values, ", "), ">");
}

struct Value {
  std::string name;
  Shape shape;
};

class Generator {
 public:
  explicit Generator(uint32_t seed) : draw_(seed) {}

  RandomNetwork Make() {
    const Shape shape = {
        draw_.Of({1, 1, 1, 2, 3}), draw_.Of({1, 3, 5, 16, 40, 64, 70, 130}),
        draw_.Of({1, 2, 7, 16, 33}), draw_.Of({1, 4, 9, 31, 50})};
    network_.inputs["x"] = draw_.Values(shape, draw_.Of({1.0f, 10.0f, 100.0f}));
    Line(absl::StrCat("%x = top.Input %arg0 : ", Type(shape)), "x");
    current_ = {"x", shape};
    for (int64_t steps = 1 + draw_.Below(5); steps > 0;) steps -= Step();
    network_.text = absl::StrCat(
        "module attributes {module.name = \"random\", module.state = "
        "\"TOP_F32\"} {\nfunc.func @main(%arg0: ",
        Type(shape), ") -> ", Type(current_.shape), " {\n", body_,
        "  func.return %", current_.name, " : ", Type(current_.shape),
        "\n}\n}\n");
    return std::move(network_);
  }

 private:
  void Line(const std::string& text, const std::string& name) {
    absl::StrAppend(&body_, "  ", text, " loc(\"", name, "\")\n");
  }

  Value Weight(const Shape& shape) {
    Value value{absl::StrCat("w", ++count_), shape};
    network_.weights[value.name] = draw_.Values(shape, 1.0f);
    Line(absl::StrCat("%", value.name, " = top.Weight : ", Type(shape)),
         value.name);
    return value;
  }

  // An operation; the functional form of types when `operands` is longer or
  // shapes differ, else the type alone.
  void Emit(const std::string& op, const std::vector<Value>& operands,
            const Shape& shape, const std::vector<std::string>& attributes,
            bool same_type = false) {
    Value value{absl::StrCat("t", ++count_), shape};
    std::vector<std::string> names, types, used;
    for (const Value& operand : operands) {
      names.push_back("%" + operand.name);
      types.push_back(Type(operand.shape));
    }
    for (const std::string& attribute : attributes) {
      if (!attribute.empty()) used.push_back(attribute);
    }
    Line(absl::StrCat(
             "%", value.name, " = top.", op, " ", absl::StrJoin(names, ", "),
             used.empty() ? ""
                          : absl::StrCat(" {", absl::StrJoin(used, ", "), "}"),
             " : ",
             same_type ? Type(shape)
                       : absl::StrCat("(", absl::StrJoin(types, ", "), ") -> ",
                                      Type(shape))),
         value.name);
    network_.operators.push_back(op);
    current_ = value;
  }
  void EmitUnary(const std::string& op, const std::string& attribute) {
    Emit(op, {current_}, current_.shape, {attribute}, true);
  }

  std::string Relu() {
    return draw_.Of<const char*>(
        {"", "do_relu = true", "do_relu = true, relu_limit = 6.0 : f64"});
  }

  // Operations don't enlarge tensors beyond this.
  static constexpr int64_t kMostElements = 200000;

  static int64_t Count(const Shape& shape) {
    int64_t count = 1;
    for (int64_t d : shape) count *= d;
    return count;
  }

  // Adds an operation; 0 when the one drawn does not go with the shape.
  int Step() {
    switch (draw_.Below(32)) {
      case 0:
      case 1:
      case 2:
        return Window();
      case 3:
        return GlobalPool();
      case 4:
        Emit("Scale",
             {current_, Weight({current_.shape[1]}),
              Weight({current_.shape[1]})},
             current_.shape, {});
        return 1;
      case 5:
      case 6:
        return Binary();
      case 7:
        EmitUnary(draw_.Chance(50) ? "AddConst" : "MulConst",
                  absl::StrCat("const_val = ", draw_.Below(400), ".5e-2"));
        return 1;
      case 8:
      case 14:
        return Activation();
      case 9:
        EmitUnary("Softmax",
                  absl::StrCat("axis = ", draw_.Below(current_.shape.size())));
        return 1;
      case 10:
        return MatMul();
      case 11:
        return ConvTranspose();
      case 12:
        return Concat();
      case 13:
        return Resize();
      case 15:
      case 16:
        return Permute();
      case 17:
        return Slice();
      case 18:
        return Pad();
      case 20:
      case 21:
        return Reduce();
      case 22:
        return LayerNorm();
      case 23:
        return Normalize();
      case 24:
      case 25:
      case 26:
      case 27:
      case 28:
      case 29:
      case 30:
        return Activation();
      default:
        return Reshape();
    }
  }

  int Window() {
    const Shape in = current_.shape;
    if (in.size() != 4) return 0;
    const int64_t kind = draw_.Below(4);  // conv, depthwise, max, average
    const bool weighted = kind < 2;
    Shape kernel, strides, dilations, pads(4), out = in;
    for (int axis = 0; axis < 2; ++axis) {
      kernel.push_back(draw_.Of({1, 2, 3, 5}));
      strides.push_back(draw_.Of({1, 1, 2, 3}));
      dilations.push_back(weighted ? draw_.Of({1, 1, 2}) : 1);
      const int64_t extent = (kernel[axis] - 1) * dilations[axis] + 1;
      // A pad as wide as the window asks for a wider filter.
      const int64_t most = std::min<int64_t>(weighted ? extent : extent - 1, 3);
      pads[axis] = draw_.Below(most + 1);
      pads[axis + 2] = draw_.Below(most + 1);
      const int64_t room = in[2 + axis] + pads[axis] + pads[axis + 2] - extent;
      if (room < 0) return 0;
      out[2 + axis] = room / strides[axis] + 1;
    }
    const std::string window =
        absl::StrCat(Ints("kernel_shape", kernel), ", ",
                     Ints("strides", strides), ", ", Ints("pads", pads));
    if (kind == 2) {
      Emit("MaxPool", {current_}, out, {window});
      return 1;
    }
    if (kind == 3) {
      Emit("AvgPool", {current_}, out,
           {window, draw_.Chance(50) ? "count_include_pad = true" : ""});
      return 1;
    }
    if (kind == 0) out[1] = draw_.Of({1, 4, 33, 64, 100});
    int64_t group = kind == 1 ? in[1] : draw_.Of({1, 1, 2, 4, 5});
    if (in[1] % group != 0) group = 1;
    if (kind == 0) out[1] *= group;
    std::vector<Value> operands = {
        current_, Weight({out[1], in[1] / group, kernel[0], kernel[1]})};
    if (draw_.Chance(70)) operands.push_back(Weight({out[1]}));
    Emit("Conv", operands, out,
         {window, Ints("dilations", dilations),
          group > 1 ? absl::StrCat("group = ", group) : "", Relu()});
    return 1;
  }

  int ConvTranspose() {
    const Shape in = current_.shape;
    if (in.size() != 4) return 0;
    const bool depthwise = draw_.Chance(30);
    Shape kernel, strides, dilations, paddings, pads(4), out = in;
    out[1] = depthwise ? in[1] : draw_.Of({1, 5, 33, 70});
    for (int axis = 0; axis < 2; ++axis) {
      kernel.push_back(draw_.Of({1, 2, 2, 3, 4}));
      strides.push_back(draw_.Of({1, 2, 2, 3}));
      dilations.push_back(draw_.Of({1, 1, 2}));
      paddings.push_back(draw_.Below(strides[axis]));
      // Pads may cut off more than the filter reaches.
      pads[axis] = draw_.Below(3);
      pads[axis + 2] = draw_.Below(3);
      out[2 + axis] = (in[2 + axis] - 1) * strides[axis] +
                      (kernel[axis] - 1) * dilations[axis] + 1 - pads[axis] -
                      pads[axis + 2] + paddings[axis];
      if (out[2 + axis] < 1) return 0;
    }
    if (Count(out) > kMostElements) return 0;
    std::vector<Value> operands = {
        current_,
        Weight({in[1], depthwise ? 1 : out[1], kernel[0], kernel[1]})};
    if (draw_.Chance(70)) operands.push_back(Weight({out[1]}));
    Emit("ConvTranspose", operands, out,
         {Ints("kernel_shape", kernel), Ints("strides", strides),
          Ints("pads", pads), Ints("dilations", dilations),
          Ints("output_padding", paddings),
          depthwise ? absl::StrCat("group = ", in[1]) : "", Relu()});
    return 1;
  }

  int Concat() {
    const Value first = current_;
    const int64_t axis = draw_.Below(first.shape.size());
    if (3 * Count(first.shape) > kMostElements) return 0;
    EmitUnary("MulConst", "const_val = 0.5");
    Shape shape = first.shape;
    shape[axis] = draw_.Of({1, 3, 20});
    const std::vector<Value> operands = {current_, Weight(shape), first};
    shape[axis] += 2 * first.shape[axis];
    Emit("Concat", operands, shape, {absl::StrCat("axis = ", axis)});
    return 1;
  }

  int Permute() {
    Shape order, out;
    for (size_t i = 0; i < current_.shape.size(); ++i)
      order.insert(order.begin() + draw_.Below(i + 1), i);
    for (int64_t d : order) out.push_back(current_.shape[d]);
    Emit("Permute", {current_}, out, {Ints("order", order)});
    return 1;
  }

  int Slice() {
    Shape starts, steps, out;
    for (int64_t extent : current_.shape) {
      int64_t step = draw_.Of({1, 1, 1, 2, 3});
      const int64_t first = draw_.Chance(50) ? 0 : draw_.Below(extent);
      const int64_t most = (extent - 1 - first) / step + 1;
      const int64_t count = draw_.Chance(70) ? most : 1 + draw_.Below(most);
      // Read backwards where that is not many copies.
      const bool reverse = extent < 20 && draw_.Chance(10);
      if (draw_.Chance(5)) step = 0;
      starts.push_back(reverse ? first + (count - 1) * step : first);
      steps.push_back(reverse ? -step : step);
      out.push_back(count);
    }
    Emit("Slice", {current_}, out,
         {Ints("starts", starts), Ints("steps", steps)});
    return 1;
  }

  int Pad() {
    const size_t rank = current_.shape.size();
    Shape pads(2 * rank), out = current_.shape;
    for (size_t i = 0; i < 2 * rank; ++i) {
      pads[i] = draw_.Of({0, 0, 0, 1, 3});
      out[i % rank] += pads[i];
    }
    if (Count(out) > kMostElements) return 0;
    Emit("Pad", {current_}, out,
         {Ints("pads", pads), draw_.Chance(50) ? "value = -2.5 : f64" : ""});
    return 1;
  }

  int Resize() {
    const Shape in = current_.shape;
    if (in.size() != 4) return 0;
    const std::string mode =
        draw_.Of<const char*>({"nearest", "nearest", "linear", "cubic"});
    const std::string coordinates = draw_.Of<const char*>(
        {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"});
    const std::string nearest = draw_.Of<const char*>(
        {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
    Shape out = in;
    std::vector<std::string> scales;
    for (int axis = 0; axis < 2; ++axis) {
      const int64_t eighths = draw_.Of({8, 16, 16, 24, 12, 5});
      scales.push_back(absl::StrCat(eighths * 125, ".0e-3"));
      out[2 + axis] = in[2 + axis] * eighths / 8;
      if (out[2 + axis] < 1) return 0;
    }
    if (Count(out) > kMostElements) return 0;
    Emit(
        "Resize", {current_}, out,
        {absl::StrCat("scales = array<f64: ", absl::StrJoin(scales, ", "), ">"),
         absl::StrCat("mode = \"", mode, "\""),
         absl::StrCat("coordinate_mode = \"", coordinates, "\""),
         absl::StrCat("nearest_mode = \"", nearest, "\""),
         draw_.Chance(20) ? "exclude_outside = true" : ""});
    return 1;
  }

  int GlobalPool() {
    const Shape in = current_.shape;
    if (in.size() != 4) return 0;
    Emit("AvgPool", {current_}, {in[0], in[1], 1, 1},
         {Ints("kernel_shape", {in[2], in[3]}), Ints("strides", {1, 1}),
          Ints("pads", {0, 0, 0, 0})});
    return 1;
  }

  int Binary() {
    const char* op =
        draw_.Of<const char*>({"Add", "Sub", "Mul", "Div", "Max", "Min"});
    const Value left = current_;
    Value right;
    if (draw_.Chance(40)) {
      EmitUnary("MulConst", "const_val = 0.5");
      right = current_;
    } else {
      Shape shape = left.shape;
      for (int64_t& d : shape) d = draw_.Chance(50) ? d : 1;
      while (shape.size() > 1 && shape[0] == 1 && draw_.Chance(50)) {
        shape.erase(shape.begin());
      }
      right = Weight(shape);
    }
    const bool swap = draw_.Chance(30);
    Emit(op, {swap ? right : left, swap ? left : right}, left.shape, {Relu()});
    return 1;
  }

  int Activation() {
    switch (draw_.Below(18)) {
      case 6:
        EmitUnary("SiLU", "");
        break;
      case 14:
        EmitUnary("Sigmoid", "");
        EmitUnary("Log", "");
        break;
      case 15:
        EmitUnary("Softplus", "");
        break;
      case 16:
        EmitUnary("Erf", "");
        break;
      case 17:
        EmitUnary("Gelu", "");
        break;
      case 7:
        EmitUnary("Abs", "");
        break;
      case 8:
        EmitUnary("Abs", "");
        EmitUnary("Sqrt", "");
        break;
      case 9:
        EmitUnary("Sigmoid", "");
        EmitUnary("Reciprocal", "");
        break;
      case 10:
        EmitUnary("Tanh", "");
        break;
      case 11:
        EmitUnary("Elu", "alpha = 0.75 : f64");
        break;
      case 12:
        EmitUnary("LeakyRelu", draw_.Of<const char*>({"alpha = 0.125 : f64",
                                                      "alpha = 1.5 : f64"}));
        break;
      case 13: {
        Shape slope(current_.shape.size(), 1);
        if (slope.size() > 1) slope[1] = current_.shape[1];
        Emit("PRelu", {current_, Weight(slope)}, current_.shape, {});
        break;
      }
      case 0:
        EmitUnary("Relu", draw_.Chance(50) ? "" : "relu_limit = 6.0 : f64");
        break;
      case 1:
        EmitUnary("Clip", "min = -0.5 : f64, max = 1.25 : f64");
        break;
      case 2:
        EmitUnary("HardSigmoid", "alpha = 0.2 : f64, beta = 0.5 : f64");
        break;
      case 3:
        EmitUnary("HardSwish", "");
        break;
      case 4:
        EmitUnary("Sigmoid", "");
        break;
      default:
        EmitUnary("Exp", "");
    }
    return 1;
  }

  int Reduce() {
    const std::string mode =
        draw_.Of<const char*>({"mean", "sum", "max", "min", "l2"});
    Shape axes, shape = current_.shape;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (!draw_.Chance(40)) continue;
      axes.push_back(static_cast<int64_t>(d));
      shape[d] = 1;
    }
    Emit("Reduce", {current_}, shape,
         {absl::StrCat("mode = \"", mode, "\""),
          axes.empty() ? "axes = array<i64>" : Ints("axes", axes)});
    return 1;
  }

  int LayerNorm() {
    const int64_t rank = static_cast<int64_t>(current_.shape.size());
    const int64_t axis = draw_.Below(rank);
    const Shape row(current_.shape.begin() + axis, current_.shape.end());
    std::vector<Value> operands = {current_};
    for (int64_t i = draw_.Below(3); i > 0; --i)
      operands.push_back(Weight(row));
    Emit("LayerNorm", operands, current_.shape,
         {absl::StrCat("axis = ", axis, ", epsilon = 1.0e-3 : f64")});
    return 1;
  }

  int Normalize() {
    if (current_.shape.size() < 2) return 0;
    EmitUnary(
        "LRN",
        absl::StrCat("size = ", draw_.Of({1, 3, 5, 6}),
                     ", alpha = 0.25 : f64, bias = 2.0 : f64, beta = ",
                     draw_.Of<const char*>({"0.5", "0.75", "1.0"}), " : f64"));
    return 1;
  }

  // The product with itself, or with half of it.
  int MatMulOfActivations() {
    const Value left = current_;
    const Shape in = left.shape;
    if (in.size() < 3) return 0;
    const int64_t rows = in[in.size() - 2], columns = in.back();
    const bool transposed = rows != columns || draw_.Chance(50);
    Shape out = in;
    out.back() = rows;
    if (Count(out) > kMostElements || Count(in) * rows > (int64_t{1} << 26))
      return 0;
    if (draw_.Chance(50)) EmitUnary("MulConst", "const_val = 0.5");
    std::vector<Value> operands = {left, current_};
    if (draw_.Chance(30)) operands.push_back(Weight({rows}));
    Emit("MatMul", operands, out,
         {transposed ? "right_transpose = true" : "", Relu()});
    return 1;
  }

  int MatMul() {
    if (draw_.Chance(50)) return MatMulOfActivations();
    Shape out = current_.shape;
    const int64_t k = out.back(), n = draw_.Of({1, 7, 64, 130});
    const bool transposed = draw_.Chance(50);
    out.back() = n;
    std::vector<Value> operands = {
        current_, Weight(transposed ? Shape{n, k} : Shape{k, n})};
    if (draw_.Chance(60)) operands.push_back(Weight({n}));
    Emit("MatMul", operands, out,
         {transposed ? "right_transpose = true" : "", Relu()});
    return 1;
  }

  // Some dimensions as two, up to rank 6.
  Shape SplitDimensions() {
    Shape to;
    const Shape& from = current_.shape;
    for (size_t i = 0; i < from.size(); ++i) {
      const int64_t factor = draw_.Of({2, 3, 5});
      const bool split = from[i] % factor == 0 &&
                         to.size() + from.size() - i < 6 && draw_.Chance(60);
      if (split) to.push_back(factor);
      to.push_back(split ? from[i] / factor : from[i]);
    }
    return to;
  }

  int Reshape() {
    const int64_t count = Count(current_.shape);
    const int64_t rows = current_.shape[0];
    Value from = current_;
    Shape to;
    switch (draw_.Below(4)) {
      case 0:
        to = {rows, count / rows};
        break;
      case 1:
        to = {1, count};
        break;
      case 2:
        to = SplitDimensions();
        break;
      default:
        to = {1, rows, 1, count / rows};
    }
    Value value{absl::StrCat("t", ++count_), to};
    Line(absl::StrCat("%", value.name, " = top.Reshape %", from.name, " : ",
                      Type(from.shape), " -> ", Type(to)),
         value.name);
    network_.operators.push_back("Reshape");
    current_ = value;
    return 1;
  }

  Draw draw_;
  RandomNetwork network_;
  std::string body_;
  Value current_;
  int count_ = 0;
};

}  // namespace

RandomNetwork MakeRandomNetwork(uint32_t seed) {
  return Generator(seed).Make();
}

}  // namespace tpuc
