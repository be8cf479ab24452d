// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "runtime/device.h"

namespace tpuc::runtime {

// The simulator as a device. Weights are held once for a file, equal ones of
// its nets and stages once together; runners share their pages.
absl::StatusOr<std::unique_ptr<DeviceModel>> LoadOnSimulator(
    const CheckedFile& file);

}  // namespace tpuc::runtime
