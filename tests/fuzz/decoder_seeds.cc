// SPDX-License-Identifier: Apache-2.0
// decoder_seeds FOLDER BMODEL...: writes seeds of the decoder's fuzz test,
// whose first byte says what follows (decoder_fuzzer.cc): each instruction form
// as bytes and as text, and the programs of the given files.
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/isa/encoding.h"
#include "compiler/isa/text.h"
#include "compiler/support/file.h"

namespace tpuc {
namespace {

class Writer {
 public:
  explicit Writer(std::string folder) : folder_(std::move(folder)) {}

  void Write(int kind, absl::string_view bytes) {
    const std::string seed =
        absl::StrCat(std::string(1, static_cast<char>(kind)), bytes);
    ok_ &= WriteFileAtomically(absl::StrCat(folder_, "/", count_++), seed).ok();
  }
  bool ok() const { return ok_; }

 private:
  const std::string folder_;
  int count_ = 0;
  bool ok_ = true;
};

constexpr size_t kMaxBytes = 20000;  // of a program's stream

}  // namespace

int Main(int argc, char** argv) {
  if (argc < 2) return 1;
  Writer writer(argv[1]);
  for (int f = 0; f < isa::kNumFormats; ++f) {
    const isa::Instruction instruction(static_cast<isa::Format>(f));
    std::string bytes;
    if (!isa::Encode(instruction, &bytes).ok()) return 1;
    writer.Write(instruction.engine() == isa::Engine::kTiu ? 0 : 1, bytes);
    writer.Write(3, isa::Print(instruction));
  }
  for (int i = 2; i < argc; ++i) {
    const absl::StatusOr<std::string> bytes = ReadFile(argv[i]);
    if (!bytes.ok()) return 1;
    const absl::StatusOr<bmodel::Model> model = bmodel::Parse(*bytes);
    if (!model.ok()) return 1;
    for (const bmodel::CommandBuffers& c : bmodel::ListCommands(*model)) {
      if (c.tiu.size() > kMaxBytes || c.gdma.size() > kMaxBytes) continue;
      writer.Write(0, c.tiu);
      writer.Write(1, c.gdma);
      const std::string size = {static_cast<char>(c.tiu.size()),
                                static_cast<char>(c.tiu.size() >> 8)};
      writer.Write(2, absl::StrCat(size, c.tiu, c.gdma));
    }
  }
  return writer.ok() ? 0 : 1;
}

}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
