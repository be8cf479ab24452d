// SPDX-License-Identifier: Apache-2.0
#include <random>

#include "compiler/dialect/isa/IsaOps.h"
#include "compiler/isa/encoding.h"
#include "gtest/gtest.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::isa {
namespace {

mlir::OwningOpRef<mlir::ModuleOp> NewModule(mlir::OpBuilder &builder) {
  mlir::ModuleOp module = mlir::ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToStart(module.getBody());
  return module;
}

// Instructions of every format, with random bits, become operations and come
// back, directly and through the textual and the generic form.
TEST(IsaDialect, EveryFormatSurvives) {
  mlir::MLIRContext context;
  context.loadDialect<IsaDialect>();
  mlir::OpBuilder builder(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module = NewModule(builder);
  std::mt19937_64 random(5);
  std::vector<Instruction> expected;
  for (int round = 0; round < 10; ++round) {
    for (int f = 0; f < kNumFormats; ++f) {
      const FormatInfo &info = GetFormatInfo(static_cast<Format>(f));
      Instruction instruction(info.format);
      for (int i = 0; i < info.total_bits / 64; ++i)
        instruction.mutable_words()[i] = random();
      if (info.short_form >= 0)
        instruction.Set(info.short_form, info.name[0] == 's');
      instruction.Set(info.opcode_field, info.opcode);
      if (!info.sub_opcodes.empty())
        instruction.Set(
            info.sub_opcode,
            info.sub_opcodes[random() % info.sub_opcodes.size()].code);
      expected.push_back(instruction);
      create(builder, builder.getUnknownLoc(), instruction);
    }
  }
  auto check = [&](mlir::ModuleOp from) {
    size_t i = 0;
    for (mlir::Operation &op : *from.getBody()) {
      ASSERT_LT(i, expected.size());
      Instruction found =
          mlir::cast<InstructionOpInterface>(op).toInstruction();
      EXPECT_TRUE(found == expected[i])
          << expected[i].info().name << " became " << found.info().name;
      ++i;
    }
    EXPECT_EQ(i, expected.size());
  };
  check(*module);
  mlir::ParserConfig config(&context, /*verifyAfterParse=*/false);
  for (bool generic : {false, true}) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    mlir::OpPrintingFlags flags;
    flags.assumeVerified();
    module->print(stream, generic ? flags.printGenericOpForm() : flags);
    mlir::OwningOpRef<mlir::ModuleOp> again =
        mlir::parseSourceString<mlir::ModuleOp>(text, config);
    ASSERT_TRUE(again) << text.substr(0, 2000);
    check(*again);
  }
}

}  // namespace
}  // namespace tpuc::isa
