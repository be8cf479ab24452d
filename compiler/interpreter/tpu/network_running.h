// SPDX-License-Identifier: Apache-2.0
// What the tests of the interpreter share.
#pragma once

#include <string>
#include <utility>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/interpreter/tpu/interpreter.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::interpreter {

// A module from text, with weights, in a context of its own.
class Network {
 public:
  explicit Network(const std::string& text) {
    context_.loadDialect<mlir::func::FuncDialect, top::TopDialect,
                         tpu::TpuDialect>();
    module_ = mlir::parseSourceString<mlir::ModuleOp>(text, &context_);
  }
  void AddWeight(const std::string& name, Tensor tensor) {
    getWeights(&context_).Add(name, std::move(tensor));
  }
  absl::StatusOr<TensorMap> Run(const TensorMap& inputs, int threads = 2) {
    RunOptions options;
    options.threads = threads;
    return RunTpu(*module_, inputs, options);
  }
  // The tensor `y`.
  Tensor Result(const TensorMap& inputs, int threads = 2) {
    auto results = Run(inputs, threads);
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? results->at("y") : Tensor();
  }

 private:
  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
};

}  // namespace tpuc::interpreter
