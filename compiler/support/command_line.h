// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tpuc {

// Flags of a tool, declared once: they are parsed and make up --help.
//
//   std::string model;
//   bool debug = false;
//   CommandLine line("model_deploy", "Compiles a network for a chip.");
//   line.Required("model", &model, "FILE", "the .bmodel to write");
//   line.Switch("debug", &debug, "keep intermediate files");
//   if (int code = line.ParseOrExitCode(argc, argv); code >= 0) return code;
//
// Accepts --flag value, --flag=value, and a single dash for either.
class CommandLine {
 public:
  CommandLine(std::string tool, std::string summary);

  void Required(const std::string& flag, std::string* value,
                const std::string& metavar, const std::string& help);
  // Keeps `*value` when the flag is absent; a non-empty one is shown as
  // default.
  void Optional(const std::string& flag, std::string* value,
                const std::string& metavar, const std::string& help);
  // May be given any number of times; values are appended.
  void Repeated(const std::string& flag, std::vector<std::string>* values,
                const std::string& metavar, const std::string& help);
  void Switch(const std::string& flag, bool* value, const std::string& help);
  // A flag of the manual that is known but not supported: using it is an error
  // with that reason.
  void Unsupported(const std::string& flag, const std::string& metavar,
                   const std::string& reason);
  // Words that aren't flags; without this they are errors.
  void Positional(std::vector<std::string>* values, const std::string& metavar,
                  const std::string& help);

  // An error names the flag: unknown, without value, missing, repeated.
  // `*wants_help` is set when --help is among the arguments.
  absl::Status Parse(const std::vector<std::string>& arguments,
                     bool* wants_help) const;
  std::string Help() const;

  // Parses, prints help (exit code 0) or an error (1). Returns -1 when the tool
  // is to go on.
  int ParseOrExitCode(int argc, char** argv) const;

 private:
  struct Flag {
    std::string name, metavar, help;
    std::string* text = nullptr;
    bool* on = nullptr;
    bool is_required = false;
    bool is_unsupported = false;
    std::vector<std::string>* texts = nullptr;
  };

  std::string tool_, summary_;
  std::vector<Flag> flags_;
  std::vector<std::string>* positional_ = nullptr;
  std::string positional_metavar_, positional_help_;
};

}  // namespace tpuc
