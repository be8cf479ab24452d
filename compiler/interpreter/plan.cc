// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/interpreter/engine.h"
#include "mlir/IR/TypeUtilities.h"

namespace tpuc::interpreter {
namespace {

constexpr size_t kAlignment = 64;

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

class Planner {
 public:
  Planner(const Evaluators& evaluators, bool keep_all)
      : evaluators_(evaluators), plan_(std::make_unique<Plan>()) {
    plan_->keep_all = keep_all;
  }

  absl::StatusOr<std::unique_ptr<Plan>> Make(mlir::func::FuncOp function) {
    for (mlir::Operation& op : function.getBody().front()) {
      absl::Status status = absl::OkStatus();
      if (mlir::isa<mlir::func::ReturnOp>(op)) {
        for (mlir::Value value : op.getOperands()) {
          absl::StatusOr<int> number = NumberOf(value);
          if (!number.ok()) return number.status();
          plan_->outputs.push_back(*number);
        }
      } else {
        status = AddOperation(&op);
      }
      if (!status.ok()) {
        return absl::Status(
            status.code(), absl::StrCat(Describe(&op), ": ", status.message()));
      }
    }
    FindLifeTimes();
    ShareBuffers();
    AssignOffsets();
    return std::move(plan_);
  }

 private:
  std::vector<PlannedValue>& values() { return plan_->values; }
  std::vector<Step>& steps() { return plan_->steps; }

  absl::StatusOr<int> NumberOf(mlir::Value value) {
    const auto it = plan_->numbers.find(value);
    if (it != plan_->numbers.end()) return it->second;
    return absl::InvalidArgumentError(
        "reads a function argument directly; put a top.Input between");
  }

  absl::StatusOr<int> AddValue(mlir::Value value, std::string name) {
    auto type = mlir::dyn_cast<mlir::RankedTensorType>(value.getType());
    if (!type || !type.hasStaticShape()) {
      return absl::InvalidArgumentError("tensor 'result' has no static shape");
    }
    absl::StatusOr<DType> dtype = DTypeOf(type.getElementType());
    if (!dtype.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor 'result': ", dtype.status().message()));
    }
    PlannedValue planned;
    planned.name = std::move(name);
    planned.dtype = *dtype;
    planned.shape = type.getShape().vec();
    planned.bytes = SizeOf(*dtype) * static_cast<size_t>(type.getNumElements());
    planned.root = static_cast<int>(values().size());
    plan_->numbers[value] = planned.root;
    values().push_back(std::move(planned));
    step_of_.push_back(-1);
    return values().back().root;
  }

  absl::Status AddOperation(mlir::Operation* op) {
    if (auto weight = mlir::dyn_cast<top::WeightOp>(op)) {
      return AddWeight(weight);
    }
    if (auto input = mlir::dyn_cast<top::InputOp>(op)) return AddInput(input);
    const Evaluators::Entry* entry = evaluators_.Find(op);
    if (entry == nullptr) {
      return absl::UnimplementedError(
          "the interpreter has no evaluator for this operation");
    }
    if (op->getNumResults() != 1) {
      return absl::UnimplementedError(
          "the interpreter takes operations of one result");
    }
    std::vector<int> operands;
    for (mlir::Value operand : op->getOperands()) {
      absl::StatusOr<int> number = NumberOf(operand);
      if (!number.ok()) return number.status();
      operands.push_back(*number);
    }
    absl::StatusOr<int> result = AddValue(op->getResult(0), getName(op));
    if (!result.ok()) return result.status();
    if (entry->pointwise) {
      for (mlir::Type type : op->getOperandTypes()) {
        if (mlir::getElementTypeOrSelf(type).isF32()) continue;
        return absl::UnimplementedError("only f32 operands can be evaluated");
      }
      if (AddPointwise(op, *entry, operands, *result)) return absl::OkStatus();
    }
    Step step;
    step.op = op;
    step.operands = std::move(operands);
    step.result = *result;
    if (absl::Status status = Choose(*entry, step); !status.ok()) {
      return status;
    }
    step_of_[*result] = static_cast<int>(steps().size());
    steps().push_back(std::move(step));
    return absl::OkStatus();
  }

  // How the step runs, and where its result lies.
  absl::Status Choose(const Evaluators::Entry& entry, Step& step) {
    PlannedValue& result = values()[step.result];
    result.place = Place::kArena;
    if (entry.renames) {
      step.kind = Step::Kind::kRename;
    } else if (entry.kernel) {
      step.kind = Step::Kind::kKernel;
      absl::StatusOr<PreparedKernel> made = entry.kernel(step.op);
      if (!made.ok()) return made.status();
      step.kernel = std::move(made->kernel);
      for (Pointwise& function : made->finish) {
        step.links.push_back({std::move(function), -1});
      }
    } else if (entry.evaluate) {
      result.place = Place::kOwned;
      step.evaluate = &entry.evaluate;
    } else {
      return absl::UnimplementedError(absl::StrCat(
          "the interpreter cannot evaluate this operation with a result of ",
          ShapeText(result.shape)));
    }
    return absl::OkStatus();
  }

  absl::Status AddWeight(top::WeightOp op) {
    const std::string name = getName(op.getOperation());
    const Tensor* tensor = getWeights(op.getContext()).Find(name);
    if (tensor == nullptr) {
      return absl::NotFoundError("its data is not in the weight file");
    }
    absl::StatusOr<int> number = AddValue(op.getOutput(), name);
    if (!number.ok()) return number.status();
    PlannedValue& value = values()[*number];
    if (tensor->dtype() != value.dtype || tensor->shape() != value.shape) {
      return absl::InvalidArgumentError(absl::StrCat(
          "expected ", Name(value.dtype), " ", ShapeText(value.shape),
          ", found ", Name(tensor->dtype()), " ", ShapeText(tensor->shape())));
    }
    value.place = Place::kWeight;
    value.weight = tensor;
    return absl::OkStatus();
  }

  absl::Status AddInput(top::InputOp op) {
    if (!mlir::isa<mlir::BlockArgument>(op.getInput())) {
      return absl::InvalidArgumentError("its operand is no function argument");
    }
    absl::StatusOr<int> number =
        AddValue(op.getOutput(), getName(op.getOperation()));
    if (!number.ok()) return number.status();
    values()[*number].place = Place::kInput;
    plan_->inputs.push_back(*number);
    return absl::OkStatus();
  }

  // Attaches the operation to the step that computes one of its operands, or
  // makes a step of it that copies the operand. False when it is not pointwise
  // in any.
  bool AddPointwise(mlir::Operation* op, const Evaluators::Entry& entry,
                    const std::vector<int>& operands, int result) {
    // The operand that is computed last: the others are there by then.
    std::vector<unsigned> order(operands.size());
    for (unsigned i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](unsigned a, unsigned b) {
      const int first = step_of_[operands[a]], second = step_of_[operands[b]];
      return first != second ? first > second : a < b;
    });
    for (unsigned index : order) {
      Pointwise function = entry.pointwise(op, index);
      if (!function) continue;
      const int other = operands.size() == 2 ? operands[1 - index] : -1;
      Step::Link link{std::move(function), other};
      const int at = step_of_[operands[index]];
      if (CanAttach(op->getOperand(index), operands[index], other)) {
        Step& step = steps()[at];
        std::swap(values()[result].place, values()[step.result].place);
        step.links.push_back(std::move(link));
        step.result = result;
        step_of_[result] = at;
        return true;
      }
      Step step;
      step.kind = Step::Kind::kCopy;
      step.op = op;
      step.operands = {operands[index]};
      step.links.push_back(std::move(link));
      step.result = result;
      values()[result].place = Place::kArena;
      step_of_[result] = static_cast<int>(steps().size());
      steps().push_back(std::move(step));
      return true;
    }
    return false;
  }

  bool CanAttach(mlir::Value operand, int value, int other) const {
    const int at = step_of_[value];
    if (plan_->keep_all || at < 0 || !operand.hasOneUse() || other == value ||
        (other >= 0 && step_of_[other] >= at)) {
      return false;
    }
    // The function's results keep their own bytes.
    if (mlir::isa<mlir::func::ReturnOp>(*operand.user_begin())) return false;
    return plan_->steps[at].kind != Step::Kind::kRename;
  }

  void FindLifeTimes() {
    const int count = static_cast<int>(steps().size());
    for (int i = 0; i < count; ++i) {
      const Step& step = steps()[i];
      values()[step.result].first_step = i;
      values()[step.result].last_step = i;
      for (int v : step.operands) values()[v].last_step = i;
      for (const Step::Link& link : step.links) {
        if (link.other >= 0) values()[link.other].last_step = i;
      }
    }
    for (int v : plan_->outputs) values()[v].last_step = count;
  }

  // Results that may lie where an operand lies that nothing reads any more.
  void ShareBuffers() {
    for (int i = 0; i < static_cast<int>(steps().size()); ++i) {
      const Step& step = steps()[i];
      for (size_t k = 0; k < step.operands.size(); ++k) {
        if (!MayShare(i, k)) continue;
        PlannedValue& root = values()[plan_->Root(step.operands[k])];
        PlannedValue& result = values()[step.result];
        result.root = root.root;
        result.place = root.place;
        root.last_step = std::max(root.last_step, result.last_step);
        break;
      }
    }
    std::vector<std::vector<int>> release(steps().size());
    for (const PlannedValue& v : values()) {
      if (v.place == Place::kOwned && &values()[v.root] == &v &&
          v.last_step < static_cast<int>(steps().size())) {
        release[v.last_step].push_back(v.root);
      }
    }
    for (size_t i = 0; i < steps().size(); ++i) {
      steps()[i].release = std::move(release[i]);
    }
  }

  bool MayShare(int index, size_t operand) {
    const Step& step = steps()[index];
    const int root = plan_->Root(step.operands[operand]);
    if (step.kind == Step::Kind::kRename) return true;
    const PlannedValue& from = values()[root];
    const PlannedValue& to = values()[step.result];
    if (step.kind == Step::Kind::kEvaluate || from.place != Place::kArena ||
        from.last_step != index || from.bytes != to.bytes ||
        from.dtype != to.dtype) {
      return false;
    }
    const bool copies = step.kind == Step::Kind::kCopy;
    if (!copies && !step.kernel->MayOverwrite(operand)) return false;
    for (size_t k = 0; k < step.operands.size(); ++k) {
      if (k != operand && plan_->Root(step.operands[k]) == root) return false;
    }
    // The first function of a copy reads each element before it is replaced.
    for (size_t k = copies ? 1 : 0; k < step.links.size(); ++k) {
      const int other = step.links[k].other;
      if (other >= 0 && plan_->Root(other) == root) return false;
    }
    return true;
  }

  // The largest first, each at the lowest address that is free while it lives.
  void AssignOffsets() {
    std::vector<int> order;
    for (const PlannedValue& v : values()) {
      if (v.place == Place::kArena && &values()[v.root] == &v) {
        order.push_back(v.root);
      }
    }
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      return values()[a].bytes != values()[b].bytes
                 ? values()[a].bytes > values()[b].bytes
                 : a < b;
    });
    std::vector<int> placed;  // by offset
    for (int v : order) {
      PlannedValue& value = values()[v];
      const size_t bytes = (value.bytes + kAlignment - 1) & -kAlignment;
      size_t offset = 0;
      for (int p : placed) {
        const PlannedValue& other = values()[p];
        if (other.last_step < value.first_step ||
            value.last_step < other.first_step) {
          continue;
        }
        if (offset + bytes <= other.offset) break;
        offset = std::max(
            offset,
            other.offset + ((other.bytes + kAlignment - 1) & -kAlignment));
      }
      value.offset = offset;
      plan_->arena_bytes = std::max(plan_->arena_bytes, offset + bytes);
      placed.insert(std::upper_bound(placed.begin(), placed.end(), v,
                                     [&](int a, int b) {
                                       return values()[a].offset <
                                              values()[b].offset;
                                     }),
                    v);
    }
  }

  const Evaluators& evaluators_;
  std::unique_ptr<Plan> plan_;
  std::vector<int> step_of_;  // of each value; -1 for inputs and weights
};

}  // namespace

std::string Describe(mlir::Operation* op) {
  return absl::StrCat(op->getName().getStringRef().str(), " '", getName(op),
                      "'");
}

absl::StatusOr<std::unique_ptr<Plan>> MakePlan(mlir::func::FuncOp function,
                                               const Evaluators& evaluators,
                                               bool keep_all) {
  return Planner(evaluators, keep_all).Make(function);
}

}  // namespace tpuc::interpreter
