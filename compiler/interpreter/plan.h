// SPDX-License-Identifier: Apache-2.0
// Internal to the engine: what is known of a function before it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/interpreter/evaluators.h"
#include "compiler/support/dtype.h"
#include "compiler/support/tensor.h"
#include "llvm/ADT/DenseMap.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc::interpreter {

// Where the bytes of a value are.
enum class Place {
  kNowhere,  // it never is whole: a step computes it on the way
  kWeight,   // in the weight store
  kInput,    // in the caller's inputs
  kArena,    // at `offset` of the run's memory
  kOwned,    // in the tensor that an evaluator returned
};

struct PlannedValue {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  size_t bytes = 0;
  Place place = Place::kNowhere;
  const Tensor* weight = nullptr;
  // The value whose bytes these are, itself mostly. Place and offset are the
  // root's.
  int root = 0;
  size_t offset = 0;
  // Of roots: the steps that write it first and read it last.
  int first_step = 0, last_step = 0;
};

struct Step {
  enum class Kind { kEvaluate, kKernel, kCopy, kRename };
  struct Link {
    Pointwise function;
    int other = -1;
  };

  Kind kind = Kind::kEvaluate;
  mlir::Operation* op = nullptr;  // the first one; `links` are others
  const Evaluators::Function* evaluate = nullptr;
  std::unique_ptr<Kernel> kernel;
  std::vector<int> operands;
  std::vector<Link> links;
  int result = 0;
  std::vector<int> release;  // roots in kOwned that nothing reads any more
};

struct Plan {
  llvm::DenseMap<mlir::Value, int> numbers;
  std::vector<PlannedValue> values;
  std::vector<int> inputs;   // values of `top.Input`
  std::vector<int> outputs;  // values that the function returns
  std::vector<Step> steps;
  size_t arena_bytes = 0;
  bool keep_all = false;

  int Root(int value) const { return values[value].root; }
};

absl::StatusOr<std::unique_ptr<Plan>> MakePlan(mlir::func::FuncOp function,
                                               const Evaluators& evaluators,
                                               bool keep_all);

// "top.Conv 'name'"
std::string Describe(mlir::Operation* op);

}  // namespace tpuc::interpreter
