// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/TopOps.h"

#include <algorithm>

#include "llvm/Support/ErrorHandling.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "mlir/IR/BuiltinAttributes.h"

#define GET_OP_CLASSES
#include "compiler/dialect/top/TopOps.cc.inc"

namespace tpuc {

std::string getName(mlir::Operation* op) {
  if (op == nullptr) return "";
  if (auto name = op->getLoc()->findInstanceOf<mlir::NameLoc>()) {
    return name.getName().str();
  }
  return "";
}

std::string getName(mlir::Value value) {
  if (auto argument = mlir::dyn_cast<mlir::BlockArgument>(value)) {
    auto name = argument.getLoc()->findInstanceOf<mlir::NameLoc>();
    return name ? name.getName().str() : "";
  }
  return getName(value.getDefiningOp());
}

mlir::Location NameLocation(mlir::MLIRContext* context, llvm::StringRef name) {
  return mlir::NameLoc::get(mlir::StringAttr::get(context, name));
}

WeightStore& getWeights(mlir::MLIRContext* context) {
  return context->getOrLoadDialect<top::TopDialect>()->getWeights();
}

namespace top {

llvm::ArrayRef<int64_t> ShapeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

mlir::Type ElementTypeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getElementType();
}

std::optional<DType> DTypeOf(mlir::Type element) {
  if (auto type = mlir::dyn_cast<mlir::quant::QuantizedType>(element)) {
    if (type.getStorageTypeIntegralWidth() != 8) return std::nullopt;
    return type.isSigned() ? DType::kI8 : DType::kU8;
  }
  if (element.isF32()) return DType::kF32;
  if (element.isF16()) return DType::kF16;
  if (element.isBF16()) return DType::kBF16;
  if (element.isInteger(8)) return DType::kI8;
  if (element.isInteger(16)) return DType::kI16;
  if (element.isInteger(32)) return DType::kI32;
  if (element.isInteger(64)) return DType::kI64;
  return std::nullopt;
}

mlir::Type ElementTypeOf(mlir::MLIRContext* context, DType dtype) {
  mlir::Builder builder(context);
  switch (dtype) {
    case DType::kF32:
      return builder.getF32Type();
    case DType::kF16:
      return builder.getF16Type();
    case DType::kBF16:
      return builder.getBF16Type();
    case DType::kF64:
      return builder.getF64Type();
    case DType::kBool:
      return builder.getI1Type();
    case DType::kI8:
    case DType::kU8:
    case DType::kI16:
    case DType::kU16:
    case DType::kI32:
    case DType::kU32:
    case DType::kI64:
      return builder.getIntegerType(8 * SizeOf(dtype));
  }
  llvm_unreachable("unknown element type");
}

mlir::RankedTensorType TypeOf(mlir::MLIRContext* context,
                              const Tensor& tensor) {
  return mlir::RankedTensorType::get(tensor.shape(),
                                     ElementTypeOf(context, tensor.dtype()));
}

int64_t WindowExtent(int64_t in, int64_t before, int64_t after, int64_t kernel,
                     int64_t dilation, int64_t stride) {
  const int64_t room = in + before + after - ((kernel - 1) * dilation + 1);
  return room < 0 ? 0 : room / stride + 1;
}

std::optional<std::vector<int64_t>> BroadcastShape(llvm::ArrayRef<int64_t> a,
                                                   llvm::ArrayRef<int64_t> b) {
  if (a.size() < b.size()) std::swap(a, b);
  std::vector<int64_t> shape = a.vec();
  const size_t offset = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) {
    int64_t& d = shape[offset + i];
    if (d == 1) {
      d = b[i];
    } else if (b[i] != 1 && b[i] != d) {
      return std::nullopt;
    }
  }
  return shape;
}

ElementView ViewOf(PermuteOp op) {
  return PermutedView(ShapeOf(op.getInput()).vec(), op.getOrder().vec());
}

ElementView ViewOf(SliceOp op) {
  return SlicedView(ShapeOf(op.getInput()).vec(), op.getStarts().vec(),
                    op.getSteps().vec(), ShapeOf(op.getOutput()).vec());
}

WeightOp CreateWeight(mlir::OpBuilder& builder, llvm::StringRef name,
                      Tensor tensor) {
  mlir::MLIRContext* context = builder.getContext();
  const mlir::RankedTensorType type = TypeOf(context, tensor);
  const std::string unique =
      getWeights(context).Add(name.str(), std::move(tensor));
  return builder.create<WeightOp>(NameLocation(context, unique), type);
}

const Tensor& DataOf(WeightOp weight) {
  const Tensor* tensor = getWeights(weight.getContext()).Find(getName(weight));
  if (tensor == nullptr) {
    llvm::report_fatal_error(llvm::Twine("the weight store has no data for '") +
                             getName(weight) +
                             "'; load the module with its weights");
  }
  return *tensor;
}

const Tensor* ConstantOf(mlir::Value value) {
  if (!value) return nullptr;
  auto weight = value.getDefiningOp<WeightOp>();
  return weight ? getWeights(weight.getContext()).Find(getName(weight))
                : nullptr;
}

}  // namespace top
}  // namespace tpuc
