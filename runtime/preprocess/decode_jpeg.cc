// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
// jpeglib.h uses FILE without a declaration of its own.
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "runtime/preprocess/decode.h"

namespace tpuc {
namespace {

// Everything that libjpeg's callbacks and a jump out of it must find again.
struct Reader {
  jpeg_error_mgr errors;
  jpeg_decompress_struct jpeg;
  std::jmp_buf jump;
  absl::Status status;
  DecodedImage result;
  std::vector<uint8_t> row;

  ~Reader() { jpeg_destroy_decompress(&jpeg); }
};

Reader& ReaderOf(j_common_ptr jpeg) {
  return *static_cast<Reader*>(jpeg->client_data);
}

[[noreturn]] void Fail(j_common_ptr jpeg) {
  Reader& reader = ReaderOf(jpeg);
  char message[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, message);
  reader.status = absl::InvalidArgumentError(message);
  std::longjmp(reader.jump, 1);
}

// Warnings after which every pixel is still as it was written.
bool IsHarmless(int code) {
  return code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_ICC ||
         code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR ||
         code == JWRN_TOO_MUCH_DATA;
}

// libjpeg warns of damage and makes up the pixels.
void EmitMessage(j_common_ptr jpeg, int level) {
  if (level >= 0 || IsHarmless(jpeg->err->msg_code)) return;
  if (jpeg->err->msg_code != JWRN_JPEG_EOF) Fail(jpeg);
  Reader& reader = ReaderOf(jpeg);
  reader.status = absl::InvalidArgumentError("the file ends too early");
  std::longjmp(reader.jump, 1);
}

// The arithmetic of OpenCV's icvCvt_CMYK2BGR_8u_C4C3R; the samples are inverted
// as Adobe's programs write them.
void BgrOfCmyk(const uint8_t* cmyk, uint8_t* bgr) {
  const int k = cmyk[3];
  for (int i = 0; i < 3; ++i)
    bgr[2 - i] = static_cast<uint8_t>(k - ((255 - cmyk[i]) * k >> 8));
}

// ... and of icvCvt_CMYK2Gray_8u_C4C1R: weights of 14 bits.
uint8_t GrayOfCmyk(const uint8_t* cmyk) {
  uint8_t bgr[3];
  BgrOfCmyk(cmyk, bgr);
  return static_cast<uint8_t>(
      (bgr[0] * 1868 + bgr[1] * 9617 + bgr[2] * 4899 + (1 << 13)) >> 14);
}

void ReadOrientation(Reader& r) {
  constexpr absl::string_view kSignature("Exif\0\0", 6);
  for (const jpeg_marker_struct* m = r.jpeg.marker_list; m != nullptr;
       m = m->next) {
    absl::string_view data(reinterpret_cast<const char*>(m->data),
                           m->data_length);
    if (!absl::ConsumePrefix(&data, kSignature)) continue;
    r.result.orientation = ExifOrientation(data);
    return;
  }
}

void ReadRows(Reader& r, bool is_cmyk) {
  Image& image = r.result.image;
  while (r.jpeg.output_scanline < r.jpeg.output_height) {
    uint8_t* to = image.at(r.jpeg.output_scanline, 0);
    JSAMPROW row = is_cmyk ? r.row.data() : to;
    jpeg_read_scanlines(&r.jpeg, &row, 1);
    if (!is_cmyk) continue;
    for (int64_t x = 0; x < image.width; ++x) {
      if (image.channels == 3) {
        BgrOfCmyk(r.row.data() + 4 * x, to + 3 * x);
      } else {
        to[x] = GrayOfCmyk(r.row.data() + 4 * x);
      }
    }
  }
}

// libjpeg leaves by a jump: no local object with a destructor lives here.
void ReadAll(Reader& r, absl::string_view bytes, Channels channels,
             int64_t max_pixels) {
  if (setjmp(r.jump) != 0) return;
  jpeg_create_decompress(&r.jpeg);
  jpeg_mem_src(&r.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()),
               bytes.size());
  jpeg_save_markers(&r.jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&r.jpeg, TRUE);
  const int64_t height = r.jpeg.image_height, width = r.jpeg.image_width;
  r.status = CheckImageSize(height, width, max_pixels);
  if (!r.status.ok()) return;
  const bool is_cmyk = r.jpeg.num_components == 4;
  const bool is_gray = channels == Channels::kGray;
  r.jpeg.out_color_space = is_cmyk   ? JCS_CMYK
                           : is_gray ? JCS_GRAYSCALE
                                     : JCS_EXT_BGR;
  ReadOrientation(r);
  jpeg_start_decompress(&r.jpeg);
  r.result.image = Image(height, width, is_gray ? 1 : 3);
  if (is_cmyk) r.row.resize(static_cast<size_t>(4 * width));
  ReadRows(r, is_cmyk);
  jpeg_finish_decompress(&r.jpeg);
}

}  // namespace

bool IsJpeg(absl::string_view bytes) {
  return absl::StartsWith(bytes, "\xff\xd8\xff");
}

absl::StatusOr<DecodedImage> DecodeJpeg(absl::string_view bytes,
                                        Channels channels, int64_t max_pixels) {
  if (channels == Channels::kBgra)
    return absl::InvalidArgumentError(
        "a JPEG image has no fourth channel; write it as PNG");
  Reader reader = {};
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = Fail;
  reader.errors.emit_message = EmitMessage;
  reader.jpeg.client_data = &reader;
  ReadAll(reader, bytes, channels, max_pixels);
  if (!reader.status.ok()) return reader.status;
  return std::move(reader.result);
}

}  // namespace tpuc
