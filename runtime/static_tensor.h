// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "absl/types/span.h"
#include "compiler/support/dtype.h"

namespace tpuc::runtime {

// Bits of a 16-bit float. Types of their own, so that neither passes for the
// other or for a number.
struct F16 {
  uint16_t bits = 0;
};
struct BF16 {
  uint16_t bits = 0;
};

// The DType of a C++ type; no member for types that no tensor has.
template <typename T>
struct DTypeOf {};
template <DType type>
using DTypeConstant = std::integral_constant<DType, type>;
// clang-format off
template <> struct DTypeOf<float> : DTypeConstant<DType::kF32> {};
template <> struct DTypeOf<F16> : DTypeConstant<DType::kF16> {};
template <> struct DTypeOf<BF16> : DTypeConstant<DType::kBF16> {};
template <> struct DTypeOf<int8_t> : DTypeConstant<DType::kI8> {};
template <> struct DTypeOf<uint8_t> : DTypeConstant<DType::kU8> {};
template <> struct DTypeOf<int16_t> : DTypeConstant<DType::kI16> {};
template <> struct DTypeOf<uint16_t> : DTypeConstant<DType::kU16> {};
template <> struct DTypeOf<int32_t> : DTypeConstant<DType::kI32> {};
template <> struct DTypeOf<uint32_t> : DTypeConstant<DType::kU32> {};
// clang-format on

// A dense row-major tensor whose element type and shape are known when a
// program is compiled: another type, shape or number of indices is an error
// there. Owns its elements, which are zero at construction.
//
//   StaticTensor<float, 1, 3, 48, 192> image;
//   image(0, 2, y, x) = 0.5f;
//   static_assert(image.kShape[3] == 192);
template <typename T, int64_t... kExtents>
class StaticTensor {
 public:
  using value_type = T;
  static constexpr DType kDType = DTypeOf<T>::value;
  static constexpr std::array<int64_t, sizeof...(kExtents)> kShape = {
      kExtents...};
  static constexpr size_t kSize = (size_t{1} * ... * size_t{kExtents});

  StaticTensor() : elements_(kSize) {}
  // From all elements, in order.
  explicit StaticTensor(const std::array<T, kSize>& elements)
      : elements_(elements.begin(), elements.end()) {}

  static constexpr size_t size() { return kSize; }
  T* data() { return elements_.data(); }
  const T* data() const { return elements_.data(); }
  T* begin() { return data(); }
  T* end() { return data() + kSize; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + kSize; }

  // By position in memory.
  T& operator[](size_t i) { return elements_[i]; }
  const T& operator[](size_t i) const { return elements_[i]; }

  // By one index for each dimension; unchecked.
  template <typename... Index>
  T& operator()(Index... index) {
    return elements_[Offset(index...)];
  }
  template <typename... Index>
  const T& operator()(Index... index) const {
    return elements_[Offset(index...)];
  }

  absl::Span<uint8_t> bytes() {
    return {reinterpret_cast<uint8_t*>(data()), kSize * sizeof(T)};
  }
  absl::Span<const uint8_t> bytes() const {
    return {reinterpret_cast<const uint8_t*>(data()), kSize * sizeof(T)};
  }

 private:
  template <typename... Index>
  static size_t Offset(Index... index) {
    static_assert(sizeof...(Index) == sizeof...(kExtents),
                  "a tensor takes one index for each dimension");
    static_assert((std::is_integral_v<Index> && ...),
                  "an index is a whole number");
    size_t offset = 0;
    ((offset = offset * size_t{kExtents} + static_cast<size_t>(index)), ...);
    return offset;
  }

  std::vector<T> elements_;
};

}  // namespace tpuc::runtime
