// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "runtime/preprocess/decode.h"

namespace tpuc {
namespace {

// Numbers of a TIFF file in its byte order; 0 beyond the end.
class Tiff {
 public:
  explicit Tiff(absl::string_view bytes)
      : bytes_(bytes), is_little_(absl::StartsWith(bytes, "II")) {}

  uint32_t Read(uint64_t offset, uint64_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return 0;
    uint32_t value = 0;
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t place = is_little_ ? size - 1 - i : i;
      value = value << 8 | static_cast<uint8_t>(bytes_[offset + place]);
    }
    return value;
  }

 private:
  absl::string_view bytes_;
  bool is_little_;
};

constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShort = 3;  // type: 16 bits

}  // namespace

// TIFF 6.0, section 2: a header of byte order, 42 and the offset of the first
// directory; that is a count and entries of tag, type, count and value.
int ExifOrientation(absl::string_view exif) {
  if (!absl::StartsWith(exif, "II") && !absl::StartsWith(exif, "MM")) return 1;
  const Tiff tiff(exif);
  if (tiff.Read(2, 2) != 42) return 1;
  const uint64_t directory = tiff.Read(4, 4);
  const uint32_t count = tiff.Read(directory, 2);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t entry = directory + 2 + uint64_t{12} * i;
    if (tiff.Read(entry, 2) != kOrientationTag) continue;
    if (tiff.Read(entry + 2, 2) != kShort) return 1;
    const uint32_t value = tiff.Read(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace tpuc
