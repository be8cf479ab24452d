// SPDX-License-Identifier: Apache-2.0
// Functions of one element in 8 bits, which are tables, and the channels of
// what they read and give.
#pragma once

#include <string>
#include <vector>

#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

// Functions of one element that have a table in 8 bits.
template <typename... Ops>
struct OpList {
  static bool Has(mlir::Operation* op) { return mlir::isa<Ops...>(op); }
  template <typename F>
  static void ForEach(const F& f) {
    (f(static_cast<Ops*>(nullptr)), ...);
  }
};
using UnaryOps =
    OpList<top::AddConstOp, top::MulConstOp, top::ReluOp, top::ClipOp,
           top::HardSigmoidOp, top::HardSwishOp, top::SigmoidOp, top::SiLUOp,
           top::AbsOp, top::SqrtOp, top::ReciprocalOp, top::TanhOp, top::EluOp,
           top::LeakyReluOp, top::LogOp, top::SoftplusOp, top::ErfOp,
           top::GeluOp, top::ExpOp>;

// Whether it is a weight in f32.
bool IsConstant(mlir::Value value);

// Whether the table of the operation that reads the result does for this one,
// too: nothing else reads it.
bool JoinsNext(mlir::Operation* op, const Lowering& lowering);

// What the interpreter of top computes with the functions, one behind the
// other, of each number.
void Apply(llvm::ArrayRef<mlir::Operation*> functions,
           std::vector<float>& values);

// How the result of a convolution or function is stored.
struct ResultStorage {
  QuantizedType type;  // null after an error
  // A scale and zero point for each channel, which the type doesn't tell;
  // empty: the type's for all. Such a tensor can't be compared with that of the
  // float network, so its name gets `suffix`.
  std::vector<quantization::Storage> channels;
  const char* suffix = "";
};

// By channels, where the calibration table has their ranges and nothing but a
// function or depthwise convolutions, in 8 bits, reads the result; else as
// `calibrated` says.
ResultStorage StorageOfResult(mlir::Value result, Lowering& lowering,
                              llvm::function_ref<QuantizedType()> calibrated);

}  // namespace tpuc
