// SPDX-License-Identifier: Apache-2.0
// image_seeds FOLDER: writes seeds of the image decoder's fuzz test: small PNG
// and JPEG files of every kind of channels, plain and progressive.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "compiler/support/file.h"
#include "runtime/preprocess/encode_jpeg.h"
#include "runtime/preprocess/image.h"

namespace tpuc {
namespace {

Image Drawn(int64_t channels) {
  Image image(19, 23, channels);
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<uint8_t>(i * 5 + i / 7);
  return image;
}

// A directory with the orientation "turned by 90 degrees".
constexpr absl::string_view kExif(
    "Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0\0\0\0\0", 32);

}  // namespace

int Main(int argc, char** argv) {
  if (argc != 2) return 1;
  bool ok = true;
  int count = 0;
  const auto write = [&](const std::string& bytes) {
    ok &= WriteFileAtomically(absl::StrCat(argv[1], "/", count++), bytes).ok();
  };
  for (const int64_t channels : {1, 3, 4}) {
    const auto png = EncodePng(Drawn(channels));
    if (!png.ok()) return 1;
    write(*png);
    for (const bool progressive : {false, true})
      write(EncodeJpeg(Drawn(channels), {75, progressive, kExif}));
  }
  return ok ? 0 : 1;
}

}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
