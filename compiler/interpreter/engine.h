// SPDX-License-Identifier: Apache-2.0
// Walks a function and evaluates its operations; shared by the interpreters of
// top and tpu, which differ in the table of evaluators only.
//
// Example:
//   Evaluators evaluators;
//   evaluators.Add<top::ReluOp>(EvalRelu);
//   absl::StatusOr<TensorMap> tensors = Run(module, evaluators, inputs, {});
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/support/dtype.h"
#include "compiler/support/tensor.h"
#include "llvm/ADT/DenseMap.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace tpuc::interpreter {

struct RunOptions {
  // Worker threads inside an operation. Results do not depend on it.
  int threads = 2;
  // Return every tensor by name; otherwise the function's results only, and
  // tensors are freed after their last use.
  bool keep_all = true;
  // Called after each operation.
  std::function<void(int64_t done, int64_t total)> progress;
};

// The tensors computed so far.
class Values {
 public:
  const Tensor& operator[](mlir::Value value) const;
  // Null for a null value, that is, for an absent optional operand.
  const Tensor* Find(mlir::Value value) const;

 private:
  friend class Engine;
  llvm::DenseMap<mlir::Value, const Tensor*> tensors_;
};

// One function per operation. It returns the operation's single result, whose
// type and shape the engine checks against the IR.
class Evaluators {
 public:
  using Function = std::function<absl::StatusOr<Tensor>(
      mlir::Operation*, const Values&, const RunOptions&)>;

  template <typename Op>
  void Add(absl::StatusOr<Tensor> (*evaluate)(Op, const Values&,
                                              const RunOptions&)) {
    table_[Op::getOperationName().str()] =
        [evaluate](mlir::Operation* op, const Values& values,
                   const RunOptions& options) {
          return evaluate(mlir::cast<Op>(op), values, options);
        };
  }

  // Another function for an operation, such as one that looks at its operands.
  template <typename Op>
  void Replace(Function evaluate) {
    table_[Op::getOperationName().str()] = std::move(evaluate);
  }

  // Null when there is none.
  const Function* Find(mlir::Operation* op) const;

 private:
  std::map<std::string, Function> table_;
};

struct TensorInfo {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
};

// What a module's function takes and gives, in order.
struct Signature {
  std::vector<TensorInfo> inputs;   // the `top.Input` operations
  std::vector<TensorInfo> outputs;  // the operands of `return`
};
absl::StatusOr<Signature> SignatureOf(mlir::ModuleOp module);

// Runs the function `main` of `module`. `inputs` holds a tensor of the right
// type and shape for every `top.Input` by name; others are ignored. Errors name
// the operation: missing input, wrong shape, operation without evaluator.
absl::StatusOr<TensorMap> Run(mlir::ModuleOp module,
                              const Evaluators& evaluators,
                              const TensorMap& inputs,
                              const RunOptions& options);

// Storage type of an MLIR element type; an error for types without one.
absl::StatusOr<DType> DTypeOf(mlir::Type element);
// A zero tensor of the value's type and shape.
absl::StatusOr<Tensor> MakeResult(mlir::Value value);

}  // namespace tpuc::interpreter
