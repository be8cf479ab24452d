// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/static_tables.h"

#include <cmath>

#include "compiler/numerics/float_format.h"

namespace tpuc::sim {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kWords = 3008 / 4;

using numerics::FloatBits;

class Tables {
 public:
  Tables() : words_(kWords, 0) {
    // Byte offsets of docs/isa/bm1684x.md, f.
    for (int i = 0; i < 192; ++i) Put(0, i, std::exp(i - 103.0));
    double factorial = 1;
    for (int k = 0; k < 32; ++k) {
      if (k > 0) factorial *= k;
      Put(1024, k, 1 / factorial);
      if (k < 10) {
        PutF16(2368, k, 1 / factorial);
        PutBF16(2432, k, 1 / factorial);
      }
    }
    for (int k = 1; k < 64; ++k) {
      const double term = (k % 2 != 0 ? 1.0 : -1.0) / k;
      Put(1152, k, term);
      if (k < 16) {
        PutF16(2496, k, term);
        PutBF16(2560, k, term);
      }
    }
    static const uint32_t kErf[] = {
        0xBFA1FC4E, 0x3F8000C7, 0x3EBF88FB, 0x3DC636C9, 0xBE3EC24C,
        0x3E8EC7CC, 0xBF914E5D, 0x3FBE87B0, 0xBF527892, 0x3E2EF945};
    for (int k = 0; k < 10; ++k) words_[1408 / 4 + k] = kErf[k];
    for (int k = 0; k < 64; ++k) {
      words_[1472 / 4 + k] = static_cast<uint32_t>(k);
    }
    Circular();
    double central = 1;  // (2k)! / (2^k k!)^2
    for (int k = 0; k < 64; ++k) {
      if (k > 0) central *= (2.0 * k - 1) / (2.0 * k);
      Put(1984, k, central / (2 * k + 1));
    }
    Tangent();
    for (int k = 0; k < 32; ++k) {
      Put(2880, k, (k % 2 != 0 ? -1.0 : 1.0) / (2 * k + 1));
    }
  }

  std::vector<uint32_t> Take() { return std::move(words_); }

 private:
  void Put(int offset, int index, double value) {
    words_[offset / 4 + index] = FloatBits(static_cast<float>(value));
  }
  void PutHalf(int offset, int index, uint16_t bits) {
    words_[offset / 4 + index / 2] |= static_cast<uint32_t>(bits)
                                      << (index % 2 * 16);
  }
  void PutF16(int offset, int index, double value) {
    PutHalf(offset, index, numerics::F32ToF16(static_cast<float>(value)));
  }
  void PutBF16(int offset, int index, double value) {
    PutHalf(offset, index, numerics::F32ToBF16(static_cast<float>(value)));
  }

  // sin(2 pi x) and cos(2 pi x).
  void Circular() {
    double term = 1;  // (2 pi)^j / j!
    for (int j = 0; j < 64; ++j) {
      if (j > 0) term *= 2 * kPi / j;
      const int k = j / 2;
      const double value = k % 2 != 0 ? -term : term;
      const bool sine = j % 2 != 0;
      Put(sine ? 1728 : 1856, k, value);
      PutF16(sine ? 2624 : 2752, k, value);
      PutBF16(sine ? 2688 : 2816, k, value);
    }
  }

  // tan(pi x) = sum t[k] (pi x)^(2k+1); from tan' = 1 + tan^2.
  void Tangent() {
    double t[32];
    t[0] = 1;
    for (int k = 1; k < 32; ++k) {
      double sum = 0;
      for (int i = 0; i < k; ++i) sum += t[i] * t[k - 1 - i];
      t[k] = sum / (2 * k + 1);
    }
    double power = kPi;
    for (int k = 0; k < 32; ++k, power *= kPi * kPi) {
      Put(2240, k, t[k] * power);
    }
  }

  std::vector<uint32_t> words_;
};

}  // namespace

const std::vector<uint32_t>& StaticTables() {
  static const std::vector<uint32_t> tables = Tables().Take();
  return tables;
}

}  // namespace tpuc::sim
