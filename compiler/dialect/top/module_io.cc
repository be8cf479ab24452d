// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/module_io.h"

#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/support/file.h"
#include "compiler/support/npz.h"
#include "llvm/Support/SourceMgr.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"

namespace tpuc {
namespace {

std::string ToString(mlir::Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

bool HasType(const Tensor& tensor, mlir::RankedTensorType type) {
  return llvm::ArrayRef<int64_t>(tensor.shape()) == type.getShape() &&
         top::DTypeOf(type.getElementType()) == tensor.dtype();
}

// NumPy has no bf16; the file holds the bits as u16.
void RestoreBFloat(Tensor& tensor, mlir::RankedTensorType type) {
  if (!type.getElementType().isBF16() || tensor.dtype() != DType::kU16) return;
  Tensor bits(DType::kBF16, tensor.shape());
  std::memcpy(bits.raw(), tensor.raw(), tensor.SizeInBytes());
  tensor = std::move(bits);
}

absl::Status CheckWeight(top::WeightOp weight, const Tensor* tensor,
                         absl::string_view where) {
  const std::string name = getName(weight);
  const auto type =
      mlir::cast<mlir::RankedTensorType>(weight.getOutput().getType());
  if (tensor == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("weight '", name, "' is not in ", where));
  }
  if (!HasType(*tensor, type)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "weight '", name, "' in ", where, " is (",
        absl::StrJoin(tensor->shape(), ", "), ") of ", Name(tensor->dtype()),
        ", the module wants ", ToString(type)));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ModuleString(mlir::ModuleOp module, llvm::StringRef name) {
  auto attribute = module->getAttrOfType<mlir::StringAttr>(name);
  return attribute ? attribute.str() : "";
}

void SetModuleString(mlir::ModuleOp module, llvm::StringRef name,
                     llvm::StringRef value) {
  module->setAttr(name, mlir::StringAttr::get(module.getContext(), value));
}

mlir::func::FuncOp MainFunction(mlir::ModuleOp module) {
  return module.lookupSymbol<mlir::func::FuncOp>("main");
}

absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> LoadModule(
    mlir::MLIRContext* context, const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  std::string errors;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  {
    mlir::ScopedDiagnosticHandler handler(
        context, [&](mlir::Diagnostic& diagnostic) {
          llvm::raw_string_ostream stream(errors);
          stream << "\n  " << diagnostic.getLocation() << ": " << diagnostic;
        });
    context->loadDialect<top::TopDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(
        *text, mlir::ParserConfig(context), path);
  }
  if (!module) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "' is not a valid module:", errors));
  }
  absl::Status status = LoadWeights(*module, DirName(path));
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("'", path, "': ", status.message()));
  }
  return module;
}

absl::Status LoadWeights(mlir::ModuleOp module, const std::string& directory) {
  const std::string file = ModuleString(module, kModuleWeightFile);
  TensorMap tensors;
  if (!file.empty()) {
    absl::StatusOr<TensorMap> read = ReadNpz(JoinPath(directory, file));
    if (!read.ok()) return read.status();
    tensors = *std::move(read);
  }
  const std::string where =
      file.empty()
          ? absl::StrCat("any file (", kModuleWeightFile, " is not set)")
          : absl::StrCat("'", file, "'");
  WeightStore& store = getWeights(module.getContext());
  absl::Status status = absl::OkStatus();
  module.walk([&](top::WeightOp weight) {
    const std::string name = getName(weight);
    if (store.Find(name) != nullptr) {
      status = CheckWeight(weight, store.Find(name), "the weight store");
    } else if (const auto it = tensors.find(name); it == tensors.end()) {
      status = CheckWeight(weight, nullptr, where);
    } else {
      RestoreBFloat(it->second, mlir::cast<mlir::RankedTensorType>(
                                    weight.getOutput().getType()));
      status = CheckWeight(weight, &it->second, where);
      if (status.ok()) store.Add(name, std::move(it->second));
    }
    return status.ok() ? mlir::WalkResult::advance()
                       : mlir::WalkResult::interrupt();
  });
  return status;
}

absl::Status CheckWeights(mlir::ModuleOp module) {
  absl::Status status = absl::OkStatus();
  const WeightStore& store = getWeights(module.getContext());
  module.walk([&](top::WeightOp weight) {
    status =
        CheckWeight(weight, store.Find(getName(weight)), "the weight store");
    return status.ok() ? mlir::WalkResult::advance()
                       : mlir::WalkResult::interrupt();
  });
  return status;
}

void DropUnusedWeights(mlir::ModuleOp module) {
  std::set<std::string> used;
  module.walk([&](top::WeightOp weight) { used.insert(getName(weight)); });
  WeightStore& store = getWeights(module.getContext());
  std::vector<std::string> unused;
  for (const auto& [name, tensor] : store.tensors()) {
    if (used.count(name) == 0) unused.push_back(name);
  }
  for (const std::string& name : unused) store.Erase(name);
}

absl::Status SaveModule(mlir::ModuleOp module, const std::string& path) {
  if (absl::Status status = CheckWeights(module); !status.ok()) return status;
  const std::string weight_path =
      absl::StrCat(WithoutExtension(path), "_weight.npz");
  TensorRefs used;
  module.walk([&](top::WeightOp weight) {
    used.emplace(getName(weight), &top::DataOf(weight));
  });
  SetModuleString(module, kModuleWeightFile, BaseName(weight_path));
  if (absl::Status s = WriteNpz(weight_path, used); !s.ok()) return s;
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, mlir::OpPrintingFlags().enableDebugInfo());
  stream << "\n";
  return WriteFileAtomically(path, stream.str());
}

}  // namespace tpuc
