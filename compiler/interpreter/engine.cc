// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/engine.h"

#include <cassert>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/dialect/top/TopOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"

namespace tpuc::interpreter {

namespace {

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

// "top.Conv 'name'"
std::string Describe(mlir::Operation* op) {
  return absl::StrCat(op->getName().getStringRef().str(), " '", getName(op),
                      "'");
}

absl::StatusOr<TensorInfo> InfoOf(mlir::Value value, std::string name) {
  auto type = mlir::dyn_cast<mlir::RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape()) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor '", name, "' has no static shape"));
  }
  absl::StatusOr<DType> dtype = DTypeOf(type.getElementType());
  if (!dtype.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor '", name, "': ", dtype.status().message()));
  }
  return TensorInfo{std::move(name),
                    *dtype,
                    {type.getShape().begin(), type.getShape().end()}};
}

absl::StatusOr<mlir::func::FuncOp> MainFunction(mlir::ModuleOp module) {
  mlir::func::FuncOp found;
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    if (function.getName() == "main") return function;
    if (!found) found = function;
  }
  if (!found) return absl::InvalidArgumentError("the module has no function");
  return found;
}

// The operand of a function that a `top.Input` names.
bool IsFunctionArgument(mlir::Value value) {
  return mlir::isa<mlir::BlockArgument>(value);
}

}  // namespace

const Tensor& Values::operator[](mlir::Value value) const {
  const Tensor* tensor = Find(value);
  assert(tensor != nullptr && "operand was not evaluated");
  return *tensor;
}

const Tensor* Values::Find(mlir::Value value) const {
  if (!value) return nullptr;
  auto it = tensors_.find(value);
  return it == tensors_.end() ? nullptr : it->second;
}

const Evaluators::Function* Evaluators::Find(mlir::Operation* op) const {
  auto it = table_.find(op->getName().getStringRef().str());
  return it == table_.end() ? nullptr : &it->second;
}

absl::StatusOr<DType> DTypeOf(mlir::Type element) {
  if (element.isF32()) return DType::kF32;
  if (element.isF16()) return DType::kF16;
  if (element.isBF16()) return DType::kBF16;
  if (element.isF64()) return DType::kF64;
  if (auto integer = mlir::dyn_cast<mlir::IntegerType>(element)) {
    const bool is_unsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
      case 1:
        return DType::kBool;
      case 8:
        return is_unsigned ? DType::kU8 : DType::kI8;
      case 16:
        return is_unsigned ? DType::kU16 : DType::kI16;
      case 32:
        return is_unsigned ? DType::kU32 : DType::kI32;
      case 64:
        if (!is_unsigned) return DType::kI64;
        break;
      default:
        break;
    }
  }
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return absl::InvalidArgumentError(
      absl::StrCat("element type ", text, " has no storage type"));
}

absl::StatusOr<Tensor> MakeResult(mlir::Value value) {
  absl::StatusOr<TensorInfo> info = InfoOf(value, "result");
  if (!info.ok()) return info.status();
  return Tensor(info->dtype, info->shape);
}

absl::StatusOr<Signature> SignatureOf(mlir::ModuleOp module) {
  absl::StatusOr<mlir::func::FuncOp> function = MainFunction(module);
  if (!function.ok()) return function.status();
  Signature signature;
  for (mlir::Operation& op : function->getBody().front()) {
    if (auto input = mlir::dyn_cast<top::InputOp>(op)) {
      absl::StatusOr<TensorInfo> info = InfoOf(input.getOutput(), getName(&op));
      if (!info.ok()) return info.status();
      signature.inputs.push_back(*std::move(info));
    } else if (mlir::isa<mlir::func::ReturnOp>(op)) {
      for (mlir::Value value : op.getOperands()) {
        absl::StatusOr<TensorInfo> info = InfoOf(value, getName(value));
        if (!info.ok()) return info.status();
        signature.outputs.push_back(*std::move(info));
      }
    }
  }
  return signature;
}

// One run: tensors by value, reference counts for those that may be freed.
class Engine {
 public:
  Engine(const Evaluators& evaluators, const TensorMap& inputs,
         const RunOptions& options)
      : evaluators_(evaluators), inputs_(inputs), options_(options) {}

  absl::StatusOr<TensorMap> Run(mlir::func::FuncOp function) {
    mlir::Block& body = function.getBody().front();
    CountUses(body);
    const int64_t total = static_cast<int64_t>(body.getOperations().size());
    int64_t done = 0;
    TensorMap results;
    for (mlir::Operation& op : body) {
      if (mlir::isa<mlir::func::ReturnOp>(op)) {
        for (mlir::Value value : op.getOperands()) {
          results[getName(value)] = values_[value];
        }
      } else if (absl::Status status = Step(&op); !status.ok()) {
        return absl::Status(
            status.code(), absl::StrCat(Describe(&op), ": ", status.message()));
      } else if (options_.keep_all && op.getNumResults() == 1 &&
                 !mlir::isa<top::WeightOp>(op)) {
        results[getName(&op)] = values_[op.getResult(0)];
      }
      Release(&op);
      if (options_.progress) options_.progress(++done, total);
    }
    return results;
  }

 private:
  void CountUses(mlir::Block& body) {
    for (mlir::Operation& op : body) {
      for (mlir::Value result : op.getResults()) {
        uses_[result] = static_cast<int64_t>(
            std::distance(result.use_begin(), result.use_end()));
      }
    }
  }

  absl::Status Step(mlir::Operation* op) {
    if (auto weight = mlir::dyn_cast<top::WeightOp>(op)) return Load(weight);
    if (auto input = mlir::dyn_cast<top::InputOp>(op)) return Bind(input);
    const Evaluators::Function* evaluate = evaluators_.Find(op);
    if (evaluate == nullptr) {
      return absl::UnimplementedError(
          "the interpreter has no evaluator for this operation");
    }
    if (op->getNumResults() != 1) {
      return absl::UnimplementedError(
          "the interpreter takes operations of one result");
    }
    for (mlir::Value operand : op->getOperands()) {
      if (values_.Find(operand) == nullptr) {
        return absl::InvalidArgumentError(
            "reads a function argument directly; put a top.Input between");
      }
    }
    absl::StatusOr<Tensor> result = (*evaluate)(op, values_, options_);
    if (!result.ok()) return result.status();
    return Keep(op->getResult(0), *std::move(result));
  }

  absl::Status Load(top::WeightOp weight) {
    const std::string name = getName(weight.getOperation());
    const Tensor* tensor = getWeights(weight.getContext()).Find(name);
    if (tensor == nullptr) {
      return absl::NotFoundError("its data is not in the weight file");
    }
    if (absl::Status status = Check(weight.getOutput(), *tensor);
        !status.ok()) {
      return status;
    }
    values_.tensors_[weight.getOutput()] = tensor;
    return absl::OkStatus();
  }

  absl::Status Bind(top::InputOp input) {
    if (!IsFunctionArgument(input.getInput())) {
      return absl::InvalidArgumentError("its operand is no function argument");
    }
    auto it = inputs_.find(getName(input.getOperation()));
    if (it == inputs_.end()) {
      return absl::NotFoundError("no tensor of this name among the inputs");
    }
    if (absl::Status status = Check(input.getOutput(), it->second);
        !status.ok()) {
      return status;
    }
    values_.tensors_[input.getOutput()] = &it->second;
    return absl::OkStatus();
  }

  // The tensor has the value's type and shape.
  absl::Status Check(mlir::Value value, const Tensor& tensor) {
    absl::StatusOr<TensorInfo> info = InfoOf(value, "result");
    if (!info.ok()) return info.status();
    if (tensor.dtype() == info->dtype && tensor.shape() == info->shape) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "expected ", Name(info->dtype), " ", ShapeText(info->shape), ", found ",
        Name(tensor.dtype()), " ", ShapeText(tensor.shape())));
  }

  absl::Status Keep(mlir::Value value, Tensor tensor) {
    if (absl::Status status = Check(value, tensor); !status.ok()) return status;
    auto owned = std::make_unique<Tensor>(std::move(tensor));
    values_.tensors_[value] = owned.get();
    owned_[value] = std::move(owned);
    return absl::OkStatus();
  }

  // Frees operands after their last use, and results that nobody reads.
  void Release(mlir::Operation* op) {
    auto free = [&](mlir::Value value) {
      owned_.erase(value);
      values_.tensors_.erase(value);
    };
    for (mlir::Value operand : op->getOperands()) {
      auto it = uses_.find(operand);
      if (it != uses_.end() && --it->second == 0) free(operand);
    }
    for (mlir::Value result : op->getResults()) {
      if (uses_[result] == 0) free(result);
    }
  }

  const Evaluators& evaluators_;
  const TensorMap& inputs_;
  const RunOptions& options_;
  Values values_;
  llvm::DenseMap<mlir::Value, std::unique_ptr<Tensor>> owned_;
  llvm::DenseMap<mlir::Value, int64_t> uses_;
};

absl::StatusOr<TensorMap> Run(mlir::ModuleOp module,
                              const Evaluators& evaluators,
                              const TensorMap& inputs,
                              const RunOptions& options) {
  absl::StatusOr<mlir::func::FuncOp> function = MainFunction(module);
  if (!function.ok()) return function.status();
  return Engine(evaluators, inputs, options).Run(*function);
}

}  // namespace tpuc::interpreter
