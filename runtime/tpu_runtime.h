/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPU_RUNTIME_H_
#define TPU_RUNTIME_H_

#include <stddef.h>
#include <stdint.h>

/* Loads .bmodel files for the BM1684X and runs their static nets on the
 * simulator or on a device (docs/runtime.md). C99; link libtpu_runtime.so.
 *
 *   tpu_model *model;
 *   tpu_runner *runner;
 *   if (tpu_model_load("net.bmodel", NULL, &model) != TPU_OK ||
 *       tpu_runner_create(model, NULL, &runner) != TPU_OK)
 *     return fprintf(stderr, "%s\n", tpu_last_error()), 1;
 *   tpu_buffer in = {image, sizeof(image)}, out = {scores, sizeof(scores)};
 *   tpu_status status = tpu_runner_run(runner, &in, 1, &out, 1);
 *   tpu_runner_free(runner);
 *   tpu_model_free(model);
 *
 * Functions that can fail return a tpu_status and store results through
 * pointers only when it is TPU_OK. Nothing is thrown and nothing aborts for a
 * bad file or argument. Strings belong to the library. Models are immutable and
 * may be used by any number of threads at once; a runner by one at a time. */

#if defined(__GNUC__)
#define TPU_API __attribute__((visibility("default")))
#else
#define TPU_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers never change; new ones may be added. */
typedef enum tpu_status {
  TPU_OK = 0,
  TPU_INVALID_ARGUMENT = 1, /* the caller's: index, count, size, null pointer */
  TPU_NOT_FOUND = 2,        /* the file can't be read */
  TPU_BAD_FILE = 3,         /* the file's contents are damaged */
  TPU_UNSUPPORTED = 4,      /* valid, but a feature that is missing here */
  TPU_OUT_OF_MEMORY = 5,    /* of the host or of the device */
  TPU_NO_DEVICE = 6,        /* the device or its libraries are not there */
  TPU_BUSY = 7,             /* a run of this runner is in progress */
  TPU_RUN_FAILED = 8 /* the program or the device stopped with an error */
} tpu_status;

/* "TPU_OK", ... */
TPU_API const char *tpu_status_name(tpu_status status);

/* What went wrong in the last call of this thread that did not return TPU_OK:
 * one line that names file, net, stage, tensor or instruction. Valid until the
 * thread's next failing call. */
TPU_API const char *tpu_last_error(void);

/* ---- Models -------------------------------------------------------------- */

typedef struct tpu_model tpu_model;

/* NULL or 0 stands for the default. Set size to sizeof(tpu_load_options). */
typedef struct tpu_load_options {
  size_t size;
  const char *device;       /* "simulator", "bmrt", "bmrt:N"; default: variable
                               TPU_DEVICE, or the simulator without one */
  const char *library_path; /* folder of libbmrt and libbmlib; default: variable
                               TPU_LIBRARY_PATH, or the system's folders */
  uint64_t memory_limit;    /* bytes of device memory for one stage; default:
                               16 GiB, the most that boards have */
} tpu_load_options;

/* Reads and checks a whole file and places its weights on the device. options
 * may be NULL. The second form copies what it needs of the memory. */
TPU_API tpu_status tpu_model_load(const char *path,
                                  const tpu_load_options *options,
                                  tpu_model **model);
TPU_API tpu_status tpu_model_load_memory(const void *data, size_t bytes,
                                         const tpu_load_options *options,
                                         tpu_model **model);

/* Runners keep what they need: a model may be freed before them. NULL is
 * allowed. */
TPU_API void tpu_model_free(tpu_model *model);

/* Counts are -1 for a NULL model or an index out of range. A stage is a net
 * compiled for one set of input shapes. */
TPU_API int tpu_model_num_nets(const tpu_model *model);
TPU_API int tpu_model_num_stages(const tpu_model *model, int net);
TPU_API int tpu_model_num_inputs(const tpu_model *model, int net, int stage);
TPU_API int tpu_model_num_outputs(const tpu_model *model, int net, int stage);

/* NULL for an index out of range; -1 when no net has the name. */
TPU_API const char *tpu_model_net_name(const tpu_model *model, int net);
TPU_API int tpu_model_find_net(const tpu_model *model, const char *name);

/* Element types. */
typedef enum tpu_dtype {
  TPU_F32 = 0,
  TPU_F16 = 1,
  TPU_I8 = 2,
  TPU_U8 = 3,
  TPU_I16 = 4,
  TPU_U16 = 5,
  TPU_I32 = 6,
  TPU_U32 = 7,
  TPU_BF16 = 8
} tpu_dtype;

#define TPU_MAX_RANK 8

/* Dense, row-major. The runtime converts no values: 8-bit inputs hold
 * round(x * scale) + zero_point, 8-bit outputs stand for
 * (q - zero_point) * scale. */
typedef struct tpu_tensor_info {
  const char *name; /* lives as long as the model */
  tpu_dtype dtype;
  int rank;
  int64_t shape[TPU_MAX_RANK];
  size_t bytes;
  float scale;
  int32_t zero_point;
} tpu_tensor_info;

TPU_API tpu_status tpu_model_input(const tpu_model *model, int net, int stage,
                                   int index, tpu_tensor_info *info);
TPU_API tpu_status tpu_model_output(const tpu_model *model, int net, int stage,
                                    int index, tpu_tensor_info *info);

/* The first stage of a net whose inputs have these shapes (rank and shape of
 * each; other members are not read), or -1. */
TPU_API int tpu_model_find_stage(const tpu_model *model, int net,
                                 const tpu_tensor_info *inputs, int num_inputs);

/* Device memory of a stage, in bytes. Runners of a model share the weights. */
typedef struct tpu_memory_info {
  uint64_t weights;
  uint64_t tensors;
  uint64_t instructions;
} tpu_memory_info;

TPU_API tpu_status tpu_model_memory(const tpu_model *model, int net, int stage,
                                    tpu_memory_info *info);

/* ---- Runners ------------------------------------------------------------- */

/* One stage of a net with device memory of its own. */
typedef struct tpu_runner tpu_runner;

/* Zeros are the defaults. Set size to sizeof(tpu_runner_options). */
typedef struct tpu_runner_options {
  size_t size;
  int net;
  int stage;
  int threads; /* of the simulator; 0: one for each processor */
} tpu_runner_options;

/* options may be NULL: the first stage of the first net. Fails with
 * TPU_UNSUPPORTED for stages with dynamic or CPU parts. */
TPU_API tpu_status tpu_runner_create(const tpu_model *model,
                                     const tpu_runner_options *options,
                                     tpu_runner **runner);

/* Waits for the run in progress. NULL is allowed. */
TPU_API void tpu_runner_free(tpu_runner *runner);

/* Host memory of one input or output: as many bytes as its tpu_tensor_info
 * says. Inputs are not written to. */
typedef struct tpu_buffer {
  void *data;
  size_t bytes;
} tpu_buffer;

/* Runs to the end: copies the inputs to the device, runs the program, copies
 * the outputs back. Buffers by position, all of them. */
TPU_API tpu_status tpu_runner_run(tpu_runner *runner, const tpu_buffer *inputs,
                                  int num_inputs, const tpu_buffer *outputs,
                                  int num_outputs);

/* The same without waiting. The memory behind the buffers must stay until
 * tpu_runner_wait has returned; the arrays of buffers need not. */
TPU_API tpu_status tpu_runner_start(tpu_runner *runner,
                                    const tpu_buffer *inputs, int num_inputs,
                                    const tpu_buffer *outputs, int num_outputs);

/* 1 when no run is in progress, else 0. */
TPU_API int tpu_runner_done(const tpu_runner *runner);

/* Waits for the run that was started; returns its status. TPU_OK when none was
 * started. */
TPU_API tpu_status tpu_runner_wait(tpu_runner *runner);

#ifdef __cplusplus
}
#endif

#endif /* TPU_RUNTIME_H_ */
