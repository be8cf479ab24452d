// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/fold.h"

#include <gtest/gtest.h>

#include <limits>

namespace tpuc::onnx_import {
namespace {

using Ints = std::vector<int64_t>;

Tensor Of(Ints values) {
  const int64_t n = static_cast<int64_t>(values.size());
  return Tensor(DType::kI64, {n}, values);
}

Ints Values(const Tensor& tensor) { return *ToInts(tensor, "result"); }

class FoldTest : public ::testing::Test {
 protected:
  absl::StatusOr<Tensor> Run(const std::string& type,
                             const std::vector<Tensor>& inputs,
                             const std::map<std::string, int64_t>& ints = {}) {
    onnx::NodeProto proto;
    proto.set_op_type(type);
    proto.add_output("y");
    for (const auto& [name, value] : ints) {
      auto* attribute = proto.add_attribute();
      attribute->set_name(name);
      attribute->set_i(value);
    }
    std::vector<const Tensor*> pointers;
    for (const Tensor& t : inputs) pointers.push_back(&t);
    return Fold(Node(&proto, 13), pointers, 1000);
  }
};

TEST_F(FoldTest, RefusesLargeResults) {
  EXPECT_TRUE(Run("ConstantOfShape", {Of({10, 100})}).ok());
  EXPECT_EQ(Run("ConstantOfShape", {Of({1, 10, 101})}).status().message(),
            "node 'y' (ConstantOfShape, opset 13): a constant of shape (1, 10, "
            "101) is more than constant folding may compute; make it an "
            "initializer");
  EXPECT_FALSE(Run("ConstantOfShape", {Of({int64_t{1} << 40, 1 << 30})}).ok());
  EXPECT_FALSE(Run("ConstantOfShape", {Of({-1, -1})}).ok());
  const Tensor column(DType::kI64, {600, 1}), row(DType::kI64, {1, 600});
  EXPECT_FALSE(Run("Add", {column, row}).ok());
  EXPECT_FALSE(Run("Concat", {column, column}, {{"axis", 0}}).ok());
  EXPECT_FALSE(Run("Gather", {column, Of(Ints(1001))}).ok());
}

TEST_F(FoldTest, SliceClampsItsEnds) {
  const Tensor x = Of({0, 1, 2, 3, 4});
  const int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Values(*Run("Slice", {x, Of({1}), Of({most})})),
            (Ints{1, 2, 3, 4}));
  EXPECT_EQ(Values(*Run("Slice", {x, Of({-2}), Of({most})})), (Ints{3, 4}));
  EXPECT_EQ(Values(*Run("Slice", {x, Of({0}), Of({5}), Of({0}), Of({2})})),
            (Ints{0, 2, 4}));
  EXPECT_EQ(
      Values(*Run("Slice", {x, Of({-1}), Of({-most}), Of({0}), Of({-1})})),
      (Ints{4, 3, 2, 1, 0}));
  EXPECT_EQ(Run("Slice", {x, Of({3}), Of({1})})->NumElements(), 0);
}

TEST_F(FoldTest, Arithmetic) {
  EXPECT_EQ(Values(*Run("Add", {Of({1, 2}), Of({10})})), (Ints{11, 12}));
  EXPECT_EQ(Values(*Run("Div", {Of({7, -7}), Of({2})})), (Ints{3, -3}));
  EXPECT_FALSE(Run("Div", {Of({7}), Of({0})}).ok());
  EXPECT_FALSE(
      Run("Mul", {Of({std::numeric_limits<int64_t>::max()}), Of({2})}).ok());
  EXPECT_FALSE(Run("Add", {Of({1, 2}), Of({1, 2, 3})}).ok());
}

TEST_F(FoldTest, GatherChecksItsIndices) {
  EXPECT_EQ(Values(*Run("Gather", {Of({5, 6, 7}), Of({2, -3})})), (Ints{7, 5}));
  const auto bad = Run("Gather", {Of({5, 6, 7}), Of({3})});
  EXPECT_NE(bad.status().message().find("index 3 is out of range"),
            absl::string_view::npos);
}

TEST_F(FoldTest, CastToInt32) {
  const Tensor y = *Run("Cast", {Of({3, -1})}, {{"to", 6}});
  EXPECT_EQ(y.dtype(), DType::kI32);
  EXPECT_EQ(Values(y), (Ints{3, -1}));
}

TEST_F(FoldTest, AMissingInputIsAnError) {
  EXPECT_FALSE(Run("Gather", {Of({1})}).ok());
}

TEST(Shapes, Reshape) {
  EXPECT_EQ(*ReshapeShape({2, 3, 4}, {0, -1}, false), (Ints{2, 12}));
  EXPECT_EQ(*ReshapeShape({2, 3}, {6}, false), (Ints{6}));
  for (const Ints& bad : {Ints{5}, Ints{-1, -1}, Ints{-2, 3}, Ints{4, -1}}) {
    EXPECT_FALSE(ReshapeShape({2, 3}, bad, false).ok());
  }
}

TEST(Shapes, SqueezeAndUnsqueeze) {
  EXPECT_EQ(*SqueezeShape({1, 3, 1}, {}), (Ints{3}));
  EXPECT_EQ(*SqueezeShape({1, 3, 1}, {-1}), (Ints{1, 3}));
  EXPECT_FALSE(SqueezeShape({1, 3}, {1}).ok());
  EXPECT_EQ(*UnsqueezeShape({3}, {0, -1}), (Ints{1, 3, 1}));
  EXPECT_FALSE(UnsqueezeShape({3}, {0, 0}).ok());
  EXPECT_FALSE(UnsqueezeShape({3}, {5}).ok());
}

}  // namespace
}  // namespace tpuc::onnx_import
