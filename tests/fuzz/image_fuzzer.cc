// SPDX-License-Identifier: Apache-2.0
// Image files to the decoder: an image or a reason.
#include <zlib.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "runtime/preprocess/image.h"
#include "tests/fuzz/fuzzing.h"

namespace tpuc::fuzz {
namespace {

constexpr int64_t kMaxPixels = 1 << 18;

void Check(absl::string_view bytes) {
  for (const Channels channels :
       {Channels::kBgr, Channels::kGray, Channels::kBgra}) {
    const auto image = DecodeImage(bytes, "image", channels, kMaxPixels);
    if (!image.ok()) {
      RequireReason(image.status());
      continue;
    }
    Require(image->height * image->width <= kMaxPixels,
            "an image is within the limit");
    const auto resized = ResizeImage(*image, 7, 5);
    Require(resized.ok(), "an image can be resized");
  }
}

uint32_t BigEndian(absl::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// Makes the chunks' checksums right, so that more than those is tried.
std::string WithChecksums(std::string png) {
  for (size_t at = 8; at + 12 <= png.size();) {
    const size_t size = std::min<size_t>(
        BigEndian(absl::string_view(png).substr(at)), png.size() - at - 12);
    const uint64_t sum =
        crc32(0, reinterpret_cast<const Bytef*>(png.data() + at + 4),
              static_cast<uInt>(size + 4));
    for (int i = 0; i < 4; ++i) {
      png[at + size + 8 + i] = static_cast<char>(sum >> (24 - 8 * i));
      png[at + i] = static_cast<char>(size >> (24 - 8 * i));
    }
    at += size + 12;
  }
  return png;
}

}  // namespace
}  // namespace tpuc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tpuc::fuzz::TimeLimit limit;
  tpuc::fuzz::Check(tpuc::fuzz::View(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  tpuc::fuzz::Random random(seed);
  size = LLVMFuzzerMutate(data, size, max_size);
  const absl::string_view bytes = tpuc::fuzz::View(data, size);
  if (!absl::StartsWith(bytes, "\x89PNG") ||
      tpuc::fuzz::Below(random, 8) == 0) {
    return size;
  }
  return tpuc::fuzz::Store(tpuc::fuzz::WithChecksums(std::string(bytes)), data,
                           max_size);
}
