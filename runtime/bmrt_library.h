// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// The part of the vendor's public C interface (bmlib_runtime.h, bmdef.h,
// bmruntime_interface.h of its driver package) that this runtime calls. Names
// are the vendor's, so that its manual applies. Nothing of the vendor is needed
// to build: the libraries are opened at run time.
namespace tpuc::runtime::bmrt {

inline constexpr int kMaxDims = 8;
inline constexpr int kSuccess = 0;  // bm_status_t

struct Context;  // bm_handle_t is a pointer to it
using Handle = Context*;

// bm_device_mem_t, 24 bytes.
struct DeviceMemory {
  uint64_t device_addr;
  uint32_t reserved;
  int32_t dmabuf_fd;
  uint32_t flags;
  uint32_t size;  // bytes
};

// bm_shape_t
struct Shape {
  int32_t num_dims;
  int32_t dims[kMaxDims];
};

// bm_tensor_t
struct DeviceTensor {
  int32_t dtype;  // code of docs/isa/bmodel.md, tensor records
  Shape shape;
  DeviceMemory device_mem;
  int32_t st_mode;  // 0
};

// bm_stage_info_t. Newer versions append to it: only the first of an array can
// be read.
struct StageInfo {
  const Shape* input_shapes;
  const Shape* output_shapes;
};

// The start of bm_net_info_t, equal in all versions.
struct NetInfo {
  const char* name;
  bool is_dynamic;
  int32_t input_num;
  const char* const* input_names;
  const int32_t* input_dtypes;
  const float* input_scales;
  int32_t output_num;
  const char* const* output_names;
  const int32_t* output_dtypes;
  const float* output_scales;
  int32_t stage_num;
  const StageInfo* stages;
  const size_t* max_input_bytes;
  const size_t* max_output_bytes;
};

// The functions of libbmlib and libbmrt. Never unloaded: their threads may
// outlive every user.
struct Library {
  int (*bm_dev_getcount)(int*);
  int (*bm_dev_request)(Handle*, int device);
  void (*bm_dev_free)(Handle);
  int (*bm_get_chipid)(Handle, uint32_t*);
  int (*bm_malloc_device_byte)(Handle, DeviceMemory*, uint32_t size);
  void (*bm_free_device)(Handle, DeviceMemory);
  int (*bm_memcpy_s2d_partial)(Handle, DeviceMemory, const void*, uint32_t);
  int (*bm_memcpy_d2s_partial)(Handle, void*, DeviceMemory, uint32_t);
  int (*bm_thread_sync)(Handle);

  void* (*bmrt_create)(Handle);
  void (*bmrt_destroy)(void*);
  bool (*bmrt_load_bmodel_data)(void*, const void*, size_t);
  int (*bmrt_get_network_number)(void*);
  const NetInfo* (*bmrt_get_network_info)(void*, const char* net);
  bool (*bmrt_launch_tensor_ex)(void*, const char* net,
                                const DeviceTensor* inputs, int input_num,
                                DeviceTensor* outputs, int output_num,
                                bool user_mem, bool user_stmode);
  void (*bmrt_tensor_with_device)(DeviceTensor*, DeviceMemory, int dtype,
                                  Shape);
  size_t (*bmrt_tensor_bytesize)(const DeviceTensor*);
  size_t (*bmrt_tensor_device_size)(const DeviceTensor*);

  // Opens the libraries in a folder, or, when it is empty, where the system's
  // loader and the driver package have them. Errors name the file or symbol
  // that is missing. Checks that the library's structures are laid out as here.
  static absl::StatusOr<const Library*> Open(const std::string& folder);
};

}  // namespace tpuc::runtime::bmrt
