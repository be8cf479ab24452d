// SPDX-License-Identifier: Apache-2.0
// write_outputs BMODEL FILE: writes the outputs of a model on drawn inputs.
#include <cstdio>

#include "compiler/support/file.h"
#include "tests/portability/run_drawn.h"

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  const absl::StatusOr<std::string> bytes = tpuc::RunDrawn(argv[1]);
  const absl::Status status =
      bytes.ok() ? tpuc::WriteFileAtomically(argv[2], *bytes) : bytes.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
