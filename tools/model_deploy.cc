// SPDX-License-Identifier: Apache-2.0
// Compiles a network for a chip; see --help.
#include <unistd.h>

#include <iostream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/conversion/tpu_to_isa/encode.h"
#include "compiler/deploy/compile.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/support/command_line.h"
#include "compiler/support/file.h"
#include "mlir/IR/MLIRContext.h"

namespace tpuc {
namespace {

struct Options {
  std::string mlir, quantize, chip, model;
  std::string tolerance = "0.8,0.5", test_input, test_reference, excepts;
  bool debug = false;
};

void Declare(CommandLine& line, Options& options) {
  line.Required("mlir", &options.mlir, "FILE",
                "the network, as model_transform writes it");
  line.Required("quantize", &options.quantize, "TYPE", "F32, F16 or BF16");
  line.Required("chip", &options.chip, "CHIP", "bm1684x");
  line.Required("model", &options.model, "FILE", "the .bmodel to write");
  line.Switch("debug", &options.debug,
              "keep intermediate files beside the model: MODEL_tpu.mlir and "
              "MODEL_final.mlir with their weights");
}

absl::Status Deploy(const Options& options) {
  const std::string quantize = absl::AsciiStrToUpper(options.quantize);
  const std::string stem = WithoutExtension(options.model);
  const auto step = [&](const std::string& what) {
    if (isatty(2)) std::cerr << "model_deploy: " << what << "\n";
  };
  mlir::MLIRContext context;
  LoadDialects(&context);
  step(absl::StrCat("reading ", options.mlir));
  auto module = LoadModule(&context, options.mlir);
  if (!module.ok()) return module.status();
  step("lowering");
  absl::Status status = LowerToTpu(**module, quantize);
  if (!status.ok()) return status;
  if (options.debug) {
    status = SaveModule(**module, absl::StrCat(stem, "_tpu.mlir"));
    if (!status.ok()) return status;
  }
  auto program = CompileProgram(**module, step);
  if (!program.ok()) return program.status();
  if (options.debug) {
    status = SaveModule(**module, absl::StrCat(stem, "_final.mlir"));
    if (!status.ok()) return status;
  }
  step("writing");
  auto model = EncodeProgram(*program, getWeights(&context));
  if (!model.ok()) return model.status();
  auto bytes = bmodel::Serialize(*model);
  if (!bytes.ok()) return bytes.status();
  return WriteFileAtomically(options.model, *bytes);
}

int Main(int argc, char** argv) {
  Options options;
  CommandLine line("model_deploy", "Compiles a network for a chip.");
  Declare(line, options);
  if (int code = line.ParseOrExitCode(argc, argv); code >= 0) return code;
  const absl::Status status = Deploy(options);
  if (status.ok()) return 0;
  std::cerr << "model_deploy: " << options.mlir << ": " << status.message()
            << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
