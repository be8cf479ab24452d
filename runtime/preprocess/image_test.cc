// SPDX-License-Identifier: Apache-2.0
// What OpenCV can't judge: errors, and what this library does otherwise. Equal
// pixels are opencv_test.py's matter.
#include "runtime/preprocess/image.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "runtime/preprocess/encode_jpeg.h"

namespace tpuc {
namespace {

Image Ramp(int64_t height, int64_t width, int64_t channels) {
  Image image(height, width, channels);
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<uint8_t>(i * 7 + i / 11);
  return image;
}

std::string Png(const Image& image) {
  auto bytes = EncodePng(image);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return *bytes;
}

std::string ErrorOf(const absl::StatusOr<Image>& image) {
  return image.ok() ? "no error" : std::string(image.status().message());
}

TEST(Image, PngGivesWhatWasWritten) {
  for (const auto& [count, channels] :
       {std::pair(1, Channels::kGray), std::pair(3, Channels::kBgr),
        std::pair(4, Channels::kBgra)}) {
    const Image image = Ramp(5, 7, count);
    auto read = DecodeImage(Png(image), "x.png", channels);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->height, 5);
    EXPECT_EQ(read->width, 7);
    EXPECT_EQ(read->channels, count);
    EXPECT_EQ(read->pixels, image.pixels);
  }
  EXPECT_FALSE(EncodePng(Ramp(5, 7, 2)).ok());
}

TEST(Image, CmykIsColour) {
  Image paper(8, 8, 4);  // as Adobe's programs write it: 255 is no ink
  for (size_t i = 0; i < paper.pixels.size(); ++i)
    paper.pixels[i] = i % 4 == 2 ? 0 : 255;  // all the yellow
  const std::string bytes = EncodeJpeg(paper);
  auto bgr = DecodeImage(bytes, "x.jpg");
  ASSERT_TRUE(bgr.ok()) << bgr.status();
  EXPECT_EQ(std::vector<uint8_t>(bgr->at(3, 3), bgr->at(3, 4)),
            (std::vector<uint8_t>{1, 255, 255}));
  auto gray = DecodeImage(bytes, "x.jpg", Channels::kGray);
  ASSERT_TRUE(gray.ok()) << gray.status();
  EXPECT_EQ(*gray->at(3, 3), 226);
}

TEST(Image, ATruncatedFileIsAnError) {
  for (const std::string& whole :
       {Png(Ramp(40, 30, 3)), EncodeJpeg(Ramp(40, 30, 3))})
    for (size_t size = 8; size + 2 < whole.size(); size += 13) {
      const std::string error =
          ErrorOf(DecodeImage(whole.substr(0, size), "cut"));
      EXPECT_TRUE(absl::StartsWith(error, "'cut': cannot read the image: "))
          << size << ": " << error;
    }
  const std::string jpeg = EncodeJpeg(Ramp(40, 30, 3));
  EXPECT_EQ(ErrorOf(DecodeImage(jpeg.substr(0, jpeg.size() / 2), "a.jpg")),
            "'a.jpg': cannot read the image: the file ends too early");
  const std::string png = Png(Ramp(40, 30, 3));
  EXPECT_EQ(ErrorOf(DecodeImage(png.substr(0, png.size() / 2), "a.png")),
            "'a.png': cannot read the image: the file ends too early");
}

TEST(Image, DamageIsAnError) {
  std::string png = Png(Ramp(40, 30, 3));
  png[png.size() / 2] ^= 1;
  const std::string error = ErrorOf(DecodeImage(png, "a.png"));
  EXPECT_TRUE(absl::StartsWith(error, "'a.png': cannot read the image: IDAT: "))
      << error;
}

TEST(Image, WhatIsNoImageIsAnError) {
  EXPECT_EQ(ErrorOf(DecodeImage("", "a.png")),
            "'a.png': cannot read the image: the file is empty");
  EXPECT_EQ(ErrorOf(DecodeImage("Dear all,\n", "a.png")),
            "'a.png': cannot read the image: neither a PNG nor a JPEG image");
  EXPECT_TRUE(
      absl::StrContains(ErrorOf(ReadImage("/no/such.png")), "/no/such.png"));
}

TEST(Image, AlphaMustBeThere) {
  EXPECT_EQ(ErrorOf(DecodeImage(Png(Ramp(2, 2, 3)), "a", Channels::kBgra)),
            "'a': cannot read the image: the image has no fourth channel");
  EXPECT_EQ(
      ErrorOf(DecodeImage(EncodeJpeg(Ramp(2, 2, 3)), "a", Channels::kBgra)),
      "'a': cannot read the image: a JPEG image has no fourth channel; "
      "write it as PNG");
}

TEST(Image, AHugeImageIsRefusedByItsHeader) {
  std::string png = Png(Ramp(2, 2, 3));
  // Width and height, then the checksum of IHDR: of 100000 x 100000.
  const std::string header("\0\x01\x86\xa0\0\x01\x86\xa0\x08\x02\0\0\0", 13);
  png.replace(16, 17, header + std::string("\x27\x30\x9c\x9f", 4));
  const std::string error = ErrorOf(DecodeImage(png, "a.png"));
  EXPECT_EQ(error,
            "'a.png': cannot read the image: an image of 100000x100000 "
            "pixels; 1 to 134217728 are supported");
}

TEST(Image, ResizeToItselfIsTheIdentity) {
  const Image image = Ramp(5, 7, 3);
  auto same = ResizeImage(image, 5, 7);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same->pixels, image.pixels);
  EXPECT_FALSE(ResizeImage(image, 0, 7).ok());
  EXPECT_FALSE(ResizeImage(image, 1 << 20, 1 << 20).ok());
  EXPECT_FALSE(ResizeImage(Image(), 5, 7).ok());
}

}  // namespace
}  // namespace tpuc
