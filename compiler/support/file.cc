// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tpuc {
namespace {

absl::Status SystemError(absl::string_view action, const std::string& path) {
  const int error = errno;
  const std::string message =
      absl::StrCat(action, " '", path, "': ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message)
                         : absl::UnavailableError(message);
}

// Writes all of `contents`; false with errno set on failure.
bool WriteAll(int fd, absl::string_view contents) {
  while (!contents.empty()) {
    const ssize_t n = ::write(fd, contents.data(), contents.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    contents.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot open", path);
  std::string contents;
  struct stat info;
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    contents.reserve(static_cast<size_t>(info.st_size));
  }
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof(buffer));
    if (n == 0) break;
    if (n < 0) {
      if (errno == EINTR) continue;
      const absl::Status status = SystemError("cannot read", path);
      ::close(fd);
      return status;
    }
    contents.append(buffer, static_cast<size_t>(n));
  }
  ::close(fd);
  return contents;
}

absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view contents) {
  struct stat info;
  const bool special =
      ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  const std::string target =
      special ? path : absl::StrCat(path, ".tmp.", ::getpid());
  const int flags = O_WRONLY | O_CLOEXEC | (special ? 0 : O_CREAT | O_TRUNC);
  const int fd = ::open(target.c_str(), flags, 0666);
  if (fd < 0) return SystemError("cannot write", path);
  bool ok = WriteAll(fd, contents);
  absl::Status status =
      ok ? absl::OkStatus() : SystemError("cannot write", path);
  if (::close(fd) != 0 && ok) {
    status = SystemError("cannot write", path);
    ok = false;
  }
  if (special) return status;
  if (ok && std::rename(target.c_str(), path.c_str()) != 0) {
    status = SystemError("cannot write", path);
    ok = false;
  }
  if (!ok) ::unlink(target.c_str());
  return status;
}

std::string DirName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return "";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::string BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return std::string(path);
  return std::string(path.substr(slash + 1));
}

std::string WithoutExtension(absl::string_view path) {
  const size_t slash = path.rfind('/');
  const size_t dot = path.rfind('.');
  if (dot == absl::string_view::npos ||
      (slash != absl::string_view::npos && dot < slash)) {
    return std::string(path);
  }
  return std::string(path.substr(0, dot));
}

std::string JoinPath(absl::string_view dir, absl::string_view name) {
  if (dir.empty() || (!name.empty() && name[0] == '/')) {
    return std::string(name);
  }
  return dir.back() == '/' ? absl::StrCat(dir, name)
                           : absl::StrCat(dir, "/", name);
}

bool FileExists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace tpuc
