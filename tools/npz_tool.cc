// SPDX-License-Identifier: Apache-2.0
// Looks into .npz files and compares them; see --help.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "compiler/support/comparison.h"
#include "compiler/support/file.h"
#include "compiler/support/flag_values.h"
#include "compiler/support/npz.h"
#include "compiler/support/spread.h"

namespace tpuc {
namespace {

const char kHelp[] = R"(Looks into .npz files and compares them.

usage: npz_tool compare TARGET.npz REFERENCE.npz [--tolerance COSINE,EUCLIDEAN]
                [--exact] [--whole_target] [--excepts NAME,...] [-v]
       npz_tool compare SIMILARITIES.json [the same flags]
       npz_tool spread FILE.npz [--min_distinct COUNT] [--min_deviation VALUE]
                [--excepts NAME,...]
       npz_tool dump FILE.npz [NAME [COUNT]]
       npz_tool extract FILE.npz OUT.npz NAME,...
       npz_tool rename FILE.npz OLD NEW [OUT.npz]
       npz_tool to_dat FILE.npz OUT.dat

compare  compares the arrays that both files have, by name. Fails when nothing
         was compared, when a value is infinite or NaN, and when a similarity
         is below the tolerance; then it names the first array that diverges,
         in the order of TARGET.npz, and its neighbours. Euclidean similarity is
         1 - |a-b| / |(a+b)/2|. A .json holds the similarities of two models'
         tensors; model_runner --reference_model writes it.
spread   fails, naming the array, when one hardly varies: when it has fewer
         different values than asked for (or than elements, if those are fewer),
         or a smaller standard deviation. Any two such arrays are alike.
dump     lists the arrays: name, shape, element type, least, greatest and mean
         value. With NAME prints that array, COUNT values of it (default 100;
         -1 for all). NAME "output" stands for the last array when there is
         none of that name.
extract  writes OUT.npz with some of the arrays.
rename   gives an array another name, in the file itself or in OUT.npz.
to_dat   writes the bytes of all arrays, one after the other.

flags:
  --tolerance COSINE,EUCLIDEAN
      least similarities of compare  (default 0.99,0.99)
  --exact
      compare wants equal bits
  --whole_target
      compare requires that the reference has every array of the target
  --except NAME,..., --excepts NAME,...
      arrays that compare and spread leave out
  --min_distinct COUNT
      least different values for spread  (default 100)
  --min_deviation VALUE
      least standard deviation for spread  (default 0.001)
  -v, -vv, -vvv
      compare prints every array
  --help, -h
      this text

exit code: 0 when all went well, 1 with a message on the standard error when not
)";

struct Arguments {
  std::vector<std::string> words;
  std::string tolerance = "0.99,0.99", excepts;
  std::string min_distinct = "100", min_deviation = "0.001";
  bool verbose = false, exact = false, whole_target = false;
};

absl::Status Usage(const std::string& message) {
  return absl::InvalidArgumentError(
      absl::StrCat(message, "; --help shows the usage"));
}

absl::StatusOr<Arguments> ParseArguments(int argc, char** argv) {
  Arguments result;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals);
    std::string* target = nullptr;
    if (name == "--tolerance") target = &result.tolerance;
    if (name == "--except" || name == "--excepts") target = &result.excepts;
    if (name == "--min_distinct") target = &result.min_distinct;
    if (name == "--min_deviation") target = &result.min_deviation;
    if (target != nullptr) {
      if (equals < word.size()) {
        *target = word.substr(equals + 1);
      } else if (i + 1 < argc) {
        *target = argv[++i];
      } else {
        return Usage(absl::StrCat(name, " needs a value"));
      }
    } else if (word == "--whole_target") {
      result.whole_target = true;
    } else if (word == "-v" || word == "-vv" || word == "-vvv") {
      result.verbose = true;
    } else if (word == "--exact") {
      result.exact = true;
    } else if (word.size() > 2 && absl::StartsWith(word, "--")) {
      return Usage(absl::StrCat("unknown flag '", name, "'"));
    } else {
      result.words.push_back(word);
    }
  }
  return result;
}

absl::StatusOr<Measurements> MeasureFiles(const std::string& target_path,
                                          const std::string& reference_path) {
  std::vector<std::string> order;
  auto target = ReadNpz(target_path, &order);
  if (!target.ok()) return target.status();
  auto reference = ReadNpz(reference_path);
  if (!reference.ok()) return reference.status();
  return Measure(*target, *reference, order);
}

absl::StatusOr<Measurements> ReadMeasurements(const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  auto measurements = MeasurementsFromJson(*text);
  if (measurements.ok()) return measurements;
  return absl::InvalidArgumentError(
      absl::StrCat("'", path, "': ", measurements.status().message()));
}

absl::Status CompareFiles(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  const bool measured = words.size() == 2 && absl::EndsWith(words[1], ".json");
  if (!measured && words.size() != 3) {
    return Usage(
        "compare takes TARGET.npz and REFERENCE.npz, or SIMILARITIES.json");
  }
  auto tolerance = ParseTolerance(arguments.tolerance);
  if (!tolerance.ok()) return tolerance.status();
  auto measurements =
      measured ? ReadMeasurements(words[1]) : MeasureFiles(words[1], words[2]);
  if (!measurements.ok()) return measurements.status();
  ComparisonOptions options;
  options.min_cosine = tolerance->first;
  options.min_euclidean = tolerance->second;
  options.exact = arguments.exact;
  options.whole_target = arguments.whole_target;
  if (!measured) {
    options.target_name = absl::StrCat("'", words[1], "'");
    options.reference_name = absl::StrCat("'", words[2], "'");
  }
  for (const std::string& name : SplitNames(arguments.excepts)) {
    options.excepts.insert(name);
  }
  const Comparison comparison = Judge(*measurements, options);
  if (arguments.verbose) {
    for (const Comparison::Row& row : comparison.rows) {
      std::cout << (row.passed ? "pass  '" : "FAIL  '") << row.name << "': "
                << (row.error.empty() ? ToString(row.similarity) : row.error)
                << "\n";
    }
  }
  if (!comparison.passed) {
    return absl::FailedPreconditionError(comparison.summary);
  }
  std::cout << comparison.summary << "\n";
  return absl::OkStatus();
}

absl::Status CheckSpreads(const Arguments& arguments) {
  if (arguments.words.size() != 2) return Usage("spread takes FILE.npz");
  SpreadOptions options;
  if (!absl::SimpleAtoi(arguments.min_distinct, &options.min_distinct) ||
      options.min_distinct < 0) {
    return Usage(absl::StrCat("--min_distinct is '", arguments.min_distinct,
                              "'; it takes a count"));
  }
  if (!absl::SimpleAtod(arguments.min_deviation, &options.min_deviation) ||
      !(options.min_deviation >= 0)) {
    return Usage(absl::StrCat("--min_deviation is '", arguments.min_deviation,
                              "'; it takes a number from 0"));
  }
  for (const std::string& name : SplitNames(arguments.excepts)) {
    options.excepts.insert(name);
  }
  std::vector<std::string> order;
  auto tensors = ReadNpz(arguments.words[1], &order);
  if (!tensors.ok()) return tensors.status();
  if (absl::Status s = CheckSpread(*tensors, options); !s.ok()) return s;
  for (const std::string& name : order) {
    const Spread spread = SpreadOf(tensors->at(name));
    std::cout << absl::StrFormat(
        "'%s': %d different values among %d, standard deviation %g\n", name,
        spread.distinct, spread.count, spread.deviation);
  }
  return absl::OkStatus();
}

void PrintLine(const std::string& name, const Tensor& tensor) {
  const std::vector<double> values = ToDouble(tensor);
  double sum = 0;
  for (double v : values) sum += v;
  std::cout << name << "  (" << absl::StrJoin(tensor.shape(), ", ") << ")  "
            << Name(tensor.dtype());
  if (!values.empty()) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    std::cout << absl::StrFormat("  min %g  max %g  mean %g", *low, *high,
                                 sum / values.size());
  }
  std::cout << "\n";
}

absl::Status Dump(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  int64_t count = 100;
  if (words.size() < 2 || words.size() > 4 ||
      (words.size() == 4 && !absl::SimpleAtoi(words[3], &count))) {
    return Usage("dump takes FILE.npz, a name and a count");
  }
  std::vector<std::string> order;
  auto tensors = ReadNpz(words[1], &order);
  if (!tensors.ok()) return tensors.status();
  if (words.size() == 2) {
    for (const std::string& name : order) PrintLine(name, tensors->at(name));
    return absl::OkStatus();
  }
  std::string name = words[2];
  if (tensors->count(name) == 0 && name == "output" && !order.empty()) {
    name = order.back();
  }
  const auto it = tensors->find(name);
  if (it == tensors->end()) {
    return absl::NotFoundError(
        absl::StrCat("'", words[1], "' has no array '", name,
                     "'; it has: ", absl::StrJoin(order, ", ")));
  }
  PrintLine(name, it->second);
  const std::vector<double> values = ToDouble(it->second);
  const int64_t total = static_cast<int64_t>(values.size());
  const int64_t shown = count < 0 ? total : std::min(count, total);
  for (int64_t i = 0; i < shown; ++i) {
    std::cout << absl::StrFormat("%.9g", values[i])
              << ((i + 1) % 8 == 0 || i + 1 == shown ? "\n" : " ");
  }
  if (shown < total) std::cout << "... " << total - shown << " more\n";
  return absl::OkStatus();
}

absl::Status Extract(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  if (words.size() < 4) return Usage("extract takes FILE.npz, OUT.npz, names");
  auto tensors = ReadNpz(words[1]);
  if (!tensors.ok()) return tensors.status();
  TensorMap chosen;
  std::vector<std::string> order;
  for (size_t i = 3; i < words.size(); ++i) {
    for (const std::string& name : SplitNames(words[i])) {
      const auto it = tensors->find(name);
      if (it == tensors->end()) {
        return absl::NotFoundError(
            absl::StrCat("'", words[1], "' has no array '", name, "'"));
      }
      chosen[name] = it->second;
      order.push_back(name);
    }
  }
  return WriteNpz(words[2], chosen, order);
}

absl::Status Rename(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  if (words.size() != 4 && words.size() != 5) {
    return Usage("rename takes FILE.npz, OLD and NEW");
  }
  std::vector<std::string> order;
  auto tensors = ReadNpz(words[1], &order);
  if (!tensors.ok()) return tensors.status();
  auto node = tensors->extract(words[2]);
  if (node.empty()) {
    return absl::NotFoundError(
        absl::StrCat("'", words[1], "' has no array '", words[2], "'"));
  }
  if (tensors->count(words[3]) != 0) {
    return absl::AlreadyExistsError(
        absl::StrCat("'", words[1], "' already has an array '", words[3], "'"));
  }
  node.key() = words[3];
  tensors->insert(std::move(node));
  std::replace(order.begin(), order.end(), words[2], words[3]);
  return WriteNpz(words.size() == 5 ? words[4] : words[1], *tensors, order);
}

absl::Status ToDat(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  if (words.size() != 3) return Usage("to_dat takes FILE.npz and OUT.dat");
  std::vector<std::string> order;
  auto tensors = ReadNpz(words[1], &order);
  if (!tensors.ok()) return tensors.status();
  std::string bytes;
  for (const std::string& name : order) {
    const Tensor& tensor = tensors->at(name);
    bytes.append(static_cast<const char*>(tensor.raw()), tensor.SizeInBytes());
  }
  return WriteFileAtomically(words[2], bytes);
}

absl::Status Run(int argc, char** argv) {
  auto arguments = ParseArguments(argc, argv);
  if (!arguments.ok()) return arguments.status();
  const std::string command =
      arguments->words.empty() ? "" : arguments->words[0];
  if (command == "compare") return CompareFiles(*arguments);
  if (command == "spread") return CheckSpreads(*arguments);
  if (command == "dump") return Dump(*arguments);
  if (command == "extract") return Extract(*arguments);
  if (command == "rename") return Rename(*arguments);
  if (command == "to_dat") return ToDat(*arguments);
  return Usage(command.empty()
                   ? "no command is given"
                   : absl::StrCat("unknown command '", command, "'"));
}

int Main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--help" || std::string(argv[i]) == "-h") {
      std::cout << kHelp;
      return 0;
    }
  }
  const absl::Status status = Run(argc, argv);
  if (status.ok()) return 0;
  std::cerr << "npz_tool: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
