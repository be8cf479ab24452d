// SPDX-License-Identifier: Apache-2.0
// What a dialect says about its operations, so that a Program can run them. An
// operation has at least one of
// - an evaluator: a function that makes a new tensor;
// - a kernel: prepared once (weights packed, shapes known), it writes into
//   memory that is planned ahead, on any number of inputs;
// - a pointwise function: one element of the result from one element of each
//   operand. It runs in place, right after what computes its operand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace tpuc::interpreter {

struct RunOptions {
  // Worker threads. Results do not depend on it.
  int threads = 2;
  // Return every tensor by name; otherwise the function's results only. The
  // bytes of a tensor do not depend on it.
  bool keep_all = true;
  // Called after each step of one run.
  std::function<void(int64_t done, int64_t total)> progress;
};

// A tensor in memory that a program has planned, or somebody else's.
class TensorView {
 public:
  TensorView() = default;
  TensorView(const Tensor& tensor)  // NOLINT: a tensor is one
      : TensorView(tensor.dtype(), tensor.shape(),
                   const_cast<void*>(tensor.raw())) {}
  TensorView(DType dtype, const std::vector<int64_t>& shape, void* data)
      : dtype_(dtype), shape_(&shape), data_(data) {}

  DType dtype() const { return dtype_; }
  const std::vector<int64_t>& shape() const { return *shape_; }
  int64_t NumElements() const {
    int64_t n = 1;
    for (int64_t d : *shape_) n *= d;
    return n;
  }
  template <typename T>
  T* data() const {
    return static_cast<T*>(data_);
  }
  void* raw() const { return data_; }

 private:
  DType dtype_ = DType::kF32;
  const std::vector<int64_t>* shape_ = nullptr;
  void* data_ = nullptr;
};

// The operands of one operation, as evaluators see them.
class Values {
 public:
  const Tensor& operator[](mlir::Value value) const;
  // Null for a null value, that is, for an absent optional operand.
  const Tensor* Find(mlir::Value value) const;

 private:
  friend class Execution;
  const llvm::DenseMap<mlir::Value, int>* numbers_ = nullptr;
  std::vector<const Tensor*> tensors_;
};

// Replaces y[i] by a function of y[i] and other[i] for i < count; `other` is
// null for functions of one operand. Elements are independent of each other.
using Pointwise =
    std::function<void(float* y, const float* other, int64_t count)>;

// The pointwise functions that follow an operation.
class Finish {
 public:
  // The elements from `offset` on of the result are at `y`, computed.
  void operator()(float* y, int64_t offset, int64_t count) const;
  bool empty() const { return links_.empty(); }

 private:
  friend class Execution;
  struct Link {
    const Pointwise* function;
    const float* other;  // a tensor of the result's shape, or null
  };
  std::vector<Link> links_;
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  // Writes every element of `result` and passes it to `finish` once. `operands`
  // are those that the operation has, in order.
  virtual void Run(llvm::ArrayRef<TensorView> operands,
                   const TensorView& result, const Finish& finish,
                   int threads) const = 0;
  // The result may lie where this operand lies.
  virtual bool MayOverwrite(size_t) const { return false; }
};

struct PreparedKernel {
  std::unique_ptr<Kernel> kernel;
  // What is left to do on each element, in order.
  std::vector<Pointwise> finish;
};

class Evaluators {
 public:
  using Function = std::function<absl::StatusOr<Tensor>(
      mlir::Operation*, const Values&, const RunOptions&)>;
  struct Entry {
    Function evaluate;
    std::function<absl::StatusOr<PreparedKernel>(mlir::Operation*)> kernel;
    // Nothing when the function is not pointwise in operand `index`.
    std::function<Pointwise(mlir::Operation*, unsigned index)> pointwise;
    // The result is the operand's bytes under another shape.
    bool renames = false;
  };

  // Returns the operation's single result, whose type and shape are checked
  // against the IR.
  template <typename Op>
  void Add(absl::StatusOr<Tensor> (*evaluate)(Op, const Values&,
                                              const RunOptions&)) {
    Of<Op>().evaluate = [evaluate](mlir::Operation* op, const Values& values,
                                   const RunOptions& options) {
      return evaluate(mlir::cast<Op>(op), values, options);
    };
  }
  template <typename Op>
  void AddKernel(absl::StatusOr<PreparedKernel> (*prepare)(Op)) {
    Of<Op>().kernel = [prepare](mlir::Operation* op) {
      return prepare(mlir::cast<Op>(op));
    };
  }
  template <typename Op>
  void AddPointwise(Pointwise (*make)(Op, unsigned index)) {
    Of<Op>().pointwise = [make](mlir::Operation* op, unsigned index) {
      return make(mlir::cast<Op>(op), index);
    };
  }
  // Another function for an operation, such as one that looks at its operands.
  template <typename Op>
  void Replace(Function evaluate) {
    Of<Op>() = Entry{};
    Of<Op>().evaluate = std::move(evaluate);
  }
  template <typename Op>
  void AddRename() {
    Of<Op>().renames = true;
  }

  // Null when there is none.
  const Entry* Find(mlir::Operation* op) const;

 private:
  template <typename Op>
  Entry& Of() {
    return table_[Op::getOperationName().str()];
  }

  std::map<std::string, Entry> table_;
};

}  // namespace tpuc::interpreter
