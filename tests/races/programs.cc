// SPDX-License-Identifier: Apache-2.0
#include "tests/races/programs.h"

#include <gtest/gtest.h>

#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/support/file.h"
#include "runtime/races/program_races.h"

namespace tpuc::races {
namespace {

std::vector<std::string> files;

std::vector<Group> GroupsOf(const std::string& file) {
  std::vector<Group> groups;
  sim::Simulator simulator(LargeDdr());
  const auto model = bmodel::Parse(ReadFile(file).value_or(""));
  EXPECT_TRUE(model.ok()) << file << ": " << model.status();
  if (!model.ok()) return groups;
  for (const bmodel::Net& net : model->nets) {
    for (const bmodel::Stage& stage : net.stages) {
      for (const bmodel::CmdGroup& group : stage.groups) {
        auto program = sim::DecodeProgram(group.tiu, group.gdma);
        EXPECT_TRUE(program.ok()) << program.status();
        if (!program.ok()) return groups;
        auto streams = StreamsOf(*program, simulator);
        EXPECT_TRUE(streams.ok()) << streams.status();
        if (!streams.ok()) return groups;
        groups.push_back({absl::StrCat(file, ", net \"", net.name,
                                       "\", command group ", groups.size()),
                          *std::move(program), *std::move(streams)});
      }
    }
  }
  return groups;
}

}  // namespace

sim::Options LargeDdr() {
  sim::Options options;
  options.ddr_bytes = uint64_t{16} << 30;
  options.threads = 1;
  return options;
}

std::vector<Group> AllGroups() {
  std::vector<Group> all;
  for (const std::string& file : files) {
    for (Group& group : GroupsOf(file)) all.push_back(std::move(group));
  }
  return all;
}

}  // namespace tpuc::races

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  tpuc::races::files.assign(argv + 1, argv + argc);
  if (tpuc::races::files.empty()) {
    std::cerr << "no .bmodel files given\n";
    return 1;
  }
  return RUN_ALL_TESTS();
}
