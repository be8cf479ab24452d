// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/command_line.h"

#include <iostream>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tpuc {

CommandLine::CommandLine(std::string tool, std::string summary)
    : tool_(std::move(tool)), summary_(std::move(summary)) {}

void CommandLine::Required(const std::string& flag, std::string* value,
                           const std::string& metavar,
                           const std::string& help) {
  flags_.push_back({flag, metavar, help, value, nullptr, true, false});
}

void CommandLine::Optional(const std::string& flag, std::string* value,
                           const std::string& metavar,
                           const std::string& help) {
  const std::string shown =
      value->empty() ? "" : absl::StrCat(" (default: ", *value, ")");
  flags_.push_back({flag, metavar, help + shown, value, nullptr, false, false});
}

void CommandLine::Repeated(const std::string& flag,
                           std::vector<std::string>* values,
                           const std::string& metavar,
                           const std::string& help) {
  flags_.push_back({flag, metavar, absl::StrCat(help, " (may be repeated)"),
                    nullptr, nullptr, false, false, values});
}

void CommandLine::Switch(const std::string& flag, bool* value,
                         const std::string& help) {
  flags_.push_back({flag, "", help, nullptr, value, false, false});
}

void CommandLine::Unsupported(const std::string& flag,
                              const std::string& metavar,
                              const std::string& reason) {
  flags_.push_back({flag, metavar, reason, nullptr, nullptr, false, true});
}

void CommandLine::Positional(std::vector<std::string>* values,
                             const std::string& metavar,
                             const std::string& help) {
  positional_ = values;
  positional_metavar_ = metavar;
  positional_help_ = help;
}

absl::Status CommandLine::Parse(const std::vector<std::string>& arguments,
                                bool* wants_help) const {
  *wants_help = false;
  for (const std::string& word : arguments)
    if (word == "--help" || word == "-h" || word == "-help") {
      *wants_help = true;
      return absl::OkStatus();
    }
  std::set<std::string> seen;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word.size() < 2 || word[0] != '-') {
      if (positional_ == nullptr)
        return absl::InvalidArgumentError(
            absl::StrCat("unexpected argument '", word, "'"));
      positional_->push_back(word);
      continue;
    }
    const size_t dashes = word[1] == '-' ? 2 : 1;
    const size_t equals = word.find('=');
    const std::string name = word.substr(
        dashes, equals == std::string::npos ? equals : equals - dashes);
    const Flag* flag = nullptr;
    for (const Flag& candidate : flags_)
      if (candidate.name == name) flag = &candidate;
    if (flag == nullptr)
      return absl::InvalidArgumentError(absl::StrCat("unknown flag --", name));
    if (flag->is_unsupported)
      return absl::UnimplementedError(
          absl::StrCat("--", name, " is not supported: ", flag->help));
    if (!seen.insert(name).second && flag->texts == nullptr)
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " is given twice"));
    if (flag->on != nullptr) {
      if (equals != std::string::npos)
        return absl::InvalidArgumentError(
            absl::StrCat("--", name, " takes no value"));
      *flag->on = true;
    } else if (equals != std::string::npos || i + 1 < arguments.size()) {
      std::string value = equals != std::string::npos ? word.substr(equals + 1)
                                                      : arguments[++i];
      if (flag->texts != nullptr)
        flag->texts->push_back(std::move(value));
      else
        *flag->text = std::move(value);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " needs a value: ", flag->metavar));
    }
  }
  std::vector<std::string> missing;
  for (const Flag& flag : flags_)
    if (flag.is_required && seen.count(flag.name) == 0)
      missing.push_back(absl::StrCat("--", flag.name, " ", flag.metavar));
  if (!missing.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("missing: ", absl::StrJoin(missing, ", ")));
  return absl::OkStatus();
}

std::string CommandLine::Help() const {
  std::string help = absl::StrCat(summary_, "\n\nusage: ", tool_);
  for (const Flag& flag : flags_)
    if (flag.is_required)
      absl::StrAppend(&help, " --", flag.name, " ", flag.metavar);
  absl::StrAppend(&help, " [flags]");
  if (positional_ != nullptr)
    absl::StrAppend(&help, " ", positional_metavar_, "\n\n",
                    positional_metavar_, "\n      ", positional_help_);
  for (const Flag& flag : flags_)
    absl::StrAppend(&help, "\n\n--", flag.name, flag.metavar.empty() ? "" : " ",
                    flag.metavar, flag.is_required ? "  (required)" : "",
                    flag.is_unsupported ? "  (not supported)" : "", "\n      ",
                    flag.help);
  absl::StrAppend(&help,
                  "\n\n--help\n      this text\n\nexit code: 0 when all went "
                  "well, 1 with a message on the standard error when not.\n");
  return help;
}

int CommandLine::ParseOrExitCode(int argc, char** argv) const {
  bool wants_help = false;
  const absl::Status status =
      Parse(std::vector<std::string>(argv + 1, argv + argc), &wants_help);
  if (wants_help) {
    std::cout << Help();
    return 0;
  }
  if (status.ok()) return -1;
  std::cerr << tool_ << ": " << status.message() << "; see --help\n";
  return 1;
}

}  // namespace tpuc
