// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/lowering.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/float_format.h"
#include "compiler/quantization/gates.h"

namespace tpuc {

using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::Operation;
using mlir::Type;
using mlir::Value;

namespace {

const char* TypeName(Type element) {
  if (auto type = mlir::dyn_cast<QuantizedType>(element))
    return type.isSigned() ? "i8" : "u8";
  if (element.isF16()) return "f16";
  if (element.isBF16()) return "bf16";
  return "f32";
}

// What `value` becomes in `element`, widened again.
float RoundedTo(float value, Type element) {
  if (element.isF16()) return numerics::RoundToF16(value);
  if (element.isBF16()) return numerics::RoundToBF16(value);
  return value;
}

// The first finite value that becomes infinite in `element`, or null.
const float* FindOverflow(const Tensor& data, Type element) {
  if (element.isF32()) return nullptr;
  const DType dtype = *top::DTypeOf(element);
  const uint16_t infinity = element.isF16() ? 0x7C00 : 0x7F80;
  constexpr int64_t kRow = 1024;
  uint16_t rounded[kRow];
  for (int64_t start = 0; start < data.NumElements(); start += kRow) {
    const float* values = data.data<float>() + start;
    const int64_t count = std::min(kRow, data.NumElements() - start);
    numerics::StoreFloatRow(dtype, values, count, rounded, 1);
    bool has_special = false;
    for (int64_t i = 0; i < count; ++i)
      has_special |= (rounded[i] & infinity) == infinity;
    for (int64_t i = 0; has_special && i < count; ++i) {
      if (std::isfinite(values[i]) && (rounded[i] & infinity) == infinity)
        return values + i;
    }
  }
  return nullptr;
}

Type Element(Value value) { return tpu::ElementTypeOf(value); }

}  // namespace

quantization::Storage StorageOf(QuantizedType type) {
  return {type.getScale(), static_cast<int32_t>(type.getZeroPoint()),
          type.isSigned()};
}

Lowering::Lowering(mlir::func::FuncOp function, const LoweringOptions& options)
    : builder_(function.getContext()), options_(options) {
  if (options.mode == "INT8") gates_ = quantization::GatesOf(function);
  function.walk([&](Operation* op) { names_.insert(getName(op)); });
}

void Lowering::SetStorage(llvm::StringRef mode) {
  storage_ = builder_.getF16Type();
  if (mode == "F32") storage_ = builder_.getF32Type();
  if (mode == "BF16") storage_ = builder_.getBF16Type();
}

Value Lowering::Any(Value value) {
  const Value moved = Moved(value);
  return tpu::QuantizationOf(moved) ? Cast(moved, storage_) : moved;
}

Value Lowering::Moved(Value value) {
  if (Value lowered = lowered_.lookup(value)) return lowered;
  auto weight = value.getDefiningOp<top::WeightOp>();
  assert(weight && "operand was not lowered");
  return Weight(weight, value, f32(), "", nullptr);
}

Value Lowering::As(Value value, Type element) {
  if (auto weight = value.getDefiningOp<top::WeightOp>()) {
    return Weight(weight, value, element, "", nullptr);
  }
  return Cast(Moved(value), element);
}

QuantizedType Lowering::Calibrated(Value value, bool is_clamped, double limit) {
  const std::string name = getName(value);
  const auto it = options_.calibration.ranges.find(name);
  if (it == options_.calibration.ranges.end()) {
    value.getDefiningOp()->emitOpError()
        << "'" << name << "' has no range in the calibration table "
        << options_.calibration_file
        << "; calibrate this network, or give operators another mode in a "
           "quantization table";
    return {};
  }
  quantization::TensorRange range = it->second;
  if (is_clamped) {
    range.min = std::max(range.min, 0.0);
    range.max = std::max(range.max, 0.0);
    if (limit > 0) {
      range.max = std::min(range.max, limit);
      range.threshold = std::min(range.threshold, limit);
    }
  }
  const quantization::Storage storage =
      quantization::StorageOf(range, options_.asymmetric);
  const bool is_signed = storage.is_signed;
  return QuantizedType::get(
      is_signed ? mlir::quant::QuantizationFlags::Signed : 0,
      builder_.getIntegerType(8), builder_.getF32Type(), storage.scale,
      storage.zero_point, is_signed ? -128 : 0, is_signed ? 127 : 255);
}

Value Lowering::Quantized(Value value) {
  const Value lowered = Moved(value);
  if (tpu::QuantizationOf(lowered)) return lowered;
  const QuantizedType type = Calibrated(value);
  return type ? Cast(lowered, type) : Value();
}

std::optional<quantization::ChannelRanges> Lowering::ChannelsOf(
    Value value) const {
  const quantization::CalibrationTable& table = options_.calibration;
  const std::string name = getName(value);
  const auto whole = table.ranges.find(name);
  const auto each = table.channels.find(name);
  if (whole == table.ranges.end() || each == table.channels.end())
    return std::nullopt;
  return quantization::ExpectedRanges(each->second, whole->second);
}

std::vector<quantization::Storage> Lowering::StoragesOf(Value lowered) const {
  const auto it = storages_.find(lowered);
  if (it != storages_.end()) return it->second;
  return {tpuc::StorageOf(tpu::QuantizationOf(lowered))};
}

void Lowering::SetStorages(Value lowered,
                           std::vector<quantization::Storage> channels) {
  if (!channels.empty()) storages_[lowered] = std::move(channels);
}

const std::string& Lowering::ModeOf(Operation* op) const {
  static const auto* f16 = new std::string("F16");
  const auto it = options_.quantize_table.find(getName(op));
  if (it != options_.quantize_table.end()) return it->second;
  return gates_.contains(op) ? *f16 : options_.mode;
}

const std::vector<double>& Lowering::TrainedScales(Value weight) const {
  static const auto* none = new std::vector<double>;
  const auto& scales = options_.calibration.weight_scales;
  const auto it = scales.find(getName(weight));
  return it == scales.end() ? *none : it->second;
}

Value Lowering::IntegerConstant(llvm::StringRef suffix, Tensor data) {
  return top::CreateWeight(builder_,
                           UniqueName(absl::StrCat(name_, "_", suffix.str())),
                           std::move(data));
}

// To, from and between quantized types.
Value Lowering::CastQuantized(Value lowered, Type element,
                              mlir::Location location) {
  const auto type = mlir::RankedTensorType::get(tpu::ShapeOf(lowered), element);
  const QuantizedType from = tpu::QuantizationOf(lowered);
  const auto to = mlir::dyn_cast<QuantizedType>(element);
  if (!from) return builder_.create<tpu::QuantizeOp>(location, type, lowered);
  if (!to) return builder_.create<tpu::DequantizeOp>(location, type, lowered);
  const quantization::Rescale rescale =
      quantization::RescaleOf(from.getScale() / to.getScale());
  return builder_.create<tpu::RequantOp>(location, type, lowered,
                                         rescale.multiplier, rescale.shift);
}

Value Lowering::Cast(Value lowered, Type element) {
  const Type from = Element(lowered);
  if (from == element) return lowered;
  Value& cast = casts_[{lowered.getAsOpaquePointer(),
                        const_cast<void*>(element.getAsOpaquePointer())}];
  if (cast) return cast;
  const bool is_quantized = tpu::QuantizationOf(lowered) != nullptr ||
                            mlir::isa<QuantizedType>(element);
  // The chip has no way between f16 and bf16 but f32.
  if (!is_quantized && !from.isF32() && !element.isF32())
    return cast = Cast(Cast(lowered, f32()), element);
  mlir::OpBuilder::InsertionGuard guard(builder_);
  builder_.setInsertionPointAfterValue(lowered);
  const std::string name =
      UniqueName(absl::StrCat(getName(lowered), "_", TypeName(element)));
  const mlir::Location location = NameLocation(builder_.getContext(), name);
  if (is_quantized) return cast = CastQuantized(lowered, element, location);
  cast = builder_.create<tpu::CastOp>(
      location, mlir::RankedTensorType::get(tpu::ShapeOf(lowered), element),
      lowered);
  return cast;
}

Value Lowering::Weight(Operation* user, Value weight, Type element,
                       llvm::StringRef form,
                       const std::function<Tensor(const Tensor&)>& change) {
  auto op = weight.getDefiningOp<top::WeightOp>();
  std::string name = getName(op);
  if (!form.empty()) absl::StrAppend(&name, "_", form.str());
  if (!element.isF32()) absl::StrAppend(&name, "_", TypeName(element));
  Value& made = weights_[name];
  if (made) return made;

  const Tensor& data = top::DataOf(op);
  if (data.dtype() != DType::kF32) {
    user->emitOpError() << "weight '" << getName(op) << "' holds "
                        << Name(data.dtype()) << "; only f32 can be lowered";
    return {};
  }
  if (const float* value = FindOverflow(data, element)) {
    user->emitOpError() << "weight '" << getName(op) << "' holds " << *value
                        << ", outside the range of " << TypeName(element)
                        << "; use "
                        << (element.isF16() ? "BF16 or F32" : "F32");
    return {};
  }
  if (!change && element.isF32()) {
    made = builder_.create<top::WeightOp>(op.getLoc(), op.getType());
    return made;
  }
  made = top::CreateWeight(builder_, name,
                           Round(change ? change(data) : data, element));
  return made;
}

Value Lowering::Constant(llvm::StringRef suffix, Type element,
                         const Tensor& data) {
  return top::CreateWeight(builder_,
                           UniqueName(absl::StrCat(name_, "_", suffix.str())),
                           Round(data, element));
}

Value Lowering::ConstantOp(llvm::StringRef suffix, Value x,
                           tpu::BinaryKind kind, double constant,
                           bool is_reversed) {
  return CreateNamed<tpu::BinaryConstOp>(suffix, tpu::ShapeOf(x), Element(x), x,
                                         kind, llvm::APFloat(constant),
                                         is_reversed);
}

bool Lowering::FitsStorage(double constant) const {
  const float value = static_cast<float>(constant);
  const float rounded = RoundedTo(value, storage_);
  return std::isinf(rounded) == std::isinf(value) &&
         (rounded == 0) == (value == 0);
}

bool Lowering::FitsStorage(Value value) const {
  const Tensor* data = top::ConstantOf(value);
  return data == nullptr || data->dtype() != DType::kF32 ||
         FindOverflow(*data, storage_) == nullptr;
}

Type Lowering::TypeFor(mlir::ValueRange operands) {
  for (Value operand : operands) {
    if (!FitsStorage(operand)) return f32();
  }
  return storage_;
}

mlir::Location Lowering::LocationFor(llvm::StringRef suffix) {
  const std::string name =
      suffix.empty() ? name_
                     : UniqueName(absl::StrCat(name_, "_", suffix.str()));
  return NameLocation(builder_.getContext(), name);
}

std::string Lowering::UniqueName(const std::string& name) {
  std::string unique = name;
  for (int i = 1; !names_.insert(unique).second; ++i) {
    unique = absl::StrCat(name, "_", i);
  }
  return unique;
}

Tensor Lowering::Round(const Tensor& data, Type element) const {
  if (element.isF32()) return data;
  Tensor rounded(*top::DTypeOf(element), data.shape());
  numerics::StoreFloatRow(rounded.dtype(), data.data<float>(),
                          data.NumElements(), rounded.raw(), 1);
  return rounded;
}

const Lowerings::Function* Lowerings::Find(Operation* op) const {
  auto it = table_.find(op->getName().getStringRef().str());
  return it == table_.end() ? nullptr : &it->second;
}

const Lowerings& Lowerings::Quantized() {
  static const Lowerings* all = [] {
    auto* lowerings = new Lowerings;
    AddQuantizedProductLowerings(*lowerings);
    AddQuantizedElementwiseLowerings(*lowerings);
    AddQuantizedMovementLowerings(*lowerings);
    return lowerings;
  }();
  return *all;
}

const Lowerings& Lowerings::Float() {
  static const Lowerings* all = [] {
    auto* lowerings = new Lowerings;
    AddConvolutionLowerings(*lowerings);
    AddMatMulLowerings(*lowerings);
    AddPoolingLowerings(*lowerings);
    AddReductionLowerings(*lowerings);
    AddSoftmaxLowerings(*lowerings);
    AddElementwiseLowerings(*lowerings);
    AddActivationLowerings(*lowerings);
    AddShapeLowerings(*lowerings);
    return lowerings;
  }();
  return *all;
}

// Walks the function once.
class FunctionLowering {
 public:
  FunctionLowering(mlir::func::FuncOp function, const LoweringOptions& options)
      : function_(function), options_(options), lowering_(function, options) {}

  LogicalResult Run() {
    if (failed(CheckOperations())) return failure();
    for (Operation* op : operations_) {
      lowering_.builder_.setInsertionPoint(op);
      if (failed(Lower(op))) return failure();
    }
    for (auto it = operations_.rbegin(); it != operations_.rend(); ++it) {
      if (!mlir::isa<top::InputOp, mlir::func::ReturnOp>(*it)) (*it)->erase();
    }
    return success();
  }

 private:
  // Lists the operations, and reports all that have no lowering.
  LogicalResult CheckOperations() {
    LogicalResult result = success();
    quantization::QuantizeTable unknown = options_.quantize_table;
    for (Operation& op : function_.getBody().front())
      unknown.erase(getName(&op));
    if (!unknown.empty()) {
      result = function_.emitError()
               << "the quantization table names '" << unknown.begin()->first
               << "', which no operator of the network computes";
    }
    for (Operation& op : function_.getBody().front()) {
      operations_.push_back(&op);
      if (mlir::isa<top::InputOp>(op)) {
        if (!Element(op.getResult(0)).isF32()) {
          result = op.emitOpError() << "has type " << op.getResult(0).getType()
                                    << "; only f32 inputs can be lowered";
        }
        continue;
      }
      if (mlir::isa<top::WeightOp, mlir::func::ReturnOp>(op)) continue;
      if (Lowerings::Float().Find(&op) == nullptr) {
        result = op.emitOpError("has no lowering to the tpu dialect");
      } else if (!Element(op.getResult(0)).isF32()) {
        result = op.emitOpError() << "gives " << op.getResult(0).getType()
                                  << "; only f32 tensors can be lowered";
      }
    }
    return result;
  }

  LogicalResult Lower(Operation* op) {
    if (auto ret = mlir::dyn_cast<mlir::func::ReturnOp>(op)) return Return(ret);
    if (mlir::isa<top::WeightOp>(op)) return success();
    if (auto input = mlir::dyn_cast<top::InputOp>(op)) return Input(input);
    lowering_.name_ = getName(op);
    const std::string& mode = lowering_.ModeOf(op);
    lowering_.SetStorage(mode);
    llvm::FailureOr<Value> value = Value();
    const Lowerings::Function* quantized = Lowerings::Quantized().Find(op);
    if (mode == "INT8" && quantized) value = (*quantized)(op, lowering_);
    if (failed(value)) return failure();
    if (!*value) value = (*Lowerings::Float().Find(op))(op, lowering_);
    if (failed(value) || !*value) return failure();
    lowering_.lowered_[op->getResult(0)] = *value;
    return success();
  }

  LogicalResult Input(top::InputOp op) {
    lowering_.lowered_[op.getOutput()] = op.getOutput();
    if (!options_.quantized_inputs) return success();
    const QuantizedType element = lowering_.Calibrated(op.getOutput());
    if (!element) return failure();
    const auto type =
        mlir::RankedTensorType::get(Lowering::Shape(op.getOutput()), element);
    op.getInput().setType(type);
    op.getOutput().setType(type);
    return success();
  }

  // Results are f32 and have the names of the top tensors; where that takes a
  // cast, the 16-bit tensor in front of it gets a suffix.
  LogicalResult Return(mlir::func::ReturnOp ret) {
    lowering_.SetStorage("F32");
    mlir::MLIRContext* context = function_.getContext();
    for (mlir::OpOperand& operand : ret->getOpOperands()) {
      const std::string name = getName(operand.get());
      const Value lowered = lowering_.Moved(operand.get());
      const Type type = ResultType(operand.get(), lowered);
      if (!type) return failure();
      const Value result = lowering_.Cast(lowered, type);
      if (result != lowered && getName(lowered) == name) {
        lowered.getDefiningOp()->setLoc(
            NameLocation(context, lowering_.UniqueName(absl::StrCat(
                                      name, "_", TypeName(Element(lowered))))));
        result.getDefiningOp()->setLoc(NameLocation(context, name));
      }
      operand.set(result);
    }
    function_.setType(mlir::FunctionType::get(
        context, function_.getBody().front().getArgumentTypes(),
        ret.getOperandTypes()));
    return success();
  }

  // Of a result of the function. Null, after an error, where there is none.
  Type ResultType(Value result, Value lowered) {
    if (!options_.quantized_outputs) return lowering_.f32();
    const QuantizedType type = tpu::QuantizationOf(lowered);
    return type ? type : lowering_.Calibrated(result);
  }

  mlir::func::FuncOp function_;
  const LoweringOptions& options_;
  Lowering lowering_;
  std::vector<Operation*> operations_;
};

LogicalResult LowerFunction(mlir::func::FuncOp function,
                            const LoweringOptions& options) {
  return FunctionLowering(function, options).Run();
}

}  // namespace tpuc
