// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/tpu_to_isa/program.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/dialect/tpu/TpuGroupOps.h"
#include "compiler/target/bm1684x/group_plan.h"
#include "compiler/target/bm1684x/group_sequence.h"
#include "compiler/target/bm1684x/op_kernels.h"
#include "compiler/target/bm1684x/program.h"
#include "compiler/transforms/tpu/memory_attributes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc {
namespace {

// Set by `assign-global-memory`.
absl::StatusOr<int64_t> Integer(mlir::Operation* op, const char* name) {
  if (auto attribute = op->getAttrOfType<mlir::IntegerAttr>(name))
    return attribute.getInt();
  return absl::FailedPreconditionError(absl::StrCat(
      "'", getName(op), "' (", op->getName().getStringRef().str(),
      ") has no attribute ", name, "; run assign-global-memory before"));
}

class Builder {
 public:
  absl::StatusOr<Program> Build(mlir::ModuleOp module) {
    mlir::func::FuncOp function = MainFunction(module);
    if (!function)
      return absl::InvalidArgumentError("the module has no function main");
    program_.name = ModuleString(module, kModuleName);
    auto address = Integer(module, tpu::kCtxAddressAttr);
    if (!address.ok()) return address.status();
    auto bytes = Integer(module, tpu::kCtxBytesAttr);
    if (!bytes.ok()) return bytes.status();
    program_.ctx_address = *address;
    program_.ctx_bytes = *bytes;
    for (mlir::Operation& op : function.getBody().front()) {
      const absl::Status status = Add(&op);
      if (!status.ok()) return status;
    }
    program_.instructions = emitter_.Take();
    std::sort(program_.coefficients.begin(), program_.coefficients.end(),
              [](const ProgramCoefficient& a, const ProgramCoefficient& b) {
                return a.address < b.address;
              });
    return std::move(program_);
  }

 private:
  absl::Status Add(mlir::Operation* op) {
    if (auto weight = mlir::dyn_cast<top::WeightOp>(op)) return Add(weight);
    if (auto input = mlir::dyn_cast<top::InputOp>(op)) return Add(input);
    if (auto group = mlir::dyn_cast<tpu::GroupOp>(op)) return Add(group);
    if (tpu::IsAlias(op)) {
      const mlir::Value result = op->getResult(0);
      const tpu::Place place = tpu::PlaceOf(result);
      const auto it = tensors_.find(place.root.getAsOpaquePointer());
      if (it == tensors_.end()) return Unplaced(place.root);
      return AddTensor(result, it->second.address + place.bytes,
                       it->second.complete_after);
    }
    if (auto ret = mlir::dyn_cast<mlir::func::ReturnOp>(op)) {
      for (mlir::Value value : ret.getOperands()) {
        const auto it = tensors_.find(value.getAsOpaquePointer());
        if (it == tensors_.end()) return Unplaced(value);
        program_.outputs.push_back(it->second);
      }
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "'", getName(op), "': operation ", op->getName().getStringRef().str(),
        " is not in a tpu.Group; run group-ops before"));
  }

  absl::Status Add(top::WeightOp weight) {
    const auto address = Integer(weight, tpu::kAddressAttr);
    if (!address.ok()) return address.status();
    const int64_t bytes =
        static_cast<int64_t>(top::DataOf(weight).SizeInBytes());
    for (const ProgramCoefficient& other : program_.coefficients)
      if (other.address == static_cast<uint64_t>(*address))
        return absl::OkStatus();
    program_.coefficients.push_back(
        {getName(weight), static_cast<uint64_t>(*address), bytes});
    return absl::OkStatus();
  }

  absl::Status Add(top::InputOp input) {
    const auto address = Integer(input, tpu::kAddressAttr);
    if (!address.ok()) return address.status();
    const absl::Status status = AddTensor(input.getOutput(), *address, 0);
    program_.inputs.push_back(program_.tensors.back());
    return status;
  }

  absl::Status Add(tpu::GroupOp group) {
    return group.getSlices() ? AddSeveral(group) : AddOne(group);
  }

  absl::Status AddOne(tpu::GroupOp group) {
    bm1684x::GlobalPlacement global;
    mlir::Operation* inner = nullptr;
    for (mlir::Operation& op : group.getBody().front()) {
      if (auto load = mlir::dyn_cast<tpu::LoadOp>(op)) {
        const auto address = Integer(load, "address");
        if (!address.ok()) return address.status();
        global.operands.push_back(*address);
      } else if (auto store = mlir::dyn_cast<tpu::StoreOp>(op)) {
        if (!store.getAddresses() || store.getAddresses()->size() != 1)
          return absl::FailedPreconditionError(
              absl::StrCat("'", getName(group), "' needs one store address"));
        global.result = (*store.getAddresses())[0];
      } else if (inner == nullptr) {
        inner = &op;
      } else {
        return absl::FailedPreconditionError(absl::StrCat(
            "'", getName(group), "' has several operations but no slices"));
      }
    }
    auto kernel = bm1684x::MakeKernel(inner, bm1684x::Views::kFlat);
    if (!kernel.ok()) return kernel.status();
    const bm1684x::LocalPlacement local = bm1684x::PlacementOf(group);
    if (local.result.empty() &&
        (*kernel)->result().place == bm1684x::Place::kLocal)
      return NoLocalAddresses(group);
    bm1684x::EmitSliced(**kernel, bm1684x::PlanOf(group), local, global,
                        emitter_);
    Attribute(inner);
    return AddTensor(group.getResult(0), global.result, NumGdma());
  }

  absl::Status AddSeveral(tpu::GroupOp group) {
    llvm::SmallVector<mlir::Operation*> ops;
    bm1684x::GroupAddresses addresses;
    for (mlir::Operation& op : group.getBody().front().without_terminator()) {
      if (mlir::isa<tpu::ReshapeOp>(op)) continue;
      auto load = mlir::dyn_cast<tpu::LoadOp>(op);
      if (!load) {
        ops.push_back(&op);
        continue;
      }
      const auto address = Integer(load, "address");
      if (!address.ok()) return address.status();
      addresses.loads.push_back(*address);
    }
    auto store =
        mlir::cast<tpu::StoreOp>(group.getBody().front().getTerminator());
    if (!store.getAddresses() ||
        store.getAddresses()->size() != store.getValues().size())
      return absl::FailedPreconditionError(absl::StrCat(
          "'", getName(group), "' needs an address for each stored result"));
    addresses.results.resize(ops.size(), 0);
    for (auto [value, address] :
         llvm::zip(store.getValues(), *store.getAddresses()))
      addresses.results[llvm::find(ops, value.getDefiningOp()) - ops.begin()] =
          address;
    const bm1684x::Sequence sequence = bm1684x::MakeSequence(ops);
    std::vector<int> tensors;
    const auto graph = bm1684x::MakeGraph(
        sequence.candidates, 0, static_cast<int>(ops.size()) - 1, &tensors);
    if (!graph || graph->loads.size() != addresses.loads.size())
      return absl::FailedPreconditionError(absl::StrCat(
          "'", getName(group), "' has operations that can't run together"));
    const bm1684x::GroupPlan plan = bm1684x::GroupPlanOf(group);
    for (const bm1684x::GroupBuffer& buffer : plan.buffers)
      if (buffer.local.addresses.empty()) return NoLocalAddresses(group);
    bm1684x::EmitGroup(*graph, plan, addresses, emitter_,
                       [&](int stage) { Attribute(ops[stage]); });
    const int64_t complete_after = NumGdma();
    for (size_t r = 0; r < group.getNumResults(); ++r) {
      const absl::Status status =
          AddTensor(group.getResult(r), (*store.getAddresses())[r],
                    complete_after, getName(store.getValues()[r]));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  static absl::Status NoLocalAddresses(tpu::GroupOp group) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", getName(group),
                     "' has no local addresses; run assign-local-memory "
                     "before"));
  }

  // The instructions since the last call are those of `op`.
  void Attribute(mlir::Operation* op) {
    if (program_.operations.empty() || op != attributed_) {
      program_.operations.push_back(getName(op));
      attributed_ = op;
    }
    program_.sources.resize(
        emitter_.instructions().size(),
        static_cast<int32_t>(program_.operations.size()) - 1);
  }

  absl::Status AddTensor(mlir::Value value, uint64_t address,
                         int64_t complete_after) {
    return AddTensor(value, address, complete_after, getName(value));
  }

  absl::Status AddTensor(mlir::Value value, uint64_t address,
                         int64_t complete_after, const std::string& name) {
    const auto type = mlir::cast<mlir::RankedTensorType>(value.getType());
    ProgramTensor tensor;
    tensor.name = name;
    const auto dtype = top::DTypeOf(type.getElementType());
    if (!dtype)
      return absl::UnimplementedError(
          absl::StrCat("'", tensor.name,
                       "' has an element type that a "
                       "compiled model can't hold"));
    tensor.dtype = *dtype;
    tensor.shape = type.getShape().vec();
    tensor.address = address;
    tensor.bytes = type.getNumElements() * SizeOf(*dtype);
    tensor.complete_after = complete_after;
    if (const auto quantization = tpu::QuantizationOf(value)) {
      tensor.scale = quantization.getScale();
      tensor.zero_point = static_cast<int32_t>(quantization.getZeroPoint());
    }
    tensors_[value.getAsOpaquePointer()] = tensor;
    program_.tensors.push_back(std::move(tensor));
    return absl::OkStatus();
  }

  static absl::Status Unplaced(mlir::Value value) {
    return absl::UnimplementedError(
        absl::StrCat("'", getName(value), "' is not held in memory"));
  }

  int64_t NumGdma() {
    const auto& instructions = emitter_.instructions();
    for (; counted_ < instructions.size(); ++counted_)
      num_gdma_ += instructions[counted_].engine() == isa::Engine::kGdma;
    return num_gdma_;
  }

  Program program_;
  bm1684x::Emitter emitter_;
  std::map<const void*, ProgramTensor> tensors_;  // by value; only looked up
  mlir::Operation* attributed_ = nullptr;
  size_t counted_ = 0;
  int64_t num_gdma_ = 0;
};

}  // namespace

absl::StatusOr<Program> BuildProgram(mlir::ModuleOp module) {
  return Builder().Build(module);
}

}  // namespace tpuc
