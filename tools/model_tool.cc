// SPDX-License-Identifier: Apache-2.0
// Looks into .bmodel files; see --help.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/cc_header.h"
#include "compiler/bmodel/combine.h"
#include "compiler/bmodel/listing.h"
#include "compiler/isa/encoding.h"
#include "compiler/isa/verify.h"
#include "compiler/support/file.h"
#include "runtime/profiler/profile.h"

namespace tpuc {
namespace {

const char kHelp[] =
    R"(Looks into .bmodel files, edits their instructions, and puts files together.

usage: model_tool info FILE
       model_tool disasm FILE [-o LISTING]
       model_tool asm LISTING --into FILE -o OUT
       model_tool verify FILE
       model_tool cycles FILE
       model_tool combine FILE... -o OUT
       model_tool extract FILE [--net NAME] [--stage NUMBER] -o OUT
       model_tool header FILE --namespace NAME --symbol NAME -o OUT

info     prints nets, stages, tensors, memory and command groups.
disasm   prints the TIU and GDMA instructions of every command group, one to a
         line, to LISTING or to the standard output. Fields that have their
         usual value are left out. docs/isa/bm1684x.md explains the fields.
asm      writes OUT: FILE with its command groups replaced by those of LISTING.
         Every other byte stays. Command groups that LISTING does not name stay
         as they are. A group may shrink, but not grow beyond the room it has.
         An unchanged listing gives an unchanged file.
verify   checks every instruction against the documented limits of the
         hardware, and command ids and waits of each command group.
cycles   prints start, end, cycles and bytes of every instruction by the cycle
         model, in the order of their start, and each stage's total.
         model_runner --profile draws and sums up the same.
combine  writes OUT: one file of the nets of all FILEs. Nets of one name become
         stages of one net, for several input shapes; they must have the same
         inputs and outputs. Equal weights are stored once.
extract  writes OUT: a file of one net, or of one of its stages. A file that
         combine took in comes out with its old bytes, but for texts and
         firmware of the other files. A net has to be named where there are
         several. Without --stage: all stages.
header   writes OUT: a C++ header with the types of the nets' inputs and outputs
         (runtime/typed_runner.h) for a program that holds the bytes of FILE
         from the symbol NAME to NAME_end, as tpu_cc_library makes it.
info, combine and extract may be written as options: --info FILE.

options:
  -o FILE        output file; written only when all went well
  --into FILE    the .bmodel whose command groups asm replaces
  --net NAME     the net that extract takes
  --stage NUMBER the stage that extract takes, from 0
  --namespace NAME, --symbol NAME
                 C++ names that header takes
  --help, -h     this text

exit code: 0 when all went well, 1 with a message on the standard error when not.
)";

int Fail(absl::string_view what) {
  std::cerr << "model_tool: " << what << "\n";
  return 1;
}

struct Arguments {
  std::vector<std::string> positional;
  std::string output, into, net, stage, cc_namespace, symbol;
};

// False after a message. `options` are those of the command.
bool ParseArguments(int argc, char** argv,
                    const std::vector<absl::string_view>& options,
                    Arguments& arguments) {
  for (int i = 2; i < argc; ++i) {
    std::string word = argv[i];
    if (word.size() < 2 || word[0] != '-') {
      arguments.positional.push_back(word);
      continue;
    }
    if (std::find(options.begin(), options.end(), word) == options.end()) {
      Fail(absl::StrCat("unknown option ", word, "; see model_tool --help"));
      return false;
    }
    if (i + 1 == argc) {
      Fail(absl::StrCat(word, " needs a value"));
      return false;
    }
    (word == "-o"            ? arguments.output
     : word == "--into"      ? arguments.into
     : word == "--net"       ? arguments.net
     : word == "--namespace" ? arguments.cc_namespace
     : word == "--symbol"    ? arguments.symbol
                             : arguments.stage) = argv[++i];
  }
  return true;
}

absl::StatusOr<bmodel::Model> Load(const std::string& path) {
  absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<bmodel::Model> model = bmodel::Parse(*bytes);
  if (!model.ok())
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", model.status().message()));
  return model;
}

void PrintTensors(absl::string_view what,
                  const std::vector<bmodel::TensorRecord>& tensors,
                  std::string& out) {
  for (const bmodel::TensorRecord& t : tensors) {
    absl::StrAppendFormat(&out, "    %s %s: [%s] %s, %d bytes at 0x%x", what,
                          t.name, absl::StrJoin(t.shape, ", "), Name(t.dtype),
                          t.size, t.address);
    if (t.scale != 1.0f || t.zero_point != 0)
      absl::StrAppendFormat(&out, ", scale %.9g, zero point %d", t.scale,
                            t.zero_point);
    out += "\n";
  }
}

std::string Info(const bmodel::Model& model) {
  std::string out = absl::StrCat("chip ", model.chip, ", type ", model.type,
                                 ", version ", model.version, "\n");
  if (model.kernel_module)
    absl::StrAppendFormat(&out, "kernel module %s, %d bytes\n",
                          model.kernel_module->file_name,
                          model.kernel_module->data.size());
  for (const bmodel::Net& net : model.nets) {
    absl::StrAppendFormat(&out, "net %s, address mode %d\n", net.name,
                          net.addr_mode);
    for (size_t s = 0; s < net.stages.size(); ++s) {
      const bmodel::Stage& stage = net.stages[s];
      absl::StrAppendFormat(&out, "  stage %d\n", s);
      PrintTensors("input", stage.inputs, out);
      PrintTensors("output", stage.outputs, out);
      if (stage.coeff)
        absl::StrAppendFormat(&out, "    weights: %d bytes at 0x%x\n",
                              stage.coeff->data.size(), stage.coeff->address);
      absl::StrAppendFormat(&out, "    tensors: %d bytes at 0x%x\n",
                            stage.ctx_size(), stage.ctx_address);
      if (stage.io_size != 0)
        absl::StrAppendFormat(&out,
                              "    inputs and outputs: %d bytes at 0x%x\n",
                              stage.io_size, stage.io_address);
      for (size_t g = 0; g < stage.groups.size(); ++g)
        absl::StrAppendFormat(
            &out,
            "    command group %d: %d TIU instructions in %d bytes, %d GDMA "
            "instructions in %d bytes\n",
            g, stage.groups[g].num_tiu, stage.groups[g].tiu.size(),
            stage.groups[g].num_gdma, stage.groups[g].gdma.size());
      for (const bmodel::SubNet& sub_net : stage.sub_nets)
        absl::StrAppendFormat(
            &out,
            "    sub-net %d: mode %d, %s, command groups [%s], next [%s]\n",
            sub_net.id, sub_net.mode, sub_net.is_dynamic ? "dynamic" : "static",
            absl::StrJoin(sub_net.groups, ", "),
            absl::StrJoin(sub_net.next_ids, ", "));
    }
  }
  return out;
}

int RunInfo(const Arguments& arguments) {
  absl::StatusOr<bmodel::Model> model = Load(arguments.positional[0]);
  if (!model.ok()) return Fail(model.status().message());
  std::cout << Info(*model);
  return 0;
}

int RunDisasm(const Arguments& arguments) {
  absl::StatusOr<bmodel::Model> model = Load(arguments.positional[0]);
  if (!model.ok()) return Fail(model.status().message());
  absl::StatusOr<std::string> listing = bmodel::WriteListing(*model);
  if (!listing.ok())
    return Fail(absl::StrCat(arguments.positional[0], ": ",
                             listing.status().message()));
  if (arguments.output.empty()) {
    std::cout << *listing;
    return 0;
  }
  absl::Status status = WriteFileAtomically(arguments.output, *listing);
  return status.ok() ? 0 : Fail(status.message());
}

int RunAsm(const Arguments& arguments) {
  if (arguments.into.empty() || arguments.output.empty())
    return Fail("asm needs --into FILE and -o OUT");
  absl::StatusOr<std::string> text = ReadFile(arguments.positional[0]);
  if (!text.ok()) return Fail(text.status().message());
  absl::StatusOr<std::string> file = ReadFile(arguments.into);
  if (!file.ok()) return Fail(file.status().message());
  absl::StatusOr<std::vector<bmodel::CommandBuffers>> buffers =
      bmodel::ReadListing(*text);
  if (!buffers.ok())
    return Fail(
        absl::StrCat(arguments.positional[0], ":", buffers.status().message()));
  absl::StatusOr<std::string> patched = bmodel::PatchCommands(*file, *buffers);
  if (!patched.ok())
    return Fail(absl::StrCat(arguments.into, ": ", patched.status().message()));
  absl::Status status = WriteFileAtomically(arguments.output, *patched);
  return status.ok() ? 0 : Fail(status.message());
}

int RunVerify(const Arguments& arguments) {
  const std::string& path = arguments.positional[0];
  absl::StatusOr<bmodel::Model> model = Load(path);
  if (!model.ok()) return Fail(model.status().message());
  size_t groups = 0, instructions = 0;
  for (const bmodel::CommandBuffers& group : bmodel::ListCommands(*model)) {
    auto tiu = isa::DecodeStream(isa::Engine::kTiu, group.tiu);
    auto gdma = isa::DecodeStream(isa::Engine::kGdma, group.gdma);
    absl::Status status = !tiu.ok()    ? tiu.status()
                          : !gdma.ok() ? gdma.status()
                                       : isa::VerifyProgram(tiu->instructions,
                                                            gdma->instructions);
    if (!status.ok())
      return Fail(absl::StrCat(path, ": net ", group.net, ", stage ",
                               group.stage, ", command group ", group.group,
                               ": ", status.message()));
    ++groups;
    instructions += tiu->instructions.size() + gdma->instructions.size();
  }
  std::cout << instructions << " instructions in " << groups
            << " command groups are legal\n";
  return 0;
}

int RunCycles(const Arguments& arguments) {
  const std::string& path = arguments.positional[0];
  absl::StatusOr<bmodel::Model> model = Load(path);
  if (!model.ok()) return Fail(model.status().message());
  std::string out;
  for (size_t n = 0; n < model->nets.size(); ++n) {
    for (size_t s = 0; s < model->nets[n].stages.size(); ++s) {
      absl::StatusOr<profiler::Profile> profile = profiler::MakeProfile(
          *model, static_cast<int>(n), static_cast<int>(s));
      if (!profile.ok())
        return Fail(absl::StrCat(path, ": ", profile.status().message()));
      absl::StrAppend(&out, "net ", profile->net, ", stage ", s, "\n",
                      profiler::Timeline(*profile));
    }
  }
  std::cout << out;
  return 0;
}

int RunCombine(const Arguments& arguments) {
  if (arguments.output.empty()) return Fail("combine needs -o OUT");
  std::vector<std::string> contents;
  for (const std::string& path : arguments.positional) {
    absl::StatusOr<std::string> bytes = ReadFile(path);
    if (!bytes.ok()) return Fail(bytes.status().message());
    contents.push_back(*std::move(bytes));
  }
  std::vector<bmodel::NamedFile> files;
  for (size_t i = 0; i < contents.size(); ++i)
    files.push_back({arguments.positional[i], contents[i]});
  absl::StatusOr<std::string> combined = bmodel::Combine(files);
  if (!combined.ok()) return Fail(combined.status().message());
  absl::Status status = WriteFileAtomically(arguments.output, *combined);
  return status.ok() ? 0 : Fail(status.message());
}

int RunExtract(const Arguments& arguments) {
  if (arguments.output.empty()) return Fail("extract needs -o OUT");
  int stage = -1;
  if (!arguments.stage.empty() &&
      (!absl::SimpleAtoi(arguments.stage, &stage) || stage < 0))
    return Fail(absl::StrCat("--stage is '", arguments.stage,
                             "', which is no number from 0"));
  const std::string& path = arguments.positional[0];
  absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok()) return Fail(bytes.status().message());
  std::string net = arguments.net;
  if (net.empty()) {
    absl::StatusOr<bmodel::Model> model = bmodel::Parse(*bytes);
    if (!model.ok())
      return Fail(absl::StrCat(path, ": ", model.status().message()));
    if (model->nets.size() != 1)
      return Fail(absl::StrCat(
          path, " holds several nets; choose one with --net: ",
          absl::StrJoin(model->nets, ", ",
                        [](std::string* out, const bmodel::Net& each) {
                          *out += each.name;
                        })));
    net = model->nets[0].name;
  }
  absl::StatusOr<std::string> extracted =
      bmodel::Extract({path, *bytes}, net, stage);
  if (!extracted.ok()) return Fail(extracted.status().message());
  absl::Status status = WriteFileAtomically(arguments.output, *extracted);
  return status.ok() ? 0 : Fail(status.message());
}

int RunHeader(const Arguments& arguments) {
  if (arguments.output.empty() || arguments.cc_namespace.empty() ||
      arguments.symbol.empty())
    return Fail("header needs --namespace NAME, --symbol NAME and -o OUT");
  const std::string& path = arguments.positional[0];
  absl::StatusOr<bmodel::Model> model = Load(path);
  if (!model.ok()) return Fail(model.status().message());
  absl::StatusOr<std::string> header = bmodel::CcHeader(
      *model, {BaseName(path), arguments.cc_namespace, arguments.symbol});
  if (!header.ok()) return Fail(header.status().message());
  absl::Status status = WriteFileAtomically(arguments.output, *header);
  return status.ok() ? 0 : Fail(status.message());
}

int Main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--help" || word == "-h") {
      std::cout << kHelp;
      return 0;
    }
  }
  if (argc < 2) return Fail("which command? See model_tool --help");
  struct Command {
    const char* name;
    int (*run)(const Arguments&);
    std::vector<absl::string_view> options;
    bool several_files = false;
    bool as_option = false;  // the spelling --NAME is known, too
  };
  const Command commands[] = {
      {"info", RunInfo, {}, false, true},
      {"disasm", RunDisasm, {"-o"}},
      {"asm", RunAsm, {"-o", "--into"}},
      {"verify", RunVerify, {}},
      {"cycles", RunCycles, {}},
      {"combine", RunCombine, {"-o"}, true, true},
      {"extract", RunExtract, {"-o", "--net", "--stage"}, false, true},
      {"header", RunHeader, {"-o", "--namespace", "--symbol"}}};
  for (const Command& command : commands) {
    absl::string_view word = argv[1];
    if (command.as_option) absl::ConsumePrefix(&word, "--");
    if (command.name != word) continue;
    Arguments arguments;
    if (!ParseArguments(argc, argv, command.options, arguments)) return 1;
    if (command.several_files && arguments.positional.empty())
      return Fail(absl::StrCat(command.name, " takes files, found none"));
    if (!command.several_files && arguments.positional.size() != 1)
      return Fail(absl::StrCat(command.name, " takes one file, found ",
                               arguments.positional.size()));
    return command.run(arguments);
  }
  return Fail(
      absl::StrCat("unknown command '", argv[1], "'; see model_tool --help"));
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
