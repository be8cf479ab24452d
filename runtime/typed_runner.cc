// SPDX-License-Identifier: Apache-2.0
#include "runtime/typed_runner.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/annotate.h"

namespace tpuc::runtime {
namespace {

// "f32 x [1, 3, 48, 192]".
std::string Describe(const TensorInfo& info) {
  return absl::StrCat(Name(info.dtype), " ", info.name, " [",
                      absl::StrJoin(info.shape, ", "), "]");
}

absl::Status Match(absl::string_view what, const std::vector<TensorInfo>& found,
                   absl::Span<const TensorInfo> expected) {
  const auto list = [](absl::Span<const TensorInfo> infos) {
    return absl::StrJoin(infos, ", ", [](std::string* out, const auto& info) {
      *out += Describe(info);
    });
  };
  if (list(found) == list(expected)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the program was compiled for ", what, " ", list(expected),
                   "; the file has ", list(found)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Runner>> CreateMatching(
    std::shared_ptr<const Model> model, absl::string_view net,
    absl::Span<const TensorInfo> inputs, absl::Span<const TensorInfo> outputs,
    RunnerOptions options) {
  options.net = model->FindNet(net);
  if (options.net < 0) {
    return absl::NotFoundError(
        absl::StrCat(model->name(), ": there is no net \"", net, "\""));
  }
  std::vector<std::vector<int64_t>> shapes;
  for (const TensorInfo& info : inputs) shapes.push_back(info.shape);
  const int stage = model->FindStage(options.net, shapes);
  // Without a stage of these shapes, the first one shows what differs.
  options.stage = stage < 0 ? 0 : stage;
  absl::Status status =
      Match("inputs", model->Inputs(options.net, *options.stage), inputs);
  if (status.ok())
    status =
        Match("outputs", model->Outputs(options.net, *options.stage), outputs);
  if (!status.ok()) {
    return Annotate(status, absl::StrCat(model->name(), ": net \"", net, "\""));
  }
  return Runner::Create(std::move(model), options);
}

}  // namespace tpuc::runtime
