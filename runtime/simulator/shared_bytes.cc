// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/shared_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tpuc::sim {
namespace {

size_t HostPageBytes() {
  static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

// An unnamed file in memory with these bytes, or -1.
int FileOf(absl::string_view bytes) {
#ifdef __linux__
  const int file = memfd_create("tpu-weights", MFD_CLOEXEC);
  if (file < 0) return -1;
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      close(file);
      return -1;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return file;
#else
  return -1;
#endif
}

}  // namespace

std::shared_ptr<const SharedBytes> SharedBytes::Create(absl::string_view bytes,
                                                       Sharing sharing) {
  std::shared_ptr<SharedBytes> shared(new SharedBytes);
  shared->size_ = bytes.size();
  size_t in_file = 0;
  if (sharing == Sharing::kPages) {
    in_file = bytes.size() / HostPageBytes() * HostPageBytes();
    if (in_file != 0) shared->file_ = FileOf(bytes.substr(0, in_file));
    if (shared->file_ < 0) in_file = 0;
  }
  shared->rest_ = std::string(bytes.substr(in_file));
  return shared;
}

SharedBytes::~SharedBytes() {
  if (file_ >= 0) close(file_);
}

absl::Status SharedBytes::MapTo(uint8_t* at) const {
  const size_t in_file = size_ - rest_.size();
  if (!rest_.empty()) std::memcpy(at + in_file, rest_.data(), rest_.size());
  if (in_file == 0) return absl::OkStatus();
  if (reinterpret_cast<uintptr_t>(at) % HostPageBytes() == 0) {
    void* mapped = mmap(at, in_file, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_FIXED, file_, 0);
    if (mapped != MAP_FAILED) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat(
        "mapping ", in_file, " bytes of weights: ", std::strerror(errno)));
  }
  for (size_t done = 0; done < in_file;) {
    const ssize_t got =
        pread(file_, at + done, in_file - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return absl::InternalError(
          absl::StrCat("reading weights: ", std::strerror(errno)));
    }
    done += static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace tpuc::sim
