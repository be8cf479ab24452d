// SPDX-License-Identifier: Apache-2.0
#include "runtime/preprocess/preprocess.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tpuc {
namespace {

Image Filled(int64_t height, int64_t width, std::vector<uint8_t> pixel) {
  Image image(height, width, static_cast<int64_t>(pixel.size()));
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = pixel[i % pixel.size()];
  return image;
}

std::vector<float> Values(const absl::StatusOr<Tensor>& tensor) {
  EXPECT_TRUE(tensor.ok()) << tensor.status();
  if (!tensor.ok()) return {};
  const float* data = tensor->data<float>();
  return std::vector<float>(data, data + tensor->NumElements());
}

std::string ErrorOf(const absl::Status& status) {
  return status.ok() ? "no error" : std::string(status.message());
}

TEST(Preprocess, OrdersChannels) {
  const Image image = Filled(1, 2, {10, 20, 30});  // b, g, r
  Preprocessing how;
  const std::vector<int64_t> nchw = {1, 3, 1, 2}, nhwc = {1, 1, 2, 3};
  EXPECT_EQ(Values(Preprocess({image}, how, nchw)),
            (std::vector<float>{10, 10, 20, 20, 30, 30}));
  how.pixel_format = PixelFormat::kRgb;
  EXPECT_EQ(Values(Preprocess({image}, how, nchw)),
            (std::vector<float>{30, 30, 20, 20, 10, 10}));
  how.channel_format = ChannelFormat::kNhwc;
  EXPECT_EQ(Values(Preprocess({image}, how, nhwc)),
            (std::vector<float>{30, 20, 10, 30, 20, 10}));
  how.pixel_format = PixelFormat::kGray;
  EXPECT_EQ(Values(Preprocess({Filled(1, 2, {9})}, how, {1, 1, 2, 1})),
            (std::vector<float>{9, 9}));
  how.pixel_format = PixelFormat::kRgba;
  EXPECT_EQ(Values(Preprocess({Filled(1, 1, {1, 2, 3, 4})}, how, {1, 1, 1, 4})),
            (std::vector<float>{3, 2, 1, 4}));
}

TEST(Preprocess, MeanAndScaleAreTheNetworksChannels) {
  Preprocessing how;
  how.pixel_format = PixelFormat::kRgb;
  how.mean = {1, 2, 3};
  how.scale = {0.1, 0.2, 0.4};
  EXPECT_EQ(Values(Preprocess({Filled(1, 1, {10, 20, 30})}, how, {1, 3, 1, 1})),
            (std::vector<float>{(30.f - 1.f) * 0.1f, (20.f - 2.f) * 0.2f,
                                (10.f - 3.f) * 0.4f}));
}

TEST(Preprocess, FillsABatch) {
  Preprocessing how;
  how.pixel_format = PixelFormat::kGray;
  EXPECT_EQ(Values(Preprocess({Filled(1, 1, {1}), Filled(3, 3, {2})}, how,
                              {2, 1, 1, 1})),
            (std::vector<float>{1, 2}));
  EXPECT_EQ(
      ErrorOf(Preprocess({Filled(1, 1, {1})}, how, {2, 1, 1, 1}).status()),
      "1 images for an input of shape (2, 1, 1, 1), which takes 2");
  EXPECT_EQ(
      ErrorOf(
          Preprocess({Filled(1, 1, {1, 2, 3})}, how, {1, 1, 1, 1}).status()),
      "an image has 3 channels; 1 are needed");
}

// A bright image of 2 x 4 fills the width of a square, or of 4 x 2 its height.
TEST(Preprocess, KeepsTheAspectRatioAndPads) {
  Preprocessing how;
  how.pixel_format = PixelFormat::kGray;
  how.keep_aspect_ratio = true;
  how.pad_value = 7;
  const std::vector<int64_t> shape = {1, 1, 5, 5};
  const Image wide = Filled(2, 4, {100}), high = Filled(4, 2, {100});
  const float o = 100, p = 7;
  EXPECT_EQ(Values(Preprocess({wide}, how, shape)),
            (std::vector<float>{p, p, p, p, p, o, o, o, o, o, o, o, o,
                                o, o, p, p, p, p, p, p, p, p, p, p}));
  EXPECT_EQ(Values(Preprocess({high}, how, shape)),
            (std::vector<float>{p, o, o, p, p, p, o, o, p, p, p, o, o,
                                p, p, p, o, o, p, p, p, o, o, p, p}));
  how.pad_type = PadType::kNormal;
  EXPECT_EQ(Values(Preprocess({wide}, how, shape)),
            (std::vector<float>{o, o, o, o, o, o, o, o, o, o, p, p, p,
                                p, p, p, p, p, p, p, p, p, p, p, p}));
}

TEST(Preprocess, CutsTheMiddleOut) {
  Image image(4, 5, 1);
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<uint8_t>(i);
  Preprocessing how;
  how.pixel_format = PixelFormat::kGray;
  how.resize_height = 4;
  how.resize_width = 5;
  EXPECT_EQ(Values(Preprocess({image}, how, {1, 1, 2, 3})),
            (std::vector<float>{6, 7, 8, 11, 12, 13}));
}

std::vector<double> Values(const Placement& p) {
  return {p.scale_x, p.scale_y, p.left, p.top};
}

TEST(PlacementOf, SaysWhereTheImageLies) {
  Preprocessing how;
  const std::vector<int64_t> shape = {1, 3, 100, 200};
  EXPECT_EQ(Values(PlacementOf(how, 50, 50, shape)),
            (std::vector<double>{4, 2, 0, 0}));
  // Half of the width stays empty.
  how.keep_aspect_ratio = true;
  EXPECT_EQ(Values(PlacementOf(how, 50, 50, shape)),
            (std::vector<double>{2, 2, 50, 0}));
  how.pad_type = PadType::kNormal;
  EXPECT_EQ(Values(PlacementOf(how, 50, 50, shape)),
            (std::vector<double>{2, 2, 0, 0}));
  // The middle of something larger.
  how.keep_aspect_ratio = false;
  how.resize_height = how.resize_width = 400;
  EXPECT_EQ(Values(PlacementOf(how, 50, 50, shape)),
            (std::vector<double>{8, 8, -100, -150}));
  how.channel_format = ChannelFormat::kNhwc;
  EXPECT_EQ(Values(PlacementOf(how, 50, 50, {1, 100, 200, 3})),
            (std::vector<double>{8, 8, -100, -150}));
}

TEST(CheckPreprocessing, SaysWhatIsWrong) {
  const std::vector<int64_t> shape = {1, 3, 8, 8};
  Preprocessing how;
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, shape)), "no error");
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, {1, 10})),
            "an image has four extents, nchw; the input's shape is (1, 10)");
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, {1, 8, 8, 3})),
            "pixel_format bgr has 3 channels; the input of shape (1, 8, 8, 3) "
            "has 8 by channel_format nchw");
  how.mean = {1};
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, shape)),
            "mean has 1 values; pixel_format bgr has 3 channels");
  how.mean.clear();
  how.scale = {1, 2, 3, 4};
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, shape)),
            "scale has 4 values; pixel_format bgr has 3 channels");
  how.scale = {1, 0, 1};
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, shape)),
            "scale is 0 for channel 1; all its values would be 0");
  how.scale = {1, 1, 1e-60};  // 0 in f32
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, shape)),
            "scale is 1e-60 for channel 2; all its values would be 0");
  how.scale.clear();
  how.resize_height = how.resize_width = 7;
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, shape)),
            "resize_dims is 7,7; the input, 8x8, is cut out of that and must "
            "not be larger");
  how.resize_height = how.resize_width = 0;
  how.pad_value = 256;
  EXPECT_EQ(ErrorOf(CheckPreprocessing(how, shape)),
            "pad_value is 256; it must be 0 to 255");
}

TEST(Names, AreParsed) {
  for (const PixelFormat format : {PixelFormat::kBgr, PixelFormat::kRgb,
                                   PixelFormat::kGray, PixelFormat::kRgba})
    EXPECT_EQ(*ParsePixelFormat(Name(format)), format);
  EXPECT_EQ(ErrorOf(ParsePixelFormat("yuv").status()),
            "pixel_format is 'yuv'; it must be one of bgr, rgb, gray, rgba");
  EXPECT_EQ(ErrorOf(ParseChannelFormat("chw").status()),
            "channel_format is 'chw'; it must be one of nchw, nhwc");
  EXPECT_EQ(ErrorOf(ParsePadType("left").status()),
            "pad_type is 'left'; it must be one of center, normal");
}

}  // namespace
}  // namespace tpuc
