// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compiler/support/dtype.h"

namespace tpuc {

// A dense row-major host tensor that owns its bytes, 64-byte aligned and zero
// at construction. A rank-0 tensor has one element. Copies share nothing.
class Tensor {
 public:
  Tensor() = default;

  Tensor(DType dtype, std::vector<int64_t> shape)
      : dtype_(dtype), shape_(std::move(shape)) {
    Allocate();
    if (bytes_ != 0) std::memset(data_.get(), 0, bytes_);
  }

  // Copies `values`, which must have as many elements as `shape`.
  template <typename T>
  Tensor(DType dtype, std::vector<int64_t> shape, const std::vector<T>& values)
      : Tensor(dtype, std::move(shape)) {
    assert(values.size() * sizeof(T) == bytes_);
    if (bytes_ != 0) std::memcpy(data_.get(), values.data(), bytes_);
  }

  Tensor(const Tensor& other) : dtype_(other.dtype_), shape_(other.shape_) {
    if (other.data_ == nullptr) return;
    Allocate();
    if (bytes_ != 0) std::memcpy(data_.get(), other.data_.get(), bytes_);
  }
  Tensor& operator=(const Tensor& other) {
    if (this != &other) *this = Tensor(other);
    return *this;
  }
  Tensor(Tensor&&) = default;
  Tensor& operator=(Tensor&&) = default;

  DType dtype() const { return dtype_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t rank() const { return static_cast<int64_t>(shape_.size()); }
  int64_t NumElements() const {
    int64_t n = 1;
    for (int64_t d : shape_) n *= d;
    return n;
  }
  size_t SizeInBytes() const { return bytes_; }

  // sizeof(T) must be the element size; f16 and bf16 are read as uint16_t.
  template <typename T>
  T* data() {
    assert(sizeof(T) == SizeOf(dtype_));
    return reinterpret_cast<T*>(data_.get());
  }
  template <typename T>
  const T* data() const {
    assert(sizeof(T) == SizeOf(dtype_));
    return reinterpret_cast<const T*>(data_.get());
  }
  void* raw() { return data_.get(); }
  const void* raw() const { return data_.get(); }

  // The same elements under another shape of equal element count.
  Tensor Reshaped(std::vector<int64_t> shape) && {
    Tensor result = std::move(*this);
    const int64_t count = result.NumElements();
    result.shape_ = std::move(shape);
    assert(result.NumElements() == count);
    (void)count;
    return result;
  }
  Tensor Reshaped(std::vector<int64_t> shape) const& {
    return Tensor(*this).Reshaped(std::move(shape));
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };

  void Allocate() {
    bytes_ = static_cast<size_t>(NumElements()) * SizeOf(dtype_);
    const size_t rounded = (bytes_ + 63) / 64 * 64;
    data_.reset(std::aligned_alloc(64, rounded == 0 ? 64 : rounded));
    if (data_ == nullptr) std::abort();
  }

  DType dtype_ = DType::kF32;
  std::vector<int64_t> shape_ = {0};
  size_t bytes_ = 0;
  std::unique_ptr<void, Free> data_;
};

// Tensors by name; ordered, so that iteration reaches outputs in one order.
using TensorMap = std::map<std::string, Tensor>;

}  // namespace tpuc
