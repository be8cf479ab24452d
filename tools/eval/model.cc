// SPDX-License-Identifier: Apache-2.0
#include "tools/eval/model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/interpreter/tpu/interpreter.h"
#include "compiler/numerics/float_format.h"
#include "compiler/support/parallel.h"
#include "compiler/support/similarity.h"
#include "mlir/IR/MLIRContext.h"
#include "runtime/runtime.h"
#include "tools/lib/run_model.h"

namespace tpuc::eval {
namespace {

// The preprocessing of a model's only input, whose file says `recorded`.
absl::StatusOr<Preprocessing> Choose(const std::string& path,
                                     const std::vector<InputInfo>& inputs,
                                     const std::optional<Preprocessing>& how) {
  if (inputs.size() != 1)
    return absl::InvalidArgumentError(absl::StrCat(
        "'", path, "' has ", inputs.size(), " inputs; it must have one"));
  const InputInfo& input = inputs[0];
  const auto error = [&](absl::string_view message) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "': input '", input.name, "': ", message));
  };
  if (!input.preprocessing && !how)
    return error(
        "how it is made of an image is not known: give --preprocessing "
        "NET.mlir, or --pixel_format, --mean and other flags");
  if (input.preprocessing && how && !(*input.preprocessing == *how))
    return error(
        "the file records another preprocessing than that of the flags");
  const Preprocessing& chosen =
      input.preprocessing ? *input.preprocessing : *how;
  if (absl::Status status = CheckPreprocessing(chosen, input.shape);
      !status.ok())
    return error(status.message());
  if (input.shape[0] != 1)
    return error(absl::StrCat("has shape ", ShapeText(input.shape),
                              "; images are run one by one"));
  return chosen;
}

class MlirModel : public Model {
 public:
  absl::Status Read(const std::string& path,
                    const std::optional<Preprocessing>& how) {
    context_.loadDialect<tpu::TpuDialect>();
    auto module = LoadModule(&context_, path);
    if (!module.ok()) return module.status();
    module_ = *std::move(module);
    auto signature = interpreter::SignatureOf(*module_);
    if (!signature.ok()) return signature.status();
    auto inputs = InputsOf(*module_);
    if (!inputs.ok()) return inputs.status();
    auto preprocessing = Choose(path, *inputs, how);
    if (!preprocessing.ok()) return preprocessing.status();
    input_name_ = (*inputs)[0].name;
    info_ = {path, (*inputs)[0].shape, *std::move(preprocessing), {}};
    for (const interpreter::TensorInfo& output : signature->outputs) {
      if (!numerics::IsFloat(output.dtype))
        return absl::UnimplementedError(absl::StrCat(
            "'", path, "': output '", output.name, "' is ", Name(output.dtype),
            ", whose scale is not known; run the .bmodel"));
      info_.outputs.push_back({output.name, output.shape});
    }
    const bool is_top =
        absl::StartsWith(ModuleString(*module_, kModuleState), "TOP");
    auto program = interpreter::Program::Prepare(
        *module_,
        is_top ? interpreter::TopEvaluators() : interpreter::TpuEvaluators(),
        /*keep_all=*/false);
    if (!program.ok()) return program.status();
    program_.emplace(*std::move(program));
    return absl::OkStatus();
  }

  absl::Status RunEach(
      int64_t count,
      const std::function<absl::StatusOr<Tensor>(int64_t)>& input,
      const std::function<absl::Status(int64_t, std::vector<Tensor>)>& output,
      int threads) const override {
    return program_->RunEach(
        count,
        [&](int64_t i) -> absl::StatusOr<TensorMap> {
          auto tensor = input(i);
          if (!tensor.ok()) return tensor.status();
          TensorMap inputs;
          inputs.emplace(input_name_, *std::move(tensor));
          return inputs;
        },
        [&](int64_t i, TensorMap results) {
          std::vector<Tensor> outputs;
          for (const OutputInfo& info : info_.outputs)
            outputs.push_back(ToFloat(results.at(info.name)));
          return output(i, std::move(outputs));
        },
        threads);
  }

 private:
  mlir::MLIRContext context_{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  std::string input_name_;
  std::optional<interpreter::Program> program_;
};

// `tensor` in the type of a net's input; an integer stands for
// (q - zero_point) / scale.
Tensor Quantized(const Tensor& tensor, const runtime::TensorInfo& info) {
  if (info.dtype == DType::kF32) return tensor;
  Tensor result(info.dtype, info.shape);
  const float* from = tensor.data<float>();
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    if (numerics::IsFloat(info.dtype)) {
      numerics::StoreFloat(info.dtype, result.raw(), i, from[i]);
      continue;
    }
    const double q =
        std::nearbyint(double{from[i]} * info.scale) + info.zero_point;
    const double least = static_cast<double>(numerics::MinOf(info.dtype));
    const double most = static_cast<double>(numerics::MaxOf(info.dtype));
    numerics::StoreIntegerWrapped(
        info.dtype, result.raw(), i,
        static_cast<int64_t>(std::clamp(q, least, most)));
  }
  return result;
}

// The numbers that an output stands for.
Tensor Dequantized(Tensor tensor, const runtime::TensorInfo& info) {
  if (info.dtype == DType::kF32) return tensor;
  Tensor result = ToFloat(tensor);
  if (numerics::IsFloat(info.dtype)) return result;
  float* x = result.data<float>();
  for (int64_t i = 0; i < result.NumElements(); ++i)
    x[i] = (x[i] - static_cast<float>(info.zero_point)) * info.scale;
  return result;
}

class Bmodel : public Model {
 public:
  absl::Status Read(const std::string& path,
                    const std::optional<Preprocessing>& how) {
    auto model = runtime::Model::Load(path);
    if (!model.ok()) return model.status();
    model_ = *std::move(model);
    inputs_ = model_->Inputs(0, 0);
    outputs_ = model_->Outputs(0, 0);
    std::vector<InputInfo> inputs;
    for (const runtime::TensorInfo& input : inputs_)
      inputs.push_back({input.name, input.shape, std::nullopt});
    auto preprocessing = Choose(path, inputs, how);
    if (!preprocessing.ok()) return preprocessing.status();
    info_ = {path, inputs_[0].shape, *std::move(preprocessing), {}};
    for (const runtime::TensorInfo& output : outputs_)
      info_.outputs.push_back({output.name, output.shape});
    return absl::OkStatus();
  }

  absl::Status RunEach(
      int64_t count,
      const std::function<absl::StatusOr<Tensor>(int64_t)>& input,
      const std::function<absl::Status(int64_t, std::vector<Tensor>)>& output,
      int threads) const override {
    const int workers = static_cast<int>(
        std::clamp<int64_t>(threads, 1, std::max<int64_t>(1, count)));
    runtime::RunnerOptions options;
    options.stage = 0;
    options.threads = std::max(1, threads / workers);
    std::vector<std::unique_ptr<runtime::Runner>> runners;
    for (int i = 0; i < workers; ++i) {
      auto runner = runtime::Runner::Create(model_, options);
      if (!runner.ok()) return runner.status();
      runners.push_back(*std::move(runner));
    }
    std::atomic<int64_t> next = 0;
    std::mutex mutex;
    absl::Status first;
    ParallelFor(workers, workers, 1, [&](int64_t begin, int64_t) {
      for (int64_t i = next++; i < count; i = next++) {
        absl::Status status = RunOne(i, *runners[begin], input, output);
        if (status.ok()) continue;
        const std::lock_guard<std::mutex> lock(mutex);
        if (first.ok()) first = status;
        next = count;
      }
    });
    return first;
  }

 private:
  absl::Status RunOne(
      int64_t i, runtime::Runner& runner,
      const std::function<absl::StatusOr<Tensor>(int64_t)>& input,
      const std::function<absl::Status(int64_t, std::vector<Tensor>)>& output)
      const {
    auto tensor = input(i);
    if (!tensor.ok()) return tensor.status();
    auto results = runner.Run({Quantized(*tensor, inputs_[0])});
    if (!results.ok()) return results.status();
    for (size_t o = 0; o < results->size(); ++o)
      (*results)[o] = Dequantized(std::move((*results)[o]), outputs_[o]);
    return output(i, *std::move(results));
  }

  std::shared_ptr<const runtime::Model> model_;
  std::vector<runtime::TensorInfo> inputs_, outputs_;
};

template <typename Kind>
absl::StatusOr<std::unique_ptr<Model>> ReadAs(
    const std::string& path, const std::optional<Preprocessing>& how) {
  auto model = std::make_unique<Kind>();
  absl::Status status = model->Read(path, how);
  if (!status.ok()) return status;
  return model;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Model>> Model::Load(
    const std::string& path, const std::optional<Preprocessing>& how) {
  if (absl::EndsWith(path, ".mlir")) return ReadAs<MlirModel>(path, how);
  if (absl::EndsWith(path, ".bmodel")) return ReadAs<Bmodel>(path, how);
  return absl::InvalidArgumentError(
      absl::StrCat("'", path, "' is neither an .mlir nor a .bmodel"));
}

absl::StatusOr<Preprocessing> ReadPreprocessing(const std::string& path) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<tpu::TpuDialect>();
  auto module = LoadModule(&context, path);
  if (!module.ok()) return module.status();
  auto inputs = InputsOf(**module);
  if (!inputs.ok()) return inputs.status();
  return Choose(path, *inputs, std::nullopt);
}

}  // namespace tpuc::eval
