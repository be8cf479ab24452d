// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/listing.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "compiler/isa/encoding.h"
#include "compiler/isa/text.h"

namespace tpuc::bmodel {
namespace {

absl::Status WriteStream(isa::Engine engine, absl::string_view bytes,
                         uint32_t expected, const std::string& where,
                         std::string& out) {
  absl::StatusOr<isa::DecodedStream> stream = isa::DecodeStream(engine, bytes);
  if (!stream.ok())
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": ", stream.status().message()));
  if (stream->instructions.size() != expected)
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": the file counts ", expected, " ", Name(engine),
        " instructions, the stream holds ", stream->instructions.size()));
  absl::StrAppend(&out, engine == isa::Engine::kTiu ? ".tiu\n" : ".gdma\n");
  for (const isa::Instruction& instruction : stream->instructions) {
    isa::Print(instruction, &out);
    out += '\n';
  }
  return absl::OkStatus();
}

class ListingReader {
 public:
  absl::StatusOr<std::vector<CommandBuffers>> Run(absl::string_view text) {
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      ++line_;
      line = line.substr(0, line.find(';'));
      size_t indent = line.find_first_not_of(" \t\r");
      if (indent == absl::string_view::npos) continue;
      absl::Status status = line[indent] == '.'
                                ? Directive(line.substr(indent), indent)
                                : AddInstruction(line);
      if (!status.ok()) return status;
    }
    absl::Status status = CloseStream();
    if (!status.ok()) return status;
    if (groups_.empty()) return Error(0, "the listing holds no .group");
    return std::move(groups_);
  }

 private:
  absl::Status Error(size_t column, absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(line_, ":", column + 1, ": ", what));
  }

  absl::Status Directive(absl::string_view text, size_t column) {
    std::vector<absl::string_view> words =
        absl::StrSplit(text, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    absl::Status status = CloseStream();
    if (!status.ok()) return status;
    if (words[0] == ".group") return Group(words, column);
    bool tiu = words[0] == ".tiu", gdma = words[0] == ".gdma";
    if (!tiu && !gdma)
      return Error(column, absl::StrCat("unknown directive '", words[0],
                                        "'; .group, .tiu and .gdma exist"));
    if (groups_.empty())
      return Error(column, absl::StrCat(words[0], " before any .group"));
    engine_ = tiu ? isa::Engine::kTiu : isa::Engine::kGdma;
    bytes_ = tiu ? &groups_.back().tiu : &groups_.back().gdma;
    count_ = tiu ? &groups_.back().num_tiu : &groups_.back().num_gdma;
    if (*count_ != 0)
      return Error(column, absl::StrCat("second ", words[0], " of the group"));
    return absl::OkStatus();
  }

  absl::Status Group(const std::vector<absl::string_view>& words,
                     size_t column) {
    CommandBuffers group{-1, -1, -1};
    for (size_t i = 1; i < words.size(); ++i) {
      absl::string_view word = words[i];
      int* target = absl::ConsumePrefix(&word, "net=")     ? &group.net
                    : absl::ConsumePrefix(&word, "stage=") ? &group.stage
                    : absl::ConsumePrefix(&word, "group=") ? &group.group
                                                           : nullptr;
      if (target == nullptr || !absl::SimpleAtoi(word, target) || *target < 0)
        return Error(column, absl::StrCat("cannot read '", words[i], "'"));
    }
    if (group.net < 0 || group.stage < 0 || group.group < 0)
      return Error(column, ".group needs net=, stage= and group=");
    for (const CommandBuffers& other : groups_)
      if (other.net == group.net && other.stage == group.stage &&
          other.group == group.group)
        return Error(column, "the listing has this group already");
    groups_.push_back(std::move(group));
    return absl::OkStatus();
  }

  absl::Status AddInstruction(absl::string_view line) {
    if (bytes_ == nullptr)
      return Error(0, "an instruction outside of .tiu and .gdma");
    absl::StatusOr<isa::Instruction> instruction = isa::Parse(line, line_);
    if (!instruction.ok()) return instruction.status();
    if (instruction->engine() != engine_)
      return Error(0, absl::StrCat(instruction->info().name, " is no ",
                                   Name(engine_), " instruction"));
    if (ended_) return Error(0, "an instruction behind the end instruction");
    ended_ = instruction->IsEnd();
    ++*count_;
    return isa::Encode(*instruction, bytes_);
  }

  absl::Status CloseStream() {
    if (bytes_ != nullptr && !ended_)
      return Error(0, absl::StrCat("the ", Name(engine_),
                                   " stream has no end instruction"));
    bytes_ = nullptr;
    ended_ = false;
    return absl::OkStatus();
  }

  int line_ = 0;
  std::vector<CommandBuffers> groups_;
  isa::Engine engine_ = isa::Engine::kTiu;
  std::string* bytes_ = nullptr;  // of the open stream
  uint32_t* count_ = nullptr;
  bool ended_ = false;
};

}  // namespace

absl::StatusOr<std::string> WriteListing(const Model& model) {
  std::string out;
  for (const CommandBuffers& group : ListCommands(model)) {
    std::string where =
        absl::StrCat("net \"", model.nets[group.net].name, "\", stage ",
                     group.stage, ", command group ", group.group);
    absl::StrAppend(&out, "; ", where, ": ", group.num_tiu, " TIU, ",
                    group.num_gdma, " GDMA instructions\n",
                    ".group net=", group.net, " stage=", group.stage,
                    " group=", group.group, "\n");
    absl::Status status =
        WriteStream(isa::Engine::kTiu, group.tiu, group.num_tiu, where, out);
    if (status.ok())
      status = WriteStream(isa::Engine::kGdma, group.gdma, group.num_gdma,
                           where, out);
    if (!status.ok()) return status;
  }
  return out;
}

absl::StatusOr<std::vector<CommandBuffers>> ReadListing(
    absl::string_view text) {
  return ListingReader().Run(text);
}

}  // namespace tpuc::bmodel
