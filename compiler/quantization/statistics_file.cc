// SPDX-License-Identifier: Apache-2.0
// The file of statistics, version 2. Numbers are little endian; a varint holds
// 7 bits a byte, the lowest first, the top bit set on all but the last.
//
//   8 bytes "TPUCSTAT", version (4 bytes), images (varint), tensors (varint);
//   of each tensor: length of its name (varint), name, count (varint), minimum
//   and maximum (4 bytes each), exponent - kMinExponent (varint), number of
//   bins that aren't empty (varint), and of each of these the distance from the
//   one before and the count (varints), number of channels (varint), and of
//   each minimum and maximum (4 bytes each); FNV-1a of all that (8 bytes).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "compiler/quantization/statistics.h"
#include "compiler/support/printable.h"

namespace tpuc::quantization {
namespace {

constexpr char kMagic[] = "TPUCSTAT";
constexpr size_t kMagicSize = 8;
constexpr uint32_t kVersion = 2;

uint64_t Fnv1a(absl::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

template <typename T>
void PutFixed(T value, std::string& out) {
  for (size_t i = 0; i < sizeof(T); ++i)
    out.push_back(static_cast<char>(value >> (8 * i)));
}

void PutVarint(uint64_t value, std::string& out) {
  for (; value >= 128; value >>= 7)
    out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

void PutFloat(float value, std::string& out) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  PutFixed(bits, out);
}

// Reads from the front; after the first failure everything is 0.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool empty() const { return rest_.empty(); }

  absl::string_view Bytes(uint64_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  template <typename T>
  T Fixed() {
    T value = 0;
    const absl::string_view bytes = Bytes(sizeof(T));
    for (size_t i = 0; i < bytes.size(); ++i)
      value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return value;
  }

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const uint64_t byte = Fixed<uint8_t>();
      const uint64_t part = byte & 127;
      if (shift > 63 || (part << shift) >> shift != part) failed_ = true;
      if (failed_) return 0;
      value |= part << shift;
      if (byte < 128) return value;
    }
  }

  float Float() {
    const uint32_t bits = Fixed<uint32_t>();
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

 private:
  absl::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::string Statistics::Serialize() const {
  std::string out(kMagic, kMagicSize);
  PutFixed(kVersion, out);
  PutVarint(images_, out);
  PutVarint(tensors_.size(), out);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const TensorStatistics& tensor = tensors_[i];
    PutVarint(names_[i].size(), out);
    out += names_[i];
    PutVarint(tensor.count_, out);
    PutFloat(tensor.min_, out);
    PutFloat(tensor.max_, out);
    PutVarint(tensor.exponent_ - TensorStatistics::kMinExponent, out);
    const auto& bins = tensor.bins_;
    PutVarint(bins.size() - std::count(bins.begin(), bins.end(), 0), out);
    size_t last = 0;
    for (size_t bin = 0; bin < bins.size(); ++bin) {
      if (bins[bin] == 0) continue;
      PutVarint(bin - last, out);
      PutVarint(bins[bin], out);
      last = bin;
    }
    PutVarint(tensor.channel_min_.size(), out);
    for (size_t c = 0; c < tensor.channel_min_.size(); ++c) {
      PutFloat(tensor.channel_min_[c], out);
      PutFloat(tensor.channel_max_[c], out);
    }
  }
  PutFixed(Fnv1a(out), out);
  return out;
}

absl::StatusOr<Statistics> Statistics::Parse(absl::string_view bytes,
                                             const std::string& file) {
  const auto fail = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("'", file, "' ", what));
  };
  Reader header(bytes);
  if (header.Bytes(kMagicSize) != absl::string_view(kMagic, kMagicSize))
    return fail("is no file of calibration statistics");
  const uint32_t version = header.Fixed<uint32_t>();
  if (!header.failed() && version != kVersion)
    return fail(absl::StrCat("has version ", version, "; this program reads ",
                             kVersion, ": make the statistics again"));
  constexpr size_t kTrailer = sizeof(uint64_t);
  if (header.failed() || bytes.size() < kMagicSize + sizeof version + kTrailer)
    return fail("is cut short");
  const absl::string_view body = bytes.substr(0, bytes.size() - kTrailer);
  if (Reader(bytes.substr(body.size())).Fixed<uint64_t>() != Fnv1a(body))
    return fail("is damaged or cut short: its checksum is wrong");

  // What follows fails only for a file that was made to.
  const absl::Status bad = fail("is damaged");
  Reader reader(body.substr(kMagicSize + sizeof version));
  const uint64_t images = reader.Varint();
  const uint64_t tensors = reader.Varint();
  if (tensors > body.size()) return bad;
  Statistics statistics{std::vector<std::string>(tensors)};
  statistics.images_ = images;
  std::set<std::string> seen;
  for (size_t i = 0; i < tensors; ++i) {
    TensorStatistics& tensor = statistics.tensors_[i];
    std::string& name = statistics.names_[i];
    name = std::string(reader.Bytes(reader.Varint()));
    tensor.count_ = reader.Varint();
    tensor.min_ = reader.Float();
    tensor.max_ = reader.Float();
    const uint64_t exponent = reader.Varint();
    const uint64_t filled = reader.Varint();
    if (reader.failed() || !seen.insert(name).second || exponent > 1000 ||
        filled > TensorStatistics::kBins ||
        !(tensor.min_ <= tensor.max_ && std::isfinite(tensor.AbsMax())))
      return bad;
    tensor.exponent_ =
        static_cast<int>(exponent) + TensorStatistics::kMinExponent;
    if (filled != 0) tensor.bins_.resize(TensorStatistics::kBins);
    uint64_t bin = 0, sum = 0;
    for (uint64_t k = 0; k < filled; ++k) {
      const uint64_t gap = reader.Varint();
      const uint64_t count = reader.Varint();
      if (reader.failed() || gap >= tensor.bins_.size() - bin ||
          (gap == 0 && k != 0) || count == 0 || count > tensor.count_ - sum)
        return bad;
      bin += gap;
      tensor.bins_[bin] = count;
      sum += count;
    }
    // The last bin is that of the largest value, by the least exponent.
    const double place = std::ldexp(tensor.AbsMax(), -tensor.exponent_) *
                         TensorStatistics::kBins;
    if (sum != tensor.count_ || static_cast<uint64_t>(place) != bin ||
        (tensor.exponent_ > TensorStatistics::kMinExponent &&
         bin < TensorStatistics::kBins / 2))
      return bad;
    const uint64_t channels = reader.Varint();
    if (channels > body.size()) return bad;
    for (uint64_t c = 0; c < channels; ++c) {
      const float min = reader.Float(), max = reader.Float();
      if (!(tensor.min_ <= min && min <= max && max <= tensor.max_)) return bad;
      tensor.channel_min_.push_back(min);
      tensor.channel_max_.push_back(max);
    }
  }
  if (reader.failed() || !reader.empty()) return bad;
  return statistics;
}

}  // namespace tpuc::quantization
