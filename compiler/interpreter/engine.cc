// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/engine.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/interpreter/plan.h"
#include "compiler/support/parallel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace tpuc::interpreter {

namespace {

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
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

// Elements that stay in the first-level cache from one function to the next.
constexpr int64_t kFinishBlock = 2048;

}  // namespace

const Tensor& Values::operator[](mlir::Value value) const {
  const Tensor* tensor = Find(value);
  assert(tensor != nullptr && "operand was not evaluated");
  return *tensor;
}

const Tensor* Values::Find(mlir::Value value) const {
  if (!value) return nullptr;
  const auto it = numbers_->find(value);
  return it == numbers_->end() ? nullptr : tensors_[it->second];
}

const Evaluators::Entry* Evaluators::Find(mlir::Operation* op) const {
  auto it = table_.find(op->getName().getStringRef().str());
  return it == table_.end() ? nullptr : &it->second;
}

absl::StatusOr<DType> DTypeOf(mlir::Type element) {
  if (element.isF32()) return DType::kF32;
  if (element.isF16()) return DType::kF16;
  if (element.isBF16()) return DType::kBF16;
  if (element.isF64()) return DType::kF64;
  if (auto type = mlir::dyn_cast<mlir::quant::QuantizedType>(element)) {
    if (type.getStorageTypeIntegralWidth() == 8)
      return type.isSigned() ? DType::kI8 : DType::kU8;
  }
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

// One item's run, or one after the other: tensors in memory that is allocated
// once.
class Execution {
 public:
  explicit Execution(const Plan& plan)
      : plan_(plan), owned_(plan.values.size()), views_(plan.values.size()) {
    if (plan.arena_bytes != 0) {
      arena_.reset(std::aligned_alloc(64, plan.arena_bytes));
      if (arena_ == nullptr) std::abort();
    }
    values_.numbers_ = &plan.numbers;
    values_.tensors_.resize(plan.values.size());
    for (size_t i = 0; i < plan.values.size(); ++i) {
      if (plan.values[i].weight != nullptr) views_[i] = *plan.values[i].weight;
    }
  }

  absl::StatusOr<TensorMap> Run(
      const TensorMap& inputs, int threads,
      const std::function<void(int64_t, int64_t)>& progress) {
    options_.threads = threads;
    inputs_ = &inputs;
    TensorMap results;
    if (absl::Status status = Bind(results); !status.ok()) return status;
    const int64_t total = static_cast<int64_t>(plan_.steps.size());
    int64_t done = 0;
    for (const Step& step : plan_.steps) {
      absl::Status status = Do(step);
      if (!status.ok()) {
        return absl::Status(status.code(), absl::StrCat(Describe(step.op), ": ",
                                                        status.message()));
      }
      if (plan_.keep_all) Keep(step.result, results);
      for (int value : step.release) owned_[value] = Tensor();
      if (progress) progress(++done, total);
    }
    for (int value : plan_.outputs) Keep(value, results);
    return results;
  }

 private:
  static Tensor CopyOf(const TensorView& view) {
    Tensor copy(view.dtype(), view.shape());
    std::memcpy(copy.raw(), view.raw(), copy.SizeInBytes());
    return copy;
  }

  void Keep(int value, TensorMap& results) const {
    results[plan_.values[value].name] = CopyOf(views_[value]);
  }

  absl::Status Bind(TensorMap& results) {
    for (int value : plan_.inputs) {
      const std::string& name = plan_.values[value].name;
      const auto fail = [&](const absl::Status& status) {
        return absl::Status(
            status.code(),
            absl::StrCat("top.Input '", name, "': ", status.message()));
      };
      const auto it = inputs_->find(name);
      if (it == inputs_->end()) {
        return fail(
            absl::NotFoundError("no tensor of this name among the inputs"));
      }
      if (absl::Status status = Check(value, it->second); !status.ok()) {
        return fail(status);
      }
      views_[value] = it->second;
      if (plan_.keep_all) Keep(value, results);
    }
    return absl::OkStatus();
  }

  // The tensor has the value's type and shape.
  absl::Status Check(int value, const Tensor& tensor) const {
    const PlannedValue& planned = plan_.values[value];
    if (tensor.dtype() == planned.dtype && tensor.shape() == planned.shape) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "expected ", Name(planned.dtype), " ", ShapeText(planned.shape),
        ", found ", Name(tensor.dtype()), " ", ShapeText(tensor.shape())));
  }

  absl::Status Do(const Step& step) {
    if (step.kind == Step::Kind::kEvaluate) return Evaluate(step);
    const PlannedValue& value = plan_.values[step.result];
    const bool renames = step.kind == Step::Kind::kRename;
    void* memory = renames ? views_[step.operands[0]].raw()
                           : static_cast<char*>(arena_.get()) +
                                 plan_.values[value.root].offset;
    const TensorView& result = views_[step.result] =
        TensorView(value.dtype, value.shape, memory);
    if (renames) return absl::OkStatus();
    const Finish finish = FinishOf(step);
    if (step.kind == Step::Kind::kCopy) {
      Copy(views_[step.operands[0]], finish, result);
      return absl::OkStatus();
    }
    std::vector<TensorView> operands;
    for (int v : step.operands) operands.push_back(views_[v]);
    step.kernel->Run(operands, result, finish, options_.threads);
    return absl::OkStatus();
  }

  // The tensor that holds the value; a copy, kept in `copies`, where planned
  // memory does.
  const Tensor* TensorOf(int value,
                         std::vector<std::unique_ptr<Tensor>>& copies) const {
    const PlannedValue& planned = plan_.values[value];
    if (planned.root == value) {
      if (planned.place == Place::kWeight) return planned.weight;
      if (planned.place == Place::kInput) return &inputs_->at(planned.name);
      if (planned.place == Place::kOwned) return &owned_[value];
    }
    copies.push_back(std::make_unique<Tensor>(CopyOf(views_[value])));
    return copies.back().get();
  }

  absl::Status Evaluate(const Step& step) {
    std::vector<std::unique_ptr<Tensor>> copies;
    for (int v : step.operands) values_.tensors_[v] = TensorOf(v, copies);
    absl::StatusOr<Tensor> made = (*step.evaluate)(step.op, values_, options_);
    if (!made.ok()) return made.status();
    if (absl::Status status = Check(step.result, *made); !status.ok()) {
      return status;
    }
    owned_[step.result] = *std::move(made);
    const TensorView& result = views_[step.result] = owned_[step.result];
    if (!step.links.empty()) Copy(result, FinishOf(step), result);
    return absl::OkStatus();
  }

  Finish FinishOf(const Step& step) const {
    Finish finish;
    for (const Step::Link& link : step.links) {
      finish.links_.push_back(
          {&link.function,
           link.other < 0 ? nullptr : views_[link.other].data<float>()});
    }
    return finish;
  }

  void Copy(const TensorView& from, const Finish& finish,
            const TensorView& to) const {
    const float* x = from.data<float>();
    float* y = to.data<float>();
    ParallelFor(options_.threads, to.NumElements(), 1 << 14,
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; i += kFinishBlock) {
                    const int64_t n = std::min(kFinishBlock, end - i);
                    if (x != y) std::memcpy(y + i, x + i, n * sizeof(float));
                    finish(y + i, i, n);
                  }
                });
  }

  struct Free {
    void operator()(void* p) const { std::free(p); }
  };

  const Plan& plan_;
  RunOptions options_;
  const TensorMap* inputs_ = nullptr;
  std::unique_ptr<void, Free> arena_;
  std::vector<Tensor> owned_;  // what evaluators returned
  std::vector<TensorView> views_;
  Values values_;
};

void Finish::operator()(float* y, int64_t offset, int64_t count) const {
  for (int64_t i = 0; i < count; i += kFinishBlock) {
    const int64_t n = std::min(kFinishBlock, count - i);
    for (const Link& link : links_) {
      (*link.function)(
          y + i, link.other == nullptr ? nullptr : link.other + offset + i, n);
    }
  }
}

Program::Program(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}
Program::Program(Program&&) = default;
Program::~Program() = default;

absl::StatusOr<Program> Program::Prepare(mlir::ModuleOp module,
                                         const Evaluators& evaluators,
                                         bool keep_all) {
  absl::StatusOr<mlir::func::FuncOp> function = MainFunction(module);
  if (!function.ok()) return function.status();
  absl::StatusOr<std::unique_ptr<Plan>> plan =
      MakePlan(*function, evaluators, keep_all);
  if (!plan.ok()) return plan.status();
  return Program(*std::move(plan));
}

absl::StatusOr<TensorMap> Program::Run(
    const TensorMap& inputs, int threads,
    const std::function<void(int64_t, int64_t)>& progress) const {
  return Execution(*plan_).Run(inputs, threads, progress);
}

absl::Status Program::RunEach(
    int64_t count,
    const std::function<absl::StatusOr<TensorMap>(int64_t)>& input,
    const std::function<absl::Status(int64_t, TensorMap)>& output,
    int threads) const {
  const int workers = static_cast<int>(
      std::clamp<int64_t>(threads, 1, std::max<int64_t>(1, count)));
  const int inner = std::max(1, threads / workers);
  std::atomic<int64_t> next = 0;
  std::mutex mutex;
  absl::Status first = absl::OkStatus();
  const auto work = [&] {
    Execution execution(*plan_);
    for (int64_t item = next++; item < count; item = next++) {
      absl::Status status = absl::OkStatus();
      absl::StatusOr<TensorMap> inputs = input(item);
      if (inputs.ok()) {
        absl::StatusOr<TensorMap> results = execution.Run(*inputs, inner, {});
        status =
            results.ok() ? output(item, *std::move(results)) : results.status();
      } else {
        status = inputs.status();
      }
      if (status.ok()) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      if (first.ok()) first = status;
      next = count;
    }
  };
  ParallelFor(workers, workers, 1, [&](int64_t, int64_t) { work(); });
  return first;
}

size_t Program::TensorBytes() const { return plan_->arena_bytes; }

absl::StatusOr<TensorMap> Run(mlir::ModuleOp module,
                              const Evaluators& evaluators,
                              const TensorMap& inputs,
                              const RunOptions& options) {
  absl::StatusOr<Program> program =
      Program::Prepare(module, evaluators, options.keep_all);
  if (!program.ok()) return program.status();
  return program->Run(inputs, options.threads, options.progress);
}

}  // namespace tpuc::interpreter
