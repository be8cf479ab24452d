// SPDX-License-Identifier: Apache-2.0
// Internal to numerics: the exact inner products behind CONV, MM and MM2
// (docs/isa/bm1684x.md, c.2 "exact order"). result[m][n] = sum of
// left[m][k] * right[k][n] in the order of k, where the right operand is made
// tile by tile, kTile columns at a time.
#pragma once

#include <cstdint>
#include <vector>

namespace tpuc::numerics {

constexpr int64_t kTile = 16;  // columns of a tile
constexpr int64_t kAlignedGroup = 32;

// One group of at most 32 products of f16 or bf16 numbers (held in f32),
// through the truncating aligned adder: every product is cut toward zero to a
// multiple of 2^(e-24), e = floor(log2(max |product|)); the exact sum is
// rounded to f32. Products beyond the f32 range are infinite, those below it
// zero. The scalar definition; x is read with a stride; the caller holds a
// ScopedFlushDenormals.
float AlignedSum(const float* x, int64_t x_stride, const float* w,
                 int64_t count);

// Float products. Accumulates rows of `columns` <= kTile values.
class FloatGemm {
 public:
  enum class Order : uint8_t {
    kAlternating,  // f32: term t to accumulator t mod 2
    kAligned,      // f16, bf16: groups by group_ends
  };
  virtual ~FloatGemm() = default;

  int64_t NumTiles() const { return (n_ + kTile - 1) / kTile; }
  void RunTiles(int64_t begin, int64_t end) const;

 protected:
  FloatGemm(Order order, int64_t m, int64_t n, int64_t k)
      : order_(order), m_(m), n_(n), k_(k) {}

  // tile[k][kTile]: columns n0.. of the right operand, zeros in unused ones.
  virtual void FillTile(int64_t n0, int64_t columns, float* tile) const = 0;
  // How many leading terms Lead() supplies: bias, old result.
  virtual int LeadTerms() const = 0;
  // Term `index` of row m for columns n0...
  virtual void Lead(int index, int64_t m, int64_t n0, int64_t columns,
                    float* out) const = 0;
  virtual void Store(int64_t m, int64_t n0, int64_t columns,
                     const float* row) const = 0;

  void SetLeft(std::vector<float> left);  // [m][k]

  Order order_;
  int64_t m_, n_, k_;
  std::vector<int64_t> group_ends_;  // kAligned: ends of groups along k

 private:
  void Start(int64_t m, int64_t n0, int64_t columns, float* acc) const;

  std::vector<float> left_;
  bool left_finite_ = true;
};

// 8-bit products, modulo 2^32. Operands are widened to 16 bits; pairs of k are
// adjacent: tile[k/2][kTile][2], left[m][k rounded up to even].
class IntegerGemm {
 public:
  virtual ~IntegerGemm() = default;
  int64_t NumTiles() const { return (n_ + kTile - 1) / kTile; }
  void RunTiles(int64_t begin, int64_t end) const;

 protected:
  IntegerGemm(int64_t m, int64_t n, int64_t k)
      : m_(m), n_(n), k_(k), k_pairs_((k + 1) / 2) {}

  virtual void FillTile(int64_t n0, int64_t columns, int16_t* tile) const = 0;
  virtual void Store(int64_t m, int64_t n0, int64_t columns,
                     const int32_t* row) const = 0;

  int64_t m_, n_, k_, k_pairs_;
  std::vector<int16_t> left_;  // [m][k_pairs][2]
};

}  // namespace tpuc::numerics
