// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace tpuc {

// Attributes of the module:
//   module.name         the model's name
//   module.state        "TOP_F32" after the frontend; lowering sets "TPU_..."
//   module.weight_file  file name of the .npz with the weights, beside the
//   .mlir
inline constexpr char kModuleName[] = "module.name";
inline constexpr char kModuleState[] = "module.state";
inline constexpr char kModuleWeightFile[] = "module.weight_file";
inline constexpr char kStateTopF32[] = "TOP_F32";

// Text of a string attribute of the module; empty when absent.
std::string ModuleString(mlir::ModuleOp module, llvm::StringRef name);
void SetModuleString(mlir::ModuleOp module, llvm::StringRef name,
                     llvm::StringRef value);

// The function that is the network, "main"; null when the module has none.
mlir::func::FuncOp MainFunction(mlir::ModuleOp module);

// Parses and verifies `path`, and loads the data of its weights into the
// context's store. The context must have the dialects loaded or registered.
// An error names the file and what is wrong with it.
absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> LoadModule(
    mlir::MLIRContext* context, const std::string& path);

// Loads the weights of an already parsed module; `directory` holds the file
// that `module.weight_file` names. Without that attribute the module must have
// no `top.Weight`.
absl::Status LoadWeights(mlir::ModuleOp module, const std::string& directory);

// Every `top.Weight` has data of its type in the store.
absl::Status CheckWeights(mlir::ModuleOp module);

// Frees the data of weights that no `top.Weight` of the module names any more.
// The module must be the only one of its context.
void DropUnusedWeights(mlir::ModuleOp module);

// Writes the weights in use beside `path` (as <path without .mlir>_weight.npz)
// and then the module, each at once. Sets module.weight_file.
absl::Status SaveModule(mlir::ModuleOp module, const std::string& path);

}  // namespace tpuc
