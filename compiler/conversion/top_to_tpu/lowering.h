// SPDX-License-Identifier: Apache-2.0
// What the lowerings of all operator families share: where they find their
// operands, how they name what they create, and the table that they enter.
//
// A lowering is a function that builds tpu operations in front of one top
// operation and returns the value that takes its result's place:
//
//   FailureOr<Value> LowerExp(top::ExpOp op, Lowering& lowering) {
//     return lowering.Create<tpu::ExpOp>(
//         lowering.Shape(op), lowering.f32(), lowering.F32(op.getInput()));
//   }
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/conversion/top_to_tpu/options.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/quantization/scale.h"
#include "compiler/support/tensor.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace tpuc {

// Sums of more terms than this are accumulated in f32.
inline constexpr int64_t kMaxTermsIn16Bits = 16;

using QuantizedType = mlir::quant::UniformQuantizedType;

class Lowering {
 public:
  Lowering(mlir::func::FuncOp function, const LoweringOptions& options);

  // The type in which the values of the operation being lowered are kept: f32,
  // f16 or bf16. In INT8 it is for what has no useful integer form: f16.
  mlir::Type storage() const { return storage_; }
  mlir::Type f32() { return builder_.getF32Type(); }
  // The type for a function that rounds several times on its way: activations
  // in steps, depthwise sums, which the chip accumulates in the data's type. In
  // bf16, with 8 significant bits, these errors and those of the constants add
  // up to more than the rounding of the result, so there it is f32.
  mlir::Type stepwise() { return storage_.isBF16() ? f32() : storage_; }
  bool is_16bit() const { return !storage_.isF32(); }
  mlir::OpBuilder& builder() { return builder_; }

  static llvm::ArrayRef<int64_t> Shape(mlir::Value value) {
    return top::ShapeOf(value);
  }

  // The lowered counterpart of an operand of a top operation: in the float type
  // it was left in, or cast to the one asked for. A weight is rounded at
  // compile time.
  mlir::Value Any(mlir::Value value);
  // In the type that it was left in, be it quantized: for what moves or chooses
  // elements.
  mlir::Value Moved(mlir::Value value);
  mlir::Value As(mlir::Value value, mlir::Type element);
  mlir::Value Stored(mlir::Value value) { return As(value, storage_); }
  mlir::Value F32(mlir::Value value) { return As(value, f32()); }
  // A value that is lowered already, in another type.
  mlir::Value Cast(mlir::Value lowered, mlir::Type element);

  // How the result of a top operation is stored in 8 bits, by its entry in the
  // calibration table; `is_clamped`: after a relu, up to `limit` where that is
  // not negative. Null, after an error, when there is none.
  QuantizedType Calibrated(mlir::Value value, bool is_clamped = false,
                           double limit = -1);
  template <typename Op>
  QuantizedType CalibratedResult(Op op) {
    return Calibrated(op.getOutput(), op.getDoRelu(),
                      op.getReluLimit().convertToDouble());
  }
  // The counterpart of an operand in 8 bits, as it was left or as calibrated.
  // Null, after an error, where that can't be.
  mlir::Value Quantized(mlir::Value value);
  // The ranges to expect of a tensor's channels; none where the calibration
  // table doesn't have them.
  std::optional<quantization::ChannelRanges> ChannelsOf(
      mlir::Value value) const;
  // How an 8-bit value that is lowered already is stored: one entry, or one for
  // each channel where that was said with the second.
  std::vector<quantization::Storage> StoragesOf(mlir::Value lowered) const;
  void SetStorages(mlir::Value lowered,
                   std::vector<quantization::Storage> channels);
  // The scales of a weight that training found; empty where there are none.
  const std::vector<double>& TrainedScales(mlir::Value weight) const;
  // A new integer constant, named after the operation being lowered.
  mlir::Value IntegerConstant(llvm::StringRef suffix, Tensor data);
  // INT8, F32, ...: as the quantization table says, else the network's; of
  // gates of a network in INT8 that is F16.
  const std::string& ModeOf(mlir::Operation* op) const;

  // A weight in another form: `change` gets the f32 data and gives f32 data,
  // which is then rounded to `element`. `form` names it, e.g. "transposed".
  // Null, after an error at `user`, when a finite value does not fit.
  mlir::Value Weight(mlir::Operation* user, mlir::Value weight,
                     mlir::Type element, llvm::StringRef form,
                     const std::function<Tensor(const Tensor&)>& change);
  // A new constant with f32 `data`, named after the operation being lowered.
  mlir::Value Constant(llvm::StringRef suffix, mlir::Type element,
                       const Tensor& data);

  // Builds an operation with one result. `suffix` is appended to the name of
  // the operation being lowered; without one the name is kept, which is for
  // the last operation.
  template <typename Op, typename... Args>
  mlir::Value Create(llvm::ArrayRef<int64_t> shape, mlir::Type element,
                     Args&&... args) {
    return CreateNamed<Op>("", shape, element, std::forward<Args>(args)...);
  }
  template <typename Op, typename... Args>
  mlir::Value CreateNamed(llvm::StringRef suffix, llvm::ArrayRef<int64_t> shape,
                          mlir::Type element, Args&&... args) {
    auto op = builder_.create<Op>(LocationFor(suffix),
                                  mlir::RankedTensorType::get(shape, element),
                                  std::forward<Args>(args)...);
    return op->getResult(0);
  }

  // x op constant, c op x when reversed.
  mlir::Value ConstantOp(llvm::StringRef suffix, mlir::Value x,
                         tpu::BinaryKind kind, double constant,
                         bool is_reversed = false);

  // Whether `constant` keeps its meaning when it is rounded to the storage
  // type: neither infinite nor zero unless it was before.
  bool FitsStorage(double constant) const;
  // The same for the range of a weight; true for other values.
  bool FitsStorage(mlir::Value value) const;
  // The storage type, or f32 when one of the operands is a weight that doesn't
  // fit: for operations that can do with either.
  mlir::Type TypeFor(mlir::ValueRange operands);

 private:
  friend class FunctionLowering;
  void SetStorage(llvm::StringRef mode);
  mlir::Value CastQuantized(mlir::Value lowered, mlir::Type element,
                            mlir::Location location);
  mlir::Location LocationFor(llvm::StringRef suffix);
  std::string UniqueName(const std::string& name);
  Tensor Round(const Tensor& data, mlir::Type element) const;

  mlir::OpBuilder builder_;
  const LoweringOptions& options_;
  mlir::Type storage_;
  std::string name_;  // of the operation being lowered
  std::set<std::string> names_;
  llvm::DenseSet<mlir::Operation*> gates_;
  llvm::DenseMap<mlir::Value, mlir::Value> lowered_;
  llvm::DenseMap<mlir::Value, std::vector<quantization::Storage>> storages_;
  std::map<std::pair<void*, void*>, mlir::Value> casts_;
  std::map<std::string, mlir::Value> weights_;
};

// How a type's numbers are stored.
quantization::Storage StorageOf(QuantizedType type);

// The table of lowerings by operation name. Those to 8 bits give a null value
// where the operation has no useful integer form.
class Lowerings {
 public:
  using Function =
      std::function<llvm::FailureOr<mlir::Value>(mlir::Operation*, Lowering&)>;

  template <typename Op>
  void Add(llvm::FailureOr<mlir::Value> (*lower)(Op, Lowering&)) {
    table_[Op::getOperationName().str()] = [lower](mlir::Operation* op,
                                                   Lowering& lowering) {
      return lower(mlir::cast<Op>(op), lowering);
    };
  }
  const Function* Find(mlir::Operation* op) const;

  static const Lowerings& Float();
  static const Lowerings& Quantized();

 private:
  std::map<std::string, Function> table_;
};

// x * (1 / sqrt(x)) of an f32 value that is lowered already; 0 of negative
// numbers. `suffix` as for CreateNamed.
mlir::Value SquareRoot(const char* suffix, mlir::Value x, Lowering& lowering);

// One for each family, in the file of its name.
void AddConvolutionLowerings(Lowerings& lowerings);
void AddMatMulLowerings(Lowerings& lowerings);
void AddPoolingLowerings(Lowerings& lowerings);
void AddReductionLowerings(Lowerings& lowerings);
void AddSoftmaxLowerings(Lowerings& lowerings);
void AddElementwiseLowerings(Lowerings& lowerings);
void AddActivationLowerings(Lowerings& lowerings);
void AddShapeLowerings(Lowerings& lowerings);
// The same to 8 bits.
void AddQuantizedProductLowerings(Lowerings& lowerings);
void AddQuantizedElementwiseLowerings(Lowerings& lowerings);
void AddQuantizedMovementLowerings(Lowerings& lowerings);

// Replaces the body of `function`. Errors go to the operations' diagnostics;
// the function is unusable then.
llvm::LogicalResult LowerFunction(mlir::func::FuncOp function,
                                  const LoweringOptions& options);

}  // namespace tpuc
