/* SPDX-License-Identifier: Apache-2.0 */
/* tpu_runtime_test MODEL.bmodel DEVICE [LIBRARY_PATH]: the C interface, by a C
 * program that links the shared library. The model is write_test_model's:
 * y = x * (1, 2, .. 8). */
#include "runtime/tpu_runtime.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                  \
  do {                                                                    \
    if (!(condition)) {                                                   \
      fprintf(stderr, "%s:%d: %s (last error: %s)\n", __FILE__, __LINE__, \
              #condition, tpu_last_error());                              \
      exit(1);                                                            \
    }                                                                     \
  } while (0)

#define CHECK_ERROR(call, status, part)            \
  do {                                             \
    CHECK((call) == (status));                     \
    CHECK(strstr(tpu_last_error(), part) != NULL); \
  } while (0)

static const char *device, *library_path;

static tpu_load_options on_device(void) {
  tpu_load_options options = {sizeof(options), device, library_path, 0};
  return options;
}

static tpu_model *load(const char *path) {
  tpu_load_options options = on_device();
  tpu_model *model = NULL;
  CHECK(tpu_model_load(path, &options, &model) == TPU_OK);
  return model;
}

static tpu_runner *make_runner(const tpu_model *model, int stage) {
  tpu_runner_options options = {sizeof(options), 0, stage, 1};
  tpu_runner *runner = NULL;
  CHECK(tpu_runner_create(model, &options, &runner) == TPU_OK);
  return runner;
}

static void test_queries(const tpu_model *model) {
  tpu_tensor_info info;
  tpu_memory_info memory;
  CHECK(tpu_model_num_nets(model) == 2);
  CHECK(strcmp(tpu_model_net_name(model, 0), "product") == 0);
  CHECK(tpu_model_net_name(model, 2) == NULL);
  CHECK(tpu_model_find_net(model, "other") == 1);
  CHECK(tpu_model_find_net(model, "none") == -1);
  CHECK(tpu_model_num_stages(model, 0) == 2);
  CHECK(tpu_model_num_stages(model, -1) == -1);
  CHECK(tpu_model_num_inputs(model, 0, 1) == 1);
  CHECK(tpu_model_num_outputs(model, 0, 2) == -1);
  CHECK(tpu_model_input(model, 0, 1, 0, &info) == TPU_OK);
  CHECK(strcmp(info.name, "x") == 0 && info.dtype == TPU_F32);
  CHECK(info.rank == 2 && info.shape[0] == 2 && info.shape[1] == 2);
  CHECK(info.bytes == 16 && info.scale == 1 && info.zero_point == 0);
  CHECK(tpu_model_find_stage(model, 0, &info, 1) == 1);
  info.shape[1] = 3;
  CHECK(tpu_model_find_stage(model, 0, &info, 1) == -1);
  CHECK(tpu_model_output(model, 0, 0, 0, &info) == TPU_OK);
  CHECK(strcmp(info.name, "y") == 0 && info.bytes == 32);
  CHECK_ERROR(tpu_model_output(model, 0, 0, 1, &info), TPU_INVALID_ARGUMENT,
              "no tensor 1");
  CHECK_ERROR(tpu_model_output(model, 0, 0, 0, NULL), TPU_INVALID_ARGUMENT,
              "NULL");
  CHECK_ERROR(tpu_model_input(NULL, 0, 0, 0, &info), TPU_INVALID_ARGUMENT,
              "no model");
  CHECK(tpu_model_memory(model, 0, 0, &memory) == TPU_OK);
  CHECK(memory.weights == 32 && memory.tensors == 8192);
  CHECK(memory.instructions > 0);
}

static char *read_file(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  char *data;
  CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
  *bytes = (size_t)ftell(file);
  rewind(file);
  data = malloc(*bytes);
  CHECK(data != NULL && fread(data, 1, *bytes, file) == *bytes);
  fclose(file);
  return data;
}

/* From memory, which is freed before the model is used. */
static void test_memory(const char *path) {
  tpu_load_options options = on_device();
  tpu_model *model = NULL;
  size_t bytes, i;
  char *data = read_file(path, &bytes);
  /* For a chip that is none. */
  for (i = 0; memcmp(data + i, "BM1684X", 7) != 0; ++i) CHECK(i + 8 < bytes);
  data[i + 6] = 'Y';
  CHECK_ERROR(tpu_model_load_memory(data, bytes, &options, &model),
              TPU_UNSUPPORTED, "BM1684Y");
  data[i + 6] = 'X';
  for (i = 0; i < bytes; i += i < 2000 ? 1 : 997)
    CHECK_ERROR(tpu_model_load_memory(data, i, &options, &model), TPU_BAD_FILE,
                "bmodel in memory: ");
  CHECK(model == NULL);
  CHECK(tpu_model_load_memory(data, bytes, &options, &model) == TPU_OK);
  memset(data, 0xEE, bytes);
  free(data);
  test_queries(model);
  tpu_model_free(model);
}

static void test_run(const tpu_model *model) {
  float x[8] = {1, 1, 1, 1, 2, 2, 2, 2}, y[8] = {0};
  tpu_buffer in = {x, sizeof(x)}, out = {y, sizeof(y)};
  tpu_runner *runner = make_runner(model, 0);
  int i;
  CHECK(tpu_runner_wait(runner) == TPU_OK && tpu_runner_done(runner) == 1);
  CHECK(tpu_runner_run(runner, &in, 1, &out, 1) == TPU_OK);
  for (i = 0; i < 8; ++i) CHECK(y[i] == x[i] * (i + 1));
  memset(y, 0, sizeof(y));
  CHECK(tpu_runner_start(runner, &in, 1, &out, 1) == TPU_OK);
  CHECK(tpu_runner_wait(runner) == TPU_OK && tpu_runner_done(runner) == 1);
  for (i = 0; i < 8; ++i) CHECK(y[i] == x[i] * (i + 1));
  in.bytes = 31;
  CHECK_ERROR(tpu_runner_run(runner, &in, 1, &out, 1), TPU_INVALID_ARGUMENT,
              "input \"x\" has 32 bytes, found 31");
  in.bytes = 32;
  CHECK_ERROR(tpu_runner_start(runner, &in, 1, &out, 0), TPU_INVALID_ARGUMENT,
              "outputs");
  CHECK_ERROR(tpu_runner_run(runner, &in, -1, &out, 1), TPU_INVALID_ARGUMENT,
              "NULL");
  in.data = NULL;
  CHECK_ERROR(tpu_runner_run(runner, &in, 1, &out, 1), TPU_INVALID_ARGUMENT,
              "NULL");
  tpu_runner_free(runner);
}

/* A run that is in progress when its runner is freed. */
static void test_free_waits(const tpu_model *model) {
  float x[8] = {1, 1, 1, 1, 2, 2, 2, 2}, y[8] = {0};
  tpu_buffer in = {x, sizeof(x)}, out = {y, sizeof(y)};
  tpu_runner *runner = make_runner(model, 0);
  CHECK(tpu_runner_start(runner, &in, 1, &out, 1) == TPU_OK);
  tpu_runner_free(runner);
  CHECK(y[7] == 16);
}

static void test_errors(const char *path, const tpu_model *model) {
  tpu_model *none = NULL;
  tpu_runner *runner = NULL;
  tpu_load_options options = {sizeof(options), "abacus", NULL, 0};
  tpu_runner_options no_stage = {sizeof(no_stage), 1, 1, 0};
  CHECK_ERROR(tpu_model_load(path, &options, &none), TPU_NO_DEVICE, "abacus");
  options.device = "bmrt";
  options.library_path = "/does/not/exist";
  CHECK_ERROR(tpu_model_load(path, &options, &none), TPU_NO_DEVICE,
              "/does/not/exist/libbmlib.so");
  options = on_device();
  options.memory_limit = 4096;
  CHECK_ERROR(tpu_model_load(path, &options, &none), TPU_OUT_OF_MEMORY,
              "the limit is 4096");
  CHECK_ERROR(tpu_model_load("does/not/exist", NULL, &none), TPU_NOT_FOUND,
              "does/not/exist");
  CHECK_ERROR(tpu_model_load(NULL, NULL, &none), TPU_INVALID_ARGUMENT, "NULL");
  CHECK_ERROR(tpu_runner_create(model, &no_stage, &runner),
              TPU_INVALID_ARGUMENT, "no stage 1 of net 1");
  CHECK(none == NULL && runner == NULL);
  CHECK(strcmp(tpu_status_name(TPU_BUSY), "TPU_BUSY") == 0);
  tpu_model_free(NULL);
  tpu_runner_free(NULL);
}

static void *run_often(void *model) {
  float x[4] = {0}, y[4];
  tpu_buffer in = {x, sizeof(x)}, out = {y, sizeof(y)};
  tpu_runner *runner = make_runner(model, 1);
  int i, k;
  for (i = 0; i < 10; ++i) {
    for (k = 0; k < 4; ++k) x[k] = (float)i;
    CHECK(tpu_runner_start(runner, &in, 1, &out, 1) == TPU_OK);
    CHECK(tpu_runner_wait(runner) == TPU_OK);
    for (k = 0; k < 4; ++k) CHECK(y[k] == (float)(i * (k + 1)));
  }
  CHECK_ERROR(tpu_runner_run(runner, &in, 0, &out, 1), TPU_INVALID_ARGUMENT,
              "the net has 1 inputs, found 0");
  tpu_runner_free(runner);
  return NULL;
}

static void test_threads(tpu_model *model) {
  pthread_t threads[4];
  int i;
  for (i = 0; i < 4; ++i)
    CHECK(pthread_create(&threads[i], NULL, run_often, model) == 0);
  for (i = 0; i < 4; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv) {
  tpu_model *model;
  tpu_runner *runner;
  CHECK(argc == 3 || argc == 4);
  device = argv[2];
  library_path = argc == 4 ? argv[3] : NULL;
  model = load(argv[1]);
  test_queries(model);
  test_memory(argv[1]);
  test_run(model);
  test_free_waits(model);
  test_errors(argv[1], model);
  test_threads(model);
  /* A runner outlives its model. */
  runner = make_runner(model, 0);
  tpu_model_free(model);
  tpu_runner_free(runner);
  /* The device is opened anew. */
  model = load(argv[1]);
  test_run(model);
  tpu_model_free(model);
  return 0;
}
