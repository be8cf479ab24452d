// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/process.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "compiler/support/file.h"

extern char** environ;

namespace tpuc {

absl::Status RunProcess(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& a : arguments) {
    argv.push_back(const_cast<char*>(a.c_str()));
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t pid = 0;
  const int error =
      posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("cannot run '", arguments[0],
                                               "': ", std::strerror(error)));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) {
      return absl::InternalError(
          absl::StrCat("waitpid: ", std::strerror(errno)));
    }
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::AbortedError(
      WIFEXITED(status)
          ? absl::StrCat("'", arguments[0], "' failed with exit code ",
                         WEXITSTATUS(status))
          : absl::StrCat("'", arguments[0], "' was killed by signal ",
                         WTERMSIG(status)));
}

std::string FindRunfile(const std::string& path) {
  char buffer[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", buffer, sizeof(buffer));
  const std::string program =
      n > 0 ? std::string(buffer, static_cast<size_t>(n)) : "";
  std::vector<std::string> roots;
  if (const char* root = std::getenv("RUNFILES_DIR")) roots.push_back(root);
  if (const char* root = std::getenv("TEST_SRCDIR")) roots.push_back(root);
  roots.push_back(program + ".runfiles");
  if (const size_t at = program.rfind(".runfiles/"); at != std::string::npos) {
    roots.push_back(program.substr(0, at + 9));
  }
  for (const std::string& root : roots) {
    const std::string candidate = absl::StrCat(root, "/tpuc/", path);
    if (FileExists(candidate)) return candidate;
  }
  return "";
}

}  // namespace tpuc
