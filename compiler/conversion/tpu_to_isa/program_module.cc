// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/tpu_to_isa/program_module.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "compiler/dialect/isa/IsaOps.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/transforms/tpu/memory_attributes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"

namespace tpuc {
namespace {

constexpr char kInputs[] = "isa.inputs", kOutputs[] = "isa.outputs",
               kTensors[] = "isa.tensors", kCoefficients[] = "isa.coefficients",
               kCtxAddress[] = "isa.ctx_address", kCtxBytes[] = "isa.ctx_bytes";

// The element type, with the quantization.
mlir::Type TypeOf(mlir::Builder& b, const ProgramTensor& tensor) {
  if (tensor.scale == 0)
    return top::ElementTypeOf(b.getContext(), tensor.dtype);
  const bool is_signed = tensor.dtype == DType::kI8;
  return mlir::quant::UniformQuantizedType::get(
      is_signed ? mlir::quant::QuantizationFlags::Signed : 0,
      b.getIntegerType(8), b.getF32Type(), tensor.scale, tensor.zero_point,
      is_signed ? -128 : 0, is_signed ? 127 : 255);
}

mlir::Attribute TensorsAttr(mlir::Builder& b,
                            const std::vector<ProgramTensor>& tensors) {
  llvm::SmallVector<mlir::Attribute> list;
  for (const ProgramTensor& t : tensors)
    list.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("name", b.getStringAttr(t.name)),
         b.getNamedAttr("dtype", mlir::TypeAttr::get(TypeOf(b, t))),
         b.getNamedAttr("shape", b.getDenseI64ArrayAttr(t.shape)),
         b.getNamedAttr("address", b.getI64IntegerAttr(t.address)),
         b.getNamedAttr("bytes", b.getI64IntegerAttr(t.bytes)),
         b.getNamedAttr("complete_after",
                        b.getI64IntegerAttr(t.complete_after))}));
  return b.getArrayAttr(list);
}

// Reads fields of a dictionary; remembers whether one was missing.
class Fields {
 public:
  explicit Fields(mlir::Attribute attribute)
      : dictionary_(mlir::dyn_cast<mlir::DictionaryAttr>(attribute)),
        ok_(dictionary_ != nullptr) {}

  std::string Text(const char* name) {
    const auto value = Get<mlir::StringAttr>(name);
    return value ? value.str() : "";
  }
  int64_t Integer(const char* name) {
    const auto value = Get<mlir::IntegerAttr>(name);
    return value ? value.getInt() : 0;
  }
  std::vector<int64_t> Integers(const char* name) {
    const auto value = Get<mlir::DenseI64ArrayAttr>(name);
    return value ? value.asArrayRef().vec() : std::vector<int64_t>();
  }
  void Type(const char* name, ProgramTensor* tensor) {
    const auto value = Get<mlir::TypeAttr>(name);
    const auto dtype = value ? top::DTypeOf(value.getValue()) : std::nullopt;
    ok_ &= dtype.has_value();
    tensor->dtype = dtype.value_or(DType::kF32);
    if (!ok_) return;
    if (auto type = mlir::dyn_cast<mlir::quant::UniformQuantizedType>(
            value.getValue())) {
      tensor->scale = type.getScale();
      tensor->zero_point = static_cast<int32_t>(type.getZeroPoint());
    }
  }
  bool ok() const { return ok_; }

 private:
  template <typename Attribute>
  Attribute Get(const char* name) {
    const auto value =
        ok_ ? mlir::dyn_cast_or_null<Attribute>(dictionary_.get(name))
            : Attribute();
    ok_ &= value != nullptr;
    return value;
  }

  mlir::DictionaryAttr dictionary_;
  bool ok_;
};

absl::Status Malformed(const char* name) {
  return absl::InvalidArgumentError(
      absl::StrCat("the module's attribute ", name,
                   " is missing or malformed; convert-tpu-to-isa sets it"));
}

absl::StatusOr<std::vector<ProgramTensor>> Tensors(mlir::ModuleOp module,
                                                   const char* name) {
  const auto list = module->getAttrOfType<mlir::ArrayAttr>(name);
  if (!list) return Malformed(name);
  std::vector<ProgramTensor> tensors;
  for (mlir::Attribute entry : list) {
    Fields fields(entry);
    ProgramTensor tensor;
    tensor.name = fields.Text("name");
    fields.Type("dtype", &tensor);
    tensor.shape = fields.Integers("shape");
    tensor.address = fields.Integer("address");
    tensor.bytes = fields.Integer("bytes");
    tensor.complete_after = fields.Integer("complete_after");
    if (!fields.ok()) return Malformed(name);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace

absl::Status WriteProgram(const Program& program, mlir::ModuleOp module) {
  for (const isa::Instruction& i : program.instructions)
    if (i.overflow_field() >= 0)
      return absl::InternalError(absl::StrCat(
          i.info().name, " field ", i.info().fields[i.overflow_field()].name,
          " is too narrow for ", i.overflow_value()));
  mlir::MLIRContext* context = module.getContext();
  mlir::OpBuilder b(context);
  mlir::func::FuncOp function = MainFunction(module);
  function.setFunctionType(b.getFunctionType({}, {}));
  function.setArgAttrsAttr({});
  function.setResAttrsAttr({});
  function.getBody().dropAllReferences();
  function.getBody().getBlocks().clear();
  b.setInsertionPointToStart(b.createBlock(&function.getBody()));
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const int32_t source = program.sources[i];
    isa::create(b, NameLocation(context, program.operations[source]),
                program.instructions[i]);
  }
  b.create<mlir::func::ReturnOp>(function.getLoc());

  llvm::SmallVector<mlir::Attribute> coefficients;
  for (const ProgramCoefficient& c : program.coefficients)
    coefficients.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("name", b.getStringAttr(c.name)),
         b.getNamedAttr("address", b.getI64IntegerAttr(c.address)),
         b.getNamedAttr("bytes", b.getI64IntegerAttr(c.bytes))}));
  module->removeAttr(tpu::kCtxAddressAttr);
  module->removeAttr(tpu::kCtxBytesAttr);
  module->setAttr(kInputs, TensorsAttr(b, program.inputs));
  module->setAttr(kOutputs, TensorsAttr(b, program.outputs));
  module->setAttr(kTensors, TensorsAttr(b, program.tensors));
  module->setAttr(kCoefficients, b.getArrayAttr(coefficients));
  module->setAttr(kCtxAddress, b.getI64IntegerAttr(program.ctx_address));
  module->setAttr(kCtxBytes, b.getI64IntegerAttr(program.ctx_bytes));
  return absl::OkStatus();
}

absl::StatusOr<Program> ReadProgram(mlir::ModuleOp module) {
  Program program;
  program.name = ModuleString(module, kModuleName);
  auto inputs = Tensors(module, kInputs);
  if (!inputs.ok()) return inputs.status();
  auto outputs = Tensors(module, kOutputs);
  if (!outputs.ok()) return outputs.status();
  auto tensors = Tensors(module, kTensors);
  if (!tensors.ok()) return tensors.status();
  program.inputs = *std::move(inputs);
  program.outputs = *std::move(outputs);
  program.tensors = *std::move(tensors);
  const auto coefficients =
      module->getAttrOfType<mlir::ArrayAttr>(kCoefficients);
  const auto address = module->getAttrOfType<mlir::IntegerAttr>(kCtxAddress);
  const auto bytes = module->getAttrOfType<mlir::IntegerAttr>(kCtxBytes);
  if (!coefficients) return Malformed(kCoefficients);
  if (!address) return Malformed(kCtxAddress);
  if (!bytes) return Malformed(kCtxBytes);
  program.ctx_address = address.getInt();
  program.ctx_bytes = bytes.getInt();
  for (mlir::Attribute entry : coefficients) {
    Fields fields(entry);
    program.coefficients.push_back(
        {fields.Text("name"), static_cast<uint64_t>(fields.Integer("address")),
         fields.Integer("bytes")});
    if (!fields.ok()) return Malformed(kCoefficients);
  }
  mlir::func::FuncOp function = MainFunction(module);
  if (!function)
    return absl::InvalidArgumentError("the module has no function main");
  for (mlir::Operation& op : function.getBody().front()) {
    if (mlir::isa<mlir::func::ReturnOp>(op)) continue;
    auto instruction = mlir::dyn_cast<isa::InstructionOpInterface>(op);
    if (!instruction)
      return absl::InvalidArgumentError(
          absl::StrCat("operation ", op.getName().getStringRef().str(),
                       " is no instruction; run convert-tpu-to-isa before"));
    program.instructions.push_back(instruction.toInstruction());
  }
  return program;
}

}  // namespace tpuc
