// SPDX-License-Identifier: Apache-2.0
// image_seeds FOLDER: writes seeds of the image decoder's fuzz test: small PNG
// and JPEG files of every kind of channels, plain and progressive.
#include <cstdio>
// jpeglib.h uses FILE without a declaration of its own.
#include <jpeglib.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "compiler/support/file.h"
#include "runtime/preprocess/image.h"

namespace tpuc {
namespace {

Image Drawn(int64_t channels) {
  Image image(19, 23, channels);
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<uint8_t>(i * 5 + i / 7);
  return image;
}

std::string Jpeg(const Image& image, bool progressive) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.input_components = static_cast<int>(image.channels);
  jpeg.in_color_space = image.channels == 4   ? JCS_CMYK
                        : image.channels == 3 ? JCS_EXT_BGR
                                              : JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  // A directory with the orientation "turned by 90 degrees".
  constexpr absl::string_view kExif(
      "Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0\0\0\0\0", 32);
  jpeg_write_marker(&jpeg, JPEG_APP0 + 1,
                    reinterpret_cast<const JOCTET*>(kExif.data()),
                    static_cast<unsigned>(kExif.size()));
  for (int64_t y = 0; y < image.height; ++y) {
    auto* row = const_cast<uint8_t*>(image.at(y, 0));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string result(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return result;
}

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
      write(Jpeg(Drawn(channels), progressive));
  }
  return ok ? 0 : 1;
}

}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
