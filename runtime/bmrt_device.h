// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/device.h"

namespace tpuc::runtime {

// The vendor's runtime as a device: real hardware, or the vendor's functional
// model where its library stands for the driver. `index` numbers the
// computer's devices. Fails with code kUnavailable when the libraries (in
// `library_path`, see LoadOptions) or the device are not there.
//
// Each file is loaded once; weights and instructions are shared by its runners,
// which have input and output memory of their own. The device does one run at a
// time, whatever the number of runners.
absl::StatusOr<std::unique_ptr<DeviceModel>> LoadOnBmrt(
    const CheckedFile& file, int index, const std::string& library_path);

}  // namespace tpuc::runtime
