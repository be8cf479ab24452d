/* SPDX-License-Identifier: Apache-2.0 */
/* classify MODEL.bmodel IMAGE.ppm: the class a network finds for an image. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/tpu_runtime.h"

static void fail(const char *message) {
  fprintf(stderr, "classify: %s\n", message);
  exit(1);
}

int main(int argc, char **argv) {
  tpu_model *model;
  tpu_runner *runner;
  tpu_tensor_info in, out;
  long width = 0, height = 0, best = 0, i, c;
  if (argc != 3) fail("usage: classify MODEL.bmodel IMAGE.ppm");
  if (tpu_model_load(argv[1], NULL, &model) ||
      tpu_model_input(model, 0, 0, 0, &in) ||
      tpu_model_output(model, 0, 0, 0, &out) ||
      tpu_runner_create(model, NULL, &runner))
    fail(tpu_last_error());
  if (in.dtype != TPU_F32 || out.dtype != TPU_F32) fail("the net is not f32");
  /* A PPM image: P6 WIDTH HEIGHT 255, one white space, bytes RGBRGB... */
  FILE *file = fopen(argv[2], "rb");
  if (!file || fscanf(file, "P6 %ld %ld 255", &width, &height) != 2 ||
      in.shape[2] != height || in.shape[3] != width || fgetc(file) == EOF ||
      (long)in.bytes != 12 * width * height)
    fail("the image is no PPM of the size that the network takes");
  float *image = malloc(in.bytes), *scores = malloc(out.bytes);
  for (i = 0; i < height * width; ++i)
    for (c = 0; c < 3; ++c) /* bytes to [-1, 1], channels apart */
      image[c * height * width + i] = fgetc(file) / 127.5f - 1;
  tpu_buffer from = {image, in.bytes}, to = {scores, out.bytes};
  if (tpu_runner_run(runner, &from, 1, &to, 1)) fail(tpu_last_error());
  for (i = 1; i < (long)(out.bytes / sizeof(float)); ++i)
    if (scores[i] > scores[best]) best = i;
  printf("class %ld, score %g\n", best, scores[best]);
}
