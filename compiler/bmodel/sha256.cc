// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/sha256.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace tpuc::bmodel {
namespace {

// Fractional parts, 32 bits, of the roots of the first primes (FIPS 180-4,
// 4.2.2 and 5.3.3): cube roots of 64 for the rounds, square roots of 8 to
// start with. long double has 64 bits of mantissa, 32 more than needed.
struct Constants {
  std::array<uint32_t, 64> round;
  std::array<uint32_t, 8> start;

  Constants() {
    int count = 0;
    for (int n = 2; count < 64; ++n) {
      bool prime = true;
      for (int d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
      if (!prime) continue;
      round[count] = Fraction(std::cbrt(static_cast<long double>(n)));
      if (count < 8)
        start[count] = Fraction(std::sqrt(static_cast<long double>(n)));
      ++count;
    }
  }
  static uint32_t Fraction(long double x) {
    return static_cast<uint32_t>((x - std::floor(x)) * 4294967296.0L);
  }
};

uint32_t Rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

using State = std::array<uint32_t, 8>;

void Block(const Constants& k, const unsigned char* bytes, State& state) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i)
    w[i] = static_cast<uint32_t>(bytes[4 * i]) << 24 | bytes[4 * i + 1] << 16 |
           bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
  for (int i = 16; i < 64; ++i) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (Rotate(a, 7) ^ Rotate(a, 18) ^ a >> 3) + w[i - 7] +
           (Rotate(b, 17) ^ Rotate(b, 19) ^ b >> 10);
  }
  State s = state;
  for (int i = 0; i < 64; ++i) {
    uint32_t e = s[4], a = s[0];
    uint32_t choose = (e & s[5]) ^ (~e & s[6]);
    uint32_t majority = (a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]);
    uint32_t t1 = s[7] + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25)) +
                  choose + k.round[i] + w[i];
    uint32_t t2 = (Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22)) + majority;
    s = {t1 + t2, s[0], s[1], s[2], s[3] + t1, s[4], s[5], s[6]};
  }
  for (int i = 0; i < 8; ++i) state[i] += s[i];
}

}  // namespace

std::string Sha256(absl::string_view bytes) {
  static const Constants* constants = new Constants;
  State state = constants->start;
  auto data = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t whole = bytes.size() / 64 * 64;
  for (size_t i = 0; i < whole; i += 64) Block(*constants, data + i, state);
  // Tail: the rest, a 1 bit, zeros, the length in bits.
  unsigned char tail[128] = {};
  size_t rest = bytes.size() - whole;
  if (rest > 0) std::memcpy(tail, data + whole, rest);
  tail[rest] = 0x80;
  size_t tail_size = rest + 9 <= 64 ? 64 : 128;
  uint64_t bits = static_cast<uint64_t>(bytes.size()) * 8;
  for (int i = 0; i < 8; ++i) tail[tail_size - 1 - i] = bits >> (8 * i) & 255;
  for (size_t i = 0; i < tail_size; i += 64) Block(*constants, tail + i, state);
  std::string digest;
  for (uint32_t word : state)
    for (int shift = 24; shift >= 0; shift -= 8)
      digest += static_cast<char>(word >> shift & 255);
  return digest;
}

}  // namespace tpuc::bmodel
