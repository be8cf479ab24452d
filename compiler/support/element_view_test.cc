// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/element_view.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tpuc {
namespace {

using Shape = std::vector<int64_t>;
using Floats = std::vector<float>;

// 0, 1, 2, ..
Tensor Counting(const Shape& shape) {
  Tensor tensor(DType::kF32, shape);
  std::iota(tensor.data<float>(), tensor.data<float>() + tensor.NumElements(),
            0.0f);
  return tensor;
}

Floats Read(const Shape& shape, const ElementView& view) {
  const Tensor read = ReadView(Counting(shape), view, {view.NumElements()});
  return {read.data<float>(), read.data<float>() + read.NumElements()};
}

TEST(ElementView, Permutes) {
  EXPECT_EQ(Read({2, 3}, PermutedView({2, 3}, {1, 0})),
            (Floats{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(Read({2, 2, 2}, PermutedView({2, 2, 2}, {2, 0, 1})),
            (Floats{0, 2, 4, 6, 1, 3, 5, 7}));
}

TEST(ElementView, Slices) {
  EXPECT_EQ(Read({3, 4}, SlicedView({3, 4}, {1, 0}, {1, 3}, {2, 2})),
            (Floats{4, 7, 8, 11}));
  EXPECT_EQ(Read({3, 2}, SlicedView({3, 2}, {2, 1}, {-1, -1}, {3, 2})),
            (Floats{5, 4, 3, 2, 1, 0}));
  EXPECT_TRUE(Read({3}, SlicedView({3}, {3}, {1}, {0})).empty());
}

TEST(ElementView, Repeats) {
  EXPECT_EQ(Read({2, 1}, SlicedView({2, 1}, {0, 0}, {1, 0}, {2, 3})),
            (Floats{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(Read({2}, {0, {2, 2, 2}, {0, 1, 0}}),
            (Floats{0, 0, 1, 1, 0, 0, 1, 1}));
}

TEST(ElementView, NeighboursThatStayTogetherBecomeOneDimension) {
  const ElementView moved =
      Simplified(PermutedView({1, 2, 3, 4, 5}, {0, 2, 1, 3, 4}));
  EXPECT_EQ(moved.shape, (Shape{3, 2, 20}));
  EXPECT_EQ(moved.strides, (Shape{20, 60, 1}));
  const ElementView scalar = Simplified(PermutedView({1, 1}, {1, 0}));
  EXPECT_TRUE(scalar.shape.empty());
}

TEST(ElementView, ContiguousIsOneRunInOrder) {
  EXPECT_TRUE(PermutedView({1, 4, 1, 3}, {1, 0, 3, 2}).IsContiguous());
  EXPECT_FALSE(PermutedView({4, 3}, {1, 0}).IsContiguous());
  EXPECT_TRUE(
      SlicedView({1, 8, 3}, {0, 2, 0}, {1, 1, 1}, {1, 4, 3}).IsContiguous());
  EXPECT_FALSE(SlicedView({2, 8}, {0, 2}, {1, 1}, {2, 4}).IsContiguous());
  EXPECT_FALSE(SlicedView({8}, {0}, {2}, {4}).IsContiguous());
  EXPECT_TRUE(SlicedView({8}, {3}, {2}, {1}).IsContiguous());
}

}  // namespace
}  // namespace tpuc
