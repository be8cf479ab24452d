// SPDX-License-Identifier: Apache-2.0
#include "runtime/device.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/bmrt_device.h"
#include "runtime/simulator_device.h"

namespace tpuc::runtime {
namespace {

std::string OrEnvironment(const std::string& value, const char* variable) {
  if (!value.empty()) return value;
  const char* setting = std::getenv(variable);
  return setting == nullptr ? "" : setting;
}

}  // namespace

absl::Status DeviceRunner::set_observer(sim::Observer* observer) {
  if (observer == nullptr) return absl::OkStatus();
  return absl::UnimplementedError(
      "this device does not show its instructions; use the simulator "
      "(TPU_DEVICE=simulator)");
}

absl::Status DeviceRunner::DumpAllTensors() {
  return absl::UnimplementedError(
      "this device does not show intermediate tensors; use the simulator "
      "(TPU_DEVICE=simulator)");
}

const TensorMap& DeviceRunner::dumped() const {
  static const TensorMap* const none = new TensorMap;
  return *none;
}

absl::StatusOr<std::unique_ptr<DeviceModel>> LoadOnDevice(
    const CheckedFile& file, const LoadOptions& options) {
  const std::string device = OrEnvironment(options.device, "TPU_DEVICE");
  if (device.empty() || device == "simulator") return LoadOnSimulator(file);
  absl::string_view number = device;
  int index = 0;
  if (device == "bmrt" || (absl::ConsumePrefix(&number, "bmrt:") &&
                           absl::SimpleAtoi(number, &index) && index >= 0)) {
    return LoadOnBmrt(file, index,
                      OrEnvironment(options.library_path, "TPU_LIBRARY_PATH"));
  }
  return absl::UnavailableError(
      absl::StrCat(options.device.empty() ? "TPU_DEVICE" : "device", " is \"",
                   device, "\"; it may be simulator, bmrt or bmrt:N"));
}

}  // namespace tpuc::runtime
