// SPDX-License-Identifier: Apache-2.0
#include "reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "characters.h"
#include "cls.h"
#include "det.h"
#include "pictures.h"
#include "rec.h"
#include "runtime/ocr/text_boxes.h"
#include "runtime/preprocess/preprocess.h"
#include "runtime/typed_runner.h"

namespace ocr {
namespace {

using tpuc::Image;
using tpuc::ocr::Point;
using tpuc::ocr::Quad;
using tpuc::ocr::Text;
using tpuc::runtime::TypedRunner;

constexpr double kTurnedScore = 0.9;  // of the classifier, to believe it
constexpr double kTextScore = 0.5;    // of a line that counts as read

// Puts the image into the input's left top corner, as large as fits, grey
// around it. Wider ones than the input are squeezed if `squeeze`.
template <typename Input>
absl::Status Fill(const Image& image, bool squeeze, Input& input) {
  const auto [n, channels, height, width] = Input::kShape;
  tpuc::Preprocessing how;
  how.mean = {127.5, 127.5, 127.5};
  how.scale = {1 / 127.5, 1 / 127.5, 1 / 127.5};
  how.keep_aspect_ratio =
      !squeeze || image.width * height <= image.height * width;
  how.pad_type = tpuc::PadType::kNormal;
  how.pad_value = 127;
  auto made = tpuc::Preprocess({image}, how, {n, channels, height, width});
  if (!made.ok()) return made.status();
  static_assert(Input::kDType == tpuc::DType::kF32);
  std::memcpy(input.data(), made->raw(), made->SizeInBytes());
  return absl::OkStatus();
}

class NetworkReader : public Reader {
 public:
  NetworkReader(TypedRunner<det::Det> detector,
                TypedRunner<cls::Cls> classifier,
                TypedRunner<rec::Rec> recogniser)
      : detector_(std::move(detector)),
        classifier_(std::move(classifier)),
        recogniser_(std::move(recogniser)) {}

  absl::StatusOr<std::vector<Line>> Read(const Image& image) override {
    auto boxes = Detect(image);
    if (!boxes.ok()) return boxes.status();
    std::vector<Line> lines;
    for (const Quad& box : *boxes) {
      Image crop = Crop(image, box);
      auto turned = IsTurned(crop);
      if (!turned.ok()) return turned.status();
      if (*turned) TurnAround(crop);
      auto text = Recognise(crop);
      if (!text.ok()) return text.status();
      if (text->score >= kTextScore) lines.push_back({box, *std::move(text)});
    }
    return lines;
  }

 private:
  absl::StatusOr<std::vector<Quad>> Detect(const Image& image) {
    absl::Status status = Fill(image, /*squeeze=*/false, det_in_.x);
    if (status.ok()) status = detector_.Run(det_in_, det_out_);
    if (!status.ok()) return status;
    const auto& map = det_out_.sigmoid_0_tmp_0;
    const int height = map.kShape[2], width = map.kShape[3];
    std::vector<Quad> boxes = tpuc::ocr::TextBoxes(map.data(), height, width);
    const double factor =
        std::max(double(image.height) / height, double(image.width) / width);
    for (Quad& box : boxes) {
      for (Point& corner : box) {
        corner.x = std::clamp(corner.x * factor, 0.0, double(image.width));
        corner.y = std::clamp(corner.y * factor, 0.0, double(image.height));
      }
    }
    return boxes;
  }

  absl::StatusOr<bool> IsTurned(const Image& crop) {
    absl::Status status = Fill(crop, /*squeeze=*/true, cls_in_.x);
    if (status.ok()) status = classifier_.Run(cls_in_, cls_out_);
    if (!status.ok()) return status;
    return cls_out_.save_infer_model_scale_0_tmp_1(0, 1) > kTurnedScore;
  }

  absl::StatusOr<Text> Recognise(const Image& crop) {
    absl::Status status = Fill(crop, /*squeeze=*/true, rec_in_.x);
    if (status.ok()) status = recogniser_.Run(rec_in_, rec_out_);
    if (!status.ok()) return status;
    const auto& classes = rec_out_.softmax_11_tmp_0;
    if (classes.kShape[2] != int64_t(Characters().size()) + 2)
      return absl::InternalError("the recogniser has other characters");
    return tpuc::ocr::DecodeCtc(classes.data(), classes.kShape[1],
                                Characters());
  }

  TypedRunner<det::Det> detector_;
  TypedRunner<cls::Cls> classifier_;
  TypedRunner<rec::Rec> recogniser_;
  det::Det::Inputs det_in_;
  det::Det::Outputs det_out_;
  cls::Cls::Inputs cls_in_;
  cls::Cls::Outputs cls_out_;
  rec::Rec::Inputs rec_in_;
  rec::Rec::Outputs rec_out_;
};

// A runner of an embedded network.
template <typename Net, typename Loaded>
absl::StatusOr<TypedRunner<Net>> RunnerOf(Loaded model) {
  if (!model.ok()) return model.status();
  return TypedRunner<Net>::Create(*std::move(model));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reader>> Reader::Create() {
  auto detector = RunnerOf<det::Det>(det::Load());
  if (!detector.ok()) return detector.status();
  auto classifier = RunnerOf<cls::Cls>(cls::Load());
  if (!classifier.ok()) return classifier.status();
  auto recogniser = RunnerOf<rec::Rec>(rec::Load());
  if (!recogniser.ok()) return recogniser.status();
  return std::make_unique<NetworkReader>(
      *std::move(detector), *std::move(classifier), *std::move(recogniser));
}

}  // namespace ocr
