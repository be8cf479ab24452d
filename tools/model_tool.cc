// SPDX-License-Identifier: Apache-2.0
// Looks into .bmodel files; see --help.
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/listing.h"
#include "compiler/isa/encoding.h"
#include "compiler/isa/verify.h"
#include "compiler/support/file.h"
#include "runtime/profiler/profile.h"

namespace tpuc {
namespace {

const char kHelp[] = R"(Looks into .bmodel files and edits their instructions.

usage: model_tool info FILE
       model_tool disasm FILE [-o LISTING]
       model_tool asm LISTING --into FILE -o OUT
       model_tool verify FILE
       model_tool cycles FILE

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

options:
  -o FILE        output file; written only when all went well
  --into FILE    the .bmodel whose command groups asm replaces
  --help, -h     this text

exit code: 0 when all went well, 1 with a message on the standard error when not.
)";

int Fail(absl::string_view what) {
  std::cerr << "model_tool: " << what << "\n";
  return 1;
}

struct Arguments {
  std::vector<std::string> positional;
  std::string output, into;
};

// False after a message.
bool ParseArguments(int argc, char** argv, Arguments& arguments) {
  for (int i = 2; i < argc; ++i) {
    std::string word = argv[i];
    std::string* target = word == "-o"       ? &arguments.output
                          : word == "--into" ? &arguments.into
                                             : nullptr;
    if (target != nullptr) {
      if (i + 1 == argc) {
        Fail(absl::StrCat(word, " needs a file name"));
        return false;
      }
      *target = argv[++i];
    } else if (word.size() > 1 && word[0] == '-') {
      Fail(absl::StrCat("unknown option ", word, "; see model_tool --help"));
      return false;
    } else {
      arguments.positional.push_back(word);
    }
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
  };
  const Command commands[] = {{"info", RunInfo},
                              {"disasm", RunDisasm},
                              {"asm", RunAsm},
                              {"verify", RunVerify},
                              {"cycles", RunCycles}};
  for (const Command& command : commands) {
    if (command.name != absl::string_view(argv[1])) continue;
    Arguments arguments;
    if (!ParseArguments(argc, argv, arguments)) return 1;
    if (arguments.positional.size() != 1)
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
