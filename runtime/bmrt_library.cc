// SPDX-License-Identifier: Apache-2.0
#include "runtime/bmrt_library.h"

#include <dlfcn.h>

#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tpuc::runtime::bmrt {
namespace {

static_assert(sizeof(DeviceMemory) == 24, "bm_device_mem_t");
static_assert(offsetof(DeviceTensor, device_mem) == 40, "bm_tensor_t");
static_assert(sizeof(DeviceTensor) == 72, "bm_tensor_t");

// Where the vendor's driver package installs.
constexpr char kDriverFolder[] = "/opt/sophon/libsophon-current/lib";

absl::StatusOr<void*> OpenOne(const std::string& folder,
                              const std::vector<std::string>& names) {
  std::vector<std::string> paths, errors;
  for (const std::string& name : names) {
    if (!folder.empty()) {
      paths.push_back(absl::StrCat(folder, "/", name));
    } else {
      paths.push_back(name);
      paths.push_back(absl::StrCat(kDriverFolder, "/", name));
    }
  }
  for (const std::string& path : paths) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library != nullptr) return library;
    const char* error = dlerror();
    errors.push_back(error == nullptr ? path : error);
  }
  return absl::UnavailableError(absl::StrCat(
      "the vendor's runtime can't be opened (", absl::StrJoin(errors, "; "),
      "); TPU_LIBRARY_PATH names the folder of libbmrt and libbmlib"));
}

// Fills in function pointers from a library; keeps the first error.
struct Symbols {
  void* library;
  absl::Status status;

  template <typename Function>
  void Find(const char* name, Function*& function) {
    void* symbol = dlsym(library, name);
    if (symbol == nullptr && status.ok()) {
      status = absl::UnavailableError(absl::StrCat(
          "the vendor's runtime has no function ", name,
          "; versions from libsophon 0.4 on and TPU-MLIR's copies have it"));
    }
    std::memcpy(&function, &symbol, sizeof(function));
  }
};

// Lets the library read and write its structures and compares with ours.
absl::Status CheckLayout(const Library& library) {
  const absl::Status differs = absl::UnavailableError(
      "the vendor's runtime lays out bm_tensor_t in another way than the "
      "versions that are supported (libsophon 0.4, TPU-MLIR 1.28.1)");
  // 2 bytes an element.
  const DeviceTensor expected = {
      1, {3, {5, 6, 7}}, {0x123456789, 0, -1, 0, 1000}, 0};
  struct {
    DeviceTensor tensor;
    uint8_t behind[64];
  } written;
  std::memset(&written, 0xA5, sizeof(written));
  library.bmrt_tensor_with_device(&written.tensor, expected.device_mem,
                                  expected.dtype, expected.shape);
  const DeviceTensor& t = written.tensor;
  if (t.dtype != expected.dtype || t.shape.num_dims != 3 ||
      std::memcmp(t.shape.dims, expected.shape.dims, 3 * sizeof(int32_t)) ||
      std::memcmp(&t.device_mem, &expected.device_mem, sizeof(DeviceMemory)) ||
      t.st_mode != 0) {
    return differs;
  }
  for (uint8_t byte : written.behind) {
    if (byte != 0xA5) return differs;
  }
  if (library.bmrt_tensor_bytesize(&expected) != 5 * 6 * 7 * 2 ||
      library.bmrt_tensor_device_size(&expected) != 1000) {
    return differs;
  }
  return absl::OkStatus();
}

absl::StatusOr<Library> OpenLibrary(const std::string& folder) {
  // bmrt needs bmlib by name; the one that is already open serves it.
  absl::StatusOr<void*> bmlib =
      OpenOne(folder, {"libbmlib.so.0", "libbmlib.so"});
  if (!bmlib.ok()) return bmlib.status();
  absl::StatusOr<void*> bmrt =
      OpenOne(folder, {"libbmrt.so.1.0", "libbmrt.so"});
  if (!bmrt.ok()) return bmrt.status();
  Library library;
  Symbols lib{*bmlib, absl::OkStatus()};
#define TPUC_FIND(name) lib.Find(#name, library.name)
  TPUC_FIND(bm_dev_getcount);
  TPUC_FIND(bm_dev_request);
  TPUC_FIND(bm_dev_free);
  TPUC_FIND(bm_get_chipid);
  TPUC_FIND(bm_malloc_device_byte);
  TPUC_FIND(bm_free_device);
  TPUC_FIND(bm_memcpy_s2d_partial);
  TPUC_FIND(bm_memcpy_d2s_partial);
  TPUC_FIND(bm_thread_sync);
  lib.library = *bmrt;
  TPUC_FIND(bmrt_create);
  TPUC_FIND(bmrt_destroy);
  TPUC_FIND(bmrt_load_bmodel_data);
  TPUC_FIND(bmrt_get_network_number);
  TPUC_FIND(bmrt_get_network_info);
  TPUC_FIND(bmrt_launch_tensor_ex);
  TPUC_FIND(bmrt_tensor_with_device);
  TPUC_FIND(bmrt_tensor_bytesize);
  TPUC_FIND(bmrt_tensor_device_size);
#undef TPUC_FIND
  if (!lib.status.ok()) return lib.status;
  absl::Status status = CheckLayout(library);
  if (!status.ok()) return status;
  return library;
}

}  // namespace

absl::StatusOr<const Library*> Library::Open(const std::string& folder) {
  static std::mutex mutex;
  static auto* const opened = new std::map<std::string, Library>;
  std::lock_guard<std::mutex> lock(mutex);
  auto found = opened->find(folder);
  if (found == opened->end()) {
    absl::StatusOr<Library> library = OpenLibrary(folder);
    if (!library.ok()) return library.status();
    found = opened->emplace(folder, *library).first;
  }
  return &found->second;
}

}  // namespace tpuc::runtime::bmrt
