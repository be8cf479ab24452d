// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/preprocess/decode.h"

namespace tpuc {
namespace {

// Everything that libpng's callbacks and a jump out of it must find again.
struct Reader {
  absl::string_view rest;
  std::string message;
  png_structp png = nullptr;
  png_infop info = nullptr, end = nullptr;
  DecodedImage result;
  std::vector<png_bytep> rows;
  absl::Status status;

  ~Reader() { png_destroy_read_struct(&png, &info, &end); }
};

void Fail(png_structp png, png_const_charp message) {
  static_cast<Reader*>(png_get_error_ptr(png))->message = message;
  png_longjmp(png, 1);
}

void Ignore(png_structp, png_const_charp) {}

void Read(png_structp png, png_bytep to, size_t size) {
  Reader& reader = *static_cast<Reader*>(png_get_io_ptr(png));
  if (size > reader.rest.size()) png_error(png, "the file ends too early");
  std::memcpy(to, reader.rest.data(), size);
  reader.rest.remove_prefix(size);
}

bool HasAlpha(const Reader& r) {
  const int type = png_get_color_type(r.png, r.info);
  return (type & PNG_COLOR_MASK_ALPHA) != 0 ||
         (type == PNG_COLOR_TYPE_PALETTE &&
          png_get_valid(r.png, r.info, PNG_INFO_tRNS) != 0);
}

// Asks for rows of the channels that are wanted; as OpenCV does, so that grey
// levels and cut 16-bit values are the same.
void SetTransformations(Reader& r, Channels channels) {
  const int type = png_get_color_type(r.png, r.info);
  const bool is_color = (type & PNG_COLOR_MASK_COLOR) != 0;
  png_set_strip_16(r.png);
  if (channels != Channels::kBgra) png_set_strip_alpha(r.png);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(r.png);
  if (!is_color && png_get_bit_depth(r.png, r.info) < 8)
    png_set_expand_gray_1_2_4_to_8(r.png);
  if (channels == Channels::kGray) {
    if (is_color) png_set_rgb_to_gray(r.png, 1, 0.299, 0.587);
  } else if (is_color) {
    png_set_bgr(r.png);
  } else {
    png_set_gray_to_rgb(r.png);
  }
  png_set_interlace_handling(r.png);
  png_read_update_info(r.png, r.info);
}

void ReadOrientation(Reader& r, png_infop info) {
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (png_get_eXIf_1(r.png, info, &size, &exif) != 0 && exif != nullptr)
    r.result.orientation =
        ExifOrientation({reinterpret_cast<const char*>(exif), size});
}

// libpng leaves by a jump: no local object with a destructor lives here.
void ReadAll(Reader& r, Channels channels, int64_t max_pixels) {
  if (setjmp(png_jmpbuf(r.png)) != 0) {
    r.status = absl::InvalidArgumentError(r.message);
    return;
  }
  png_read_info(r.png, r.info);
  const int64_t height = png_get_image_height(r.png, r.info);
  const int64_t width = png_get_image_width(r.png, r.info);
  r.status = CheckImageSize(height, width, max_pixels);
  if (!r.status.ok()) return;
  if (channels == Channels::kBgra && !HasAlpha(r)) {
    r.status = absl::InvalidArgumentError("the image has no fourth channel");
    return;
  }
  SetTransformations(r, channels);
  r.result.image = Image(height, width, png_get_channels(r.png, r.info));
  r.rows.resize(static_cast<size_t>(height));
  for (int64_t y = 0; y < height; ++y)
    r.rows[static_cast<size_t>(y)] = r.result.image.at(y, 0);
  png_read_image(r.png, r.rows.data());
  png_read_end(r.png, r.end);
  ReadOrientation(r, r.info);
  ReadOrientation(r, r.end);
}

}  // namespace

bool IsPng(absl::string_view bytes) {
  return absl::StartsWith(bytes, "\x89PNG\r\n\x1a\n");
}

absl::StatusOr<DecodedImage> DecodePng(absl::string_view bytes,
                                       Channels channels, int64_t max_pixels) {
  Reader reader;
  reader.rest = bytes;
  reader.png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, Fail, Ignore);
  if (reader.png == nullptr) return absl::InternalError("libpng doesn't start");
  reader.info = png_create_info_struct(reader.png);
  reader.end = png_create_info_struct(reader.png);
  if (reader.info == nullptr || reader.end == nullptr)
    return absl::InternalError("libpng doesn't start");
  png_set_read_fn(reader.png, &reader, Read);
  ReadAll(reader, channels, max_pixels);
  if (!reader.status.ok()) return reader.status;
  return std::move(reader.result);
}

absl::StatusOr<std::string> EncodePng(const Image& image) {
  png_image header;
  std::memset(&header, 0, sizeof(header));
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  switch (image.channels) {
    case 1:
      header.format = PNG_FORMAT_GRAY;
      break;
    case 3:
      header.format = PNG_FORMAT_BGR;
      break;
    case 4:
      header.format = PNG_FORMAT_BGRA;
      break;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("an image of ", image.channels, " channels"));
  }
  if (absl::Status status = CheckImageSize(image.height, image.width);
      !status.ok())
    return status;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&header, bytes.data(), &size, 0,
                                image.pixels.data(), 0, nullptr) == 0)
    return absl::InternalError(header.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace tpuc
