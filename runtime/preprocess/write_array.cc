// SPDX-License-Identifier: Apache-2.0
// write_array CHANNELS IMAGE OUT.npy [HEIGHT WIDTH]: what this library makes of
// an image file, for opencv_test.py. CHANNELS is bgr, gray or bgra. More than
// one call: more such arguments, separated by "--".
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "compiler/support/npz.h"
#include "runtime/preprocess/image.h"

namespace tpuc {
namespace {

absl::Status WriteArray(const std::vector<std::string>& words) {
  if (words.size() != 3 && words.size() != 5)
    return absl::InvalidArgumentError("takes 3 or 5 arguments");
  const Channels channels = words[0] == "gray"   ? Channels::kGray
                            : words[0] == "bgra" ? Channels::kBgra
                                                 : Channels::kBgr;
  auto image = ReadImage(words[1], channels);
  if (image.ok() && words.size() == 5) {
    int64_t height, width;
    if (!absl::SimpleAtoi(words[3], &height) ||
        !absl::SimpleAtoi(words[4], &width))
      return absl::InvalidArgumentError("takes HEIGHT and WIDTH");
    image = ResizeImage(*image, height, width);
  }
  if (!image.ok()) return image.status();
  return WriteNpy(
      words[2],
      Tensor(DType::kU8, {image->height, image->width, image->channels},
             image->pixels));
}

int Main(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i <= argc; ++i) {
    if (i < argc && std::string(argv[i]) != "--") {
      words.push_back(argv[i]);
      continue;
    }
    if (absl::Status status = WriteArray(words); !status.ok()) {
      std::cerr << "write_array: " << status.message() << "\n";
      return 1;
    }
    words.clear();
  }
  return 0;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
