// SPDX-License-Identifier: Apache-2.0
#include "tools/lib/sample_files.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "compiler/support/file.h"
#include "compiler/support/printable.h"

namespace tpuc {
namespace {

bool IsSample(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  for (const char* extension : {".png", ".jpg", ".jpeg", ".npy", ".npz"})
    if (absl::EndsWith(lower, extension)) return true;
  return false;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SamplesInFolder(
    const std::string& folder, std::vector<std::string>* others) {
  std::error_code error;
  std::vector<std::string> samples;
  for (std::filesystem::directory_iterator it(folder, error), end;
       !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (absl::StartsWith(name, ".")) continue;
    if (IsSample(name)) {
      samples.push_back(JoinPath(folder, name));
    } else {
      others->push_back(name);
    }
  }
  if (error)
    return absl::NotFoundError(absl::StrCat("cannot read the folder '", folder,
                                            "': ", error.message()));
  if (samples.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("the data set is empty: '", folder,
                     "' has no .png, .jpg, .jpeg, .npy or .npz file"));
  std::sort(samples.begin(), samples.end());
  std::sort(others->begin(), others->end());
  return samples;
}

absl::StatusOr<int64_t> FlagNumber(const char* flag, const std::string& text,
                                   int64_t least, int64_t most) {
  int64_t value;
  if (absl::SimpleAtoi(text, &value) && value >= least && value <= most)
    return value;
  return absl::InvalidArgumentError(absl::StrCat("--", flag, " is '", text,
                                                 "'; it takes a number from ",
                                                 least, " to ", most));
}

void SampleFlags::Declare(CommandLine& line) {
  line.Optional("dataset", &dataset_, "FOLDER",
                "the samples: images (.png, .jpg, .jpeg), made inputs as the "
                ".mlir records, or .npy and .npz files with the inputs");
  line.Optional("data_list", &data_list_, "FILE",
                "a text file that names a sample on each line, instead; of a "
                "network with more inputs an .npz, or a file for each input, "
                "separated by commas");
  line.Optional("input_num", &input_num_, "N",
                "take the first N samples only (of a folder, by name)");
}

absl::StatusOr<std::vector<std::string>> SampleFlags::Read(
    const char* tool) const {
  if (dataset_.empty() == data_list_.empty())
    return absl::InvalidArgumentError(
        "give the samples with one of --dataset and --data_list");
  std::vector<std::string> others;
  auto samples = data_list_.empty() ? SamplesInFolder(dataset_, &others)
                                    : SamplesInList(data_list_);
  if (!samples.ok()) return samples.status();
  if (!others.empty())
    std::cerr << tool << ": left out " << others.size() << " of '" << dataset_
              << "' that are no samples, such as '" << Printable(others[0])
              << "'\n";
  if (input_num_.empty()) return samples;
  auto most = FlagNumber("input_num", input_num_, 1, int64_t{1} << 40);
  if (!most.ok()) return most.status();
  if (*most < static_cast<int64_t>(samples->size())) samples->resize(*most);
  return samples;
}

absl::StatusOr<std::vector<std::string>> SamplesInList(
    const std::string& file) {
  auto text = ReadFile(file);
  if (!text.ok()) return text.status();
  std::vector<std::string> samples;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty() && line[0] != '#') samples.emplace_back(line);
  }
  if (samples.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("the data set is empty: '", file, "' lists no file"));
  return samples;
}

}  // namespace tpuc
