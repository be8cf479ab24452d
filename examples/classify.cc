// SPDX-License-Identifier: Apache-2.0
// classify MODEL.bmodel IMAGE.ppm: the class that a network finds for an image.
#include <algorithm>
#include <fstream>
#include <iostream>

#include "runtime/runtime.h"

int Fail(absl::string_view message) {
  return std::cerr << "classify: " << message << "\n", 1;
}

int main(int argc, char** argv) {
  if (argc != 3) return Fail("usage: classify MODEL.bmodel IMAGE.ppm");
  auto model = tpuc::runtime::Model::Load(argv[1]);
  if (!model.ok()) return Fail(model.status().message());
  auto runner = tpuc::runtime::Runner::Create(*model, {});
  if (!runner.ok()) return Fail(runner.status().message());
  // A PPM image: P6 WIDTH HEIGHT 255, one white space, bytes RGBRGB...
  std::ifstream file(argv[2], std::ios::binary);
  std::string magic;
  int64_t width = 0, height = 0, most = 0;
  file >> magic >> width >> height >> most;
  const std::vector<int64_t> shape = {1, 3, height, width};
  if (magic != "P6" || most != 255 || (*runner)->inputs()[0].shape != shape)
    return Fail("the image is no PPM of the size that the network takes");
  tpuc::Tensor image(tpuc::DType::kF32, shape);
  file.get();
  for (int64_t i = 0; i < height * width; ++i)
    for (int64_t c = 0; c < 3; ++c)  // bytes to [-1, 1], channels apart
      image.data<float>()[c * height * width + i] = file.get() / 127.5f - 1;

  auto outputs = (*runner)->Run({image});
  if (!outputs.ok()) return Fail(outputs.status().message());
  if ((*outputs)[0].dtype() != tpuc::DType::kF32) return Fail("no f32 output");
  const float* scores = (*outputs)[0].data<float>();
  const float* best =
      std::max_element(scores, scores + (*outputs)[0].NumElements());
  std::cout << "class " << best - scores << ", score " << *best << "\n";
}
