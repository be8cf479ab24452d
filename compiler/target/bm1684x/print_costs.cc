// SPDX-License-Identifier: Apache-2.0
// print_costs TIU_STREAM GDMA_STREAM: costs of encoded instructions, for
// comparison with another model. The files hold instructions back to back, as
// command buffers do, end instructions not needed. Prints a line for each:
// cycles and bytes, or the reason why they are not known.
#include <iostream>
#include <string>

#include "compiler/isa/encoding.h"
#include "compiler/support/file.h"
#include "compiler/target/bm1684x/cycles.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: print_costs TIU_STREAM GDMA_STREAM\n";
    return 1;
  }
  for (int e = 0; e < 2; ++e) {
    const auto engine =
        e == 0 ? tpuc::isa::Engine::kTiu : tpuc::isa::Engine::kGdma;
    absl::StatusOr<std::string> bytes = tpuc::ReadFile(argv[1 + e]);
    if (!bytes.ok()) {
      std::cerr << "print_costs: " << bytes.status().message() << "\n";
      return 1;
    }
    for (size_t at = 0; at < bytes->size();) {
      auto decoded = tpuc::isa::Decode(engine, *bytes, at);
      if (!decoded.ok()) {
        std::cerr << "print_costs: " << decoded.status().message() << "\n";
        return 1;
      }
      at += decoded->size;
      auto cost = tpuc::bm1684x::CostOf(decoded->instruction);
      if (cost.ok())
        std::cout << cost->cycles << " " << cost->bytes << "\n";
      else
        std::cout << cost.status().message() << "\n";
    }
  }
  return 0;
}
