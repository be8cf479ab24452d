// SPDX-License-Identifier: Apache-2.0
// ocr IMAGE [BOXES.png]: reads the text in a PNG or JPEG image. Prints a line
// for each line of text: the corners of its box, how sure it is, the text. The
// second file is the image with the boxes drawn in.
#include <cstdio>
#include <fstream>
#include <string>

#include "pictures.h"
#include "reader.h"

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "ocr: %s\n", std::string(status.message()).c_str());
  return 1;
}

absl::Status WriteBoxes(tpuc::Image image, const std::vector<ocr::Line>& lines,
                        const char* path) {
  for (const ocr::Line& line : lines) ocr::DrawQuad(image, line.box);
  auto png = tpuc::EncodePng(image);
  if (!png.ok()) return png.status();
  std::ofstream file(path, std::ios::binary);
  file.write(png->data(), static_cast<std::streamsize>(png->size()));
  file.close();
  if (file.good()) return absl::OkStatus();
  return absl::UnavailableError(std::string("cannot write ") + path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3)
    return Fail(absl::InvalidArgumentError("usage: ocr IMAGE [BOXES.png]"));
  auto image = tpuc::ReadImage(argv[1]);
  if (!image.ok()) return Fail(image.status());
  auto reader = ocr::Reader::Create();
  if (!reader.ok()) return Fail(reader.status());
  auto lines = (*reader)->Read(*image);
  if (!lines.ok()) return Fail(lines.status());
  for (const ocr::Line& line : *lines) {
    for (tpuc::ocr::Point corner : line.box)
      std::printf("%.0f,%.0f ", corner.x, corner.y);
    std::printf("%.2f %s\n", line.text.score, line.text.text.c_str());
  }
  if (argc < 3) return 0;
  const absl::Status written = WriteBoxes(*image, *lines, argv[2]);
  return written.ok() ? 0 : Fail(written);
}
