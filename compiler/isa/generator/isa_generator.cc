// SPDX-License-Identifier: Apache-2.0
// Turns the instruction tables into C++ and TableGen.
//
//   isa_generator header|source|ops|op-fields TIU.csv GDMA.csv OUT
#include <fstream>
#include <iostream>
#include <string>

#include "compiler/isa/generator/emit_cc.h"
#include "compiler/isa/generator/emit_dialect.h"
#include "compiler/isa/generator/table.h"

int main(int argc, char** argv) {
  namespace generator = tpuc::isa::generator;
  if (argc != 5) {
    std::cerr << "usage: isa_generator header|source|ops|op-fields TIU.csv "
                 "GDMA.csv OUT\n";
    return 1;
  }
  std::string what = argv[1];
  std::vector<generator::Format> formats =
      generator::ReadTables(argv[2], argv[3]);
  std::ofstream out(argv[4]);
  if (what == "header") {
    generator::EmitHeader(formats, out);
  } else if (what == "source") {
    generator::EmitSource(formats, out);
  } else if (what == "ops") {
    generator::EmitOps(formats, out);
  } else if (what == "op-fields") {
    generator::EmitOpFields(formats, out);
  } else {
    std::cerr << "isa_generator: unknown output '" << what << "'\n";
    return 1;
  }
  out.flush();
  if (!out) {
    std::cerr << "isa_generator: cannot write " << argv[4] << "\n";
    return 1;
  }
  return 0;
}
