// SPDX-License-Identifier: Apache-2.0
// top_images NETWORK.mlir IMAGES.npz PASSES THREADS OUTPUTS
//
// Runs a network of one input on each array of IMAGES.npz, PASSES times, and
// prints of each pass the seconds on the clock, those of the processor, and the
// bytes of memory that the process has had at most. OUTPUTS gets the bytes of
// all outputs of the last pass.
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include "compiler/dialect/top/module_io.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/support/file.h"
#include "compiler/support/npz.h"
#include "mlir/IR/MLIRContext.h"

namespace tpuc {
namespace {

double Seconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double ProcessorSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int64_t Memory() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

absl::Status Run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 5) {
    return absl::InvalidArgumentError("five arguments are needed");
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = LoadModule(&context, arguments[0]);
  if (!module.ok()) return module.status();
  auto signature = interpreter::SignatureOf(**module);
  if (!signature.ok()) return signature.status();
  auto images = ReadNpz(arguments[1]);
  if (!images.ok()) return images.status();
  std::vector<TensorMap> inputs;
  for (auto& [name, image] : *images) {
    inputs.emplace_back();
    inputs.back()[signature->inputs[0].name] = std::move(image);
  }
  auto program = interpreter::PrepareTop(**module, /*keep_all=*/false);
  if (!program.ok()) return program.status();
  std::vector<std::string> outputs(inputs.size());
  for (int pass = 0; pass < std::atoi(arguments[2].c_str()); ++pass) {
    const double wall = Seconds(), cpu = ProcessorSeconds();
    const absl::Status status = program->RunEach(
        static_cast<int64_t>(inputs.size()),
        [&](int64_t i) -> absl::StatusOr<TensorMap> { return inputs[i]; },
        [&](int64_t i, TensorMap results) {
          outputs[i].clear();
          for (const auto& [name, tensor] : results) {
            outputs[i].append(static_cast<const char*>(tensor.raw()),
                              tensor.SizeInBytes());
          }
          return absl::OkStatus();
        },
        std::atoi(arguments[3].c_str()));
    if (!status.ok()) return status;
    std::cout << Seconds() - wall << " " << ProcessorSeconds() - cpu << " "
              << Memory() << std::endl;
  }
  std::string all;
  for (const std::string& output : outputs) all += output;
  return WriteFileAtomically(arguments[4], all);
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) {
  const absl::Status status =
      tpuc::Run(std::vector<std::string>(argv + 1, argv + argc));
  if (status.ok()) return 0;
  std::cerr << "top_images: " << status.message() << "\n";
  return 1;
}
