// SPDX-License-Identifier: Apache-2.0
// The bmodel loader: any file gives runners for its stages, or a reason.
#include <algorithm>
#include <string>
#include <vector>

#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/cc_header.h"
#include "compiler/bmodel/combine.h"
#include "compiler/bmodel/listing.h"
#include "compiler/bmodel/tensor_location.h"
#include "runtime/runtime.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/mutate_bmodel.h"

namespace tpuc::fuzz {
namespace {

constexpr int kStages = 4;  // runners made of one file; each has a memory

void MakeRunner(const std::shared_ptr<const runtime::Model>& model, int net,
                int stage) {
  runtime::RunnerOptions options;
  options.net = net;
  options.stage = stage;
  options.threads = 1;  // runs nothing
  auto runner = runtime::Runner::Create(model, options);
  if (!runner.ok()) return RequireReason(runner.status());
  const absl::Status dumps = (*runner)->DumpAllTensors();
  if (!dumps.ok()) RequireReason(dumps);
}

void Check(absl::string_view bytes) {
  const auto model = runtime::Model::FromBytes(bytes, "fuzzed.bmodel");
  if (!model.ok()) return RequireReason(model.status());
  int stages = 0;
  for (int net = 0; net < (*model)->NumNets(); ++net) {
    for (int stage = 0; stage < (*model)->NumStages(net); ++stage) {
      (*model)->Inputs(net, stage);
      (*model)->Outputs(net, stage);
      if (++stages <= kStages) MakeRunner(*model, net, stage);
    }
  }
  // What tools do with a file.
  const auto listing = bmodel::WriteListing((*model)->contents());
  if (!listing.ok()) RequireReason(listing.status());
  const auto copy = bmodel::Serialize((*model)->contents());
  if (!copy.ok()) RequireReason(copy.status());
  const auto header = bmodel::CcHeader((*model)->contents(), {"f", "n", "s"});
  Require(header.ok(), "a file has types of C++");
  const std::string net = (*model)->NetName(0);
  for (const auto& made : {bmodel::Combine({{"fuzzed.bmodel", bytes}}),
                           bmodel::Extract({"fuzzed.bmodel", bytes}, net, 0)}) {
    if (!made.ok()) {
      RequireReason(made.status());
    } else {
      Require(bmodel::Parse(*made).ok(), "a combined file can be read");
    }
  }
}

}  // namespace
}  // namespace tpuc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tpuc::fuzz::TimeLimit limit;
  tpuc::fuzz::Check(tpuc::fuzz::View(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  tpuc::fuzz::Random random(seed);
  bool changed = false;
  if (tpuc::fuzz::Below(random, 4) != 0) {
    for (size_t i = tpuc::fuzz::Below(random, 3) + 1; i > 0; --i) {
      changed |= tpuc::fuzz::MutateBmodel(data, size, random);
    }
  }
  return changed ? size : LLVMFuzzerMutate(data, size, max_size);
}
