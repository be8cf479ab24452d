// SPDX-License-Identifier: Apache-2.0
// Runs the function of a module; shared by the interpreters of top and tpu,
// which differ in the table of evaluators only.
//
// Example:
//   Evaluators evaluators;
//   evaluators.Add<top::ReluOp>(EvalRelu);
//   absl::StatusOr<TensorMap> tensors = Run(module, evaluators, inputs, {});
//
// Many inputs: prepare once, run each.
//   auto program = Program::Prepare(module, evaluators, /*keep_all=*/false);
//   status = program->RunEach(images, read, write, /*threads=*/2);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/interpreter/evaluators.h"
#include "compiler/support/dtype.h"
#include "compiler/support/tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Value.h"

namespace tpuc::interpreter {

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

struct Plan;  // plan.h

// A module's function, ready to run: kernels made, weights packed, pointwise
// functions attached to what they follow, memory planned. Runs share all of it.
class Program {
 public:
  // The module `main`, with its context's weights, must outlive the program and
  // stay as it is. Errors name the operation. With `keep_all` runs return every
  // tensor; then nothing is fused, which changes no bits.
  static absl::StatusOr<Program> Prepare(mlir::ModuleOp module,
                                         const Evaluators& evaluators,
                                         bool keep_all);
  Program(Program&&);
  ~Program();

  // `inputs` holds a tensor of the right type and shape for every `top.Input`
  // by name; others are ignored. Threads work inside the operations.
  absl::StatusOr<TensorMap> Run(
      const TensorMap& inputs, int threads,
      const std::function<void(int64_t done, int64_t total)>& progress = {})
      const;

  // Runs items 0 to count - 1, several at a time, each on one thread where
  // there are enough of them: takes the inputs of an item from `input` and
  // passes its results to `output`, which are called by several threads.
  // Memory does not grow with `count`. The first error stops everything.
  absl::Status RunEach(
      int64_t count,
      const std::function<absl::StatusOr<TensorMap>(int64_t item)>& input,
      const std::function<absl::Status(int64_t item, TensorMap results)>&
          output,
      int threads) const;

  // Memory that each thread of RunEach needs for tensors.
  size_t TensorBytes() const;

 private:
  explicit Program(std::unique_ptr<Plan> plan);
  std::unique_ptr<Plan> plan_;
};

// Prepares and runs once.
absl::StatusOr<TensorMap> Run(mlir::ModuleOp module,
                              const Evaluators& evaluators,
                              const TensorMap& inputs,
                              const RunOptions& options);

// Storage type of an MLIR element type; an error for types without one.
absl::StatusOr<DType> DTypeOf(mlir::Type element);
// A zero tensor of the value's type and shape.
absl::StatusOr<Tensor> MakeResult(mlir::Value value);

}  // namespace tpuc::interpreter
