// SPDX-License-Identifier: Apache-2.0
// Operations that run together from local memory compute what they do one by
// one, however the group is sliced.
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/conversion/tpu_to_isa/program_checking.h"
#include "gtest/gtest.h"

namespace tpuc {
namespace {

using Dims = std::vector<int64_t>;

// A network of one operation behind the other; each reads the one before, and
// additions also an earlier one.
class Chain {
 public:
  Chain(uint32_t seed, const Dims& shape, const std::string& type)
      : g_(seed), type_(type) {
    values_.push_back({"x", shape});
  }

  void Add(bool is_last) {
    const std::string name = is_last ? "y" : absl::StrCat("v", values_.size());
    const int64_t kind = Pick(g_, 0, 6);
    const int64_t earlier = Earlier();
    if (kind <= 1) return Window(name, /*depthwise=*/kind == 1);
    if (kind == 2 && Back().shape[2] > 3) return Pool(name);
    if (kind == 3 && earlier >= 0) return Sum(name, values_[earlier]);
    Scaled(name);
  }

  const std::string& text() const { return text_; }
  std::string Type(size_t i) const { return Shape(values_[i].shape, type_); }
  std::string LastType() const { return Type(values_.size() - 1); }

 private:
  struct Value {
    std::string name;
    Dims shape;
  };

  const Value& Back() const { return values_.back(); }

  // One before the last with the last one's shape; -1: none.
  int64_t Earlier() {
    for (int64_t i = static_cast<int64_t>(values_.size()) - 2; i >= 0; --i)
      if (values_[i].shape == Back().shape) return i;
    return -1;
  }

  void Finish(const std::string& name, const std::string& op,
              const std::string& operands, const std::string& attributes,
              const std::string& types, const Dims& shape) {
    absl::StrAppend(&text_, "%", name, " = \"tpu.", op, "\"(", operands, ") <{",
                    attributes, "}> : (", types, ") -> tensor<",
                    Shape(shape, type_), "> loc(\"", name, "\")\n");
    values_.push_back({name, shape});
  }

  std::string Of(const Value& value) const {
    return absl::StrCat("tensor<", Shape(value.shape, type_), ">");
  }

  void Window(const std::string& name, bool depthwise) {
    const Value in = Back();
    const int64_t kernel = Pick(g_, 0, 1) ? 3 : 1, stride = Pick(g_, 1, 2);
    const int64_t oc = depthwise ? in.shape[1] : Pick(g_, 1, 80);
    const Dims filter = {oc, depthwise ? 1 : in.shape[1], kernel, kernel};
    Dims shape = {in.shape[0], oc, (in.shape[2] - 1) / stride + 1,
                  (in.shape[3] - 1) / stride + 1};
    const std::string bias =
        absl::StrCat(oc, "x", depthwise ? type_ : std::string("f32"));
    const std::string w = name + "_w", b = name + "_b";
    absl::StrAppend(&text_, Weight(w, Shape(filter, type_)), Weight(b, bias));
    const int64_t pad = kernel / 2;
    std::string attributes = absl::StrCat(
        List("strides", {stride, stride}), ", ",
        List("pads", {pad, pad, pad, pad}), ", ", List("dilations", {1, 1}));
    if (depthwise)
      absl::StrAppend(&attributes, ", form = 1 : i32, group = ", oc, " : i64");
    Finish(name, "Conv2D", absl::StrCat("%", in.name, ", %", w, ", %", b),
           attributes,
           absl::StrCat(Of(in), ", tensor<", Shape(filter, type_), ">, tensor<",
                        bias, ">"),
           shape);
  }

  void Pool(const std::string& name) {
    const Value in = Back();
    Dims shape = in.shape;
    shape[2] = (in.shape[2] - 3) / 2 + 1;
    Finish(name, "Pool2D", "%" + in.name,
           absl::StrCat(List("kernel_shape", {3, 1}), ", ",
                        List("strides", {2, 1}), ", ",
                        List("pads", {0, 0, 0, 0}), ", kind = 1 : i32"),
           Of(in), shape);
  }

  void Sum(const std::string& name, const Value& other) {
    const Value in = Back();
    Finish(name, "Binary", absl::StrCat("%", in.name, ", %", other.name),
           "kind = 0 : i32", absl::StrCat(Of(in), ", ", Of(other)), in.shape);
  }

  void Scaled(const std::string& name) {
    const Value in = Back();
    Finish(name, "BinaryConst", "%" + in.name,
           "kind = 2 : i32, const_val = 0.5 : f64", Of(in), in.shape);
  }

  std::mt19937 g_;
  std::string type_, text_;
  std::vector<Value> values_;
};

TEST(ProgramGroups, RandomChainsInLittleMemory) {
  const std::string types[] = {"f32", "f16", "bf16"};
  std::mt19937 g(21);
  int together = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    const Dims shape = {Pick(g, 1, 3), Pick(g, 1, 80), Pick(g, 4, 40),
                        Pick(g, 4, 20)};
    Chain chain(seed, shape, types[seed % 3]);
    const int64_t count = Pick(g, 2, 9);
    for (int64_t i = 1; i <= count; ++i) chain.Add(i == count);
    const int64_t lane = Pick(g, 8, 24) * 2048;
    SCOPED_TRACE(
        absl::StrCat("seed ", seed, ", ", lane, " bytes\n", chain.text()));
    int largest = 0;
    Check(chain.Type(0), chain.LastType(), chain.text(), lane, &largest);
    together += largest > 2;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GE(together, 30);
}

// The sum reads fewer rows of x than the convolution does: of a tensor that is
// loaded, and of one that the group computes.
TEST(ProgramGroups, ResidualsAroundWindows) {
  for (const std::string type : {"f32", "f16", "bf16"}) {
    for (const bool computed : {false, true}) {
      const std::string tensor = Shape({2, 16, 64, 64}, type);
      const std::string filter = Shape({16, 16, 3, 3}, type);
      const std::string source = computed ? "s" : "x";
      std::string body =
          absl::StrCat(Weight("w", filter), Weight("b", "16xf32"));
      if (computed)
        absl::StrAppend(&body,
                        "%s = \"tpu.BinaryConst\"(%x) <{kind = 2 : i32, "
                        "const_val = 0.5 : f64}> : (tensor<",
                        tensor, ">) -> tensor<", tensor, "> loc(\"s\")\n");
      absl::StrAppend(&body, "%c = \"tpu.Conv2D\"(%", source, ", %w, %b) <{",
                      List("strides", {1, 1}), ", ", List("pads", {1, 1, 1, 1}),
                      ", ", List("dilations", {1, 1}), "}> : (tensor<", tensor,
                      ">, tensor<", filter, ">, tensor<16xf32>) -> tensor<",
                      tensor, "> loc(\"c\")\n", "%y = \"tpu.Binary\"(%c, %",
                      source, ") <{kind = 0 : i32}> : (tensor<", tensor,
                      ">, tensor<", tensor, ">) -> tensor<", tensor,
                      "> loc(\"y\")");
      SCOPED_TRACE(absl::StrCat(type, computed ? ", computed" : ", loaded"));
      int largest = 0;
      Check(tensor, tensor, body, 32768, &largest);
      EXPECT_EQ(largest, computed ? 3 : 2);
    }
  }
}

}  // namespace
}  // namespace tpuc
