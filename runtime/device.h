// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/support/tensor.h"
#include "runtime/options.h"
#include "runtime/simulator/simulator.h"
#include "runtime/stage_program.h"

// What Model and Runner (runtime.h) ask of a device. They check what a caller
// gives and what a file says before a device sees it.
namespace tpuc::runtime {

using InputBytes = absl::Span<const absl::Span<const uint8_t>>;
using OutputBytes = absl::Span<const absl::Span<uint8_t>>;

// One stage of a net with device memory of its own. Used by one thread at a
// time.
class DeviceRunner {
 public:
  virtual ~DeviceRunner() = default;

  // Runs to the end. One buffer for each input and output of the stage, of the
  // tensor's size.
  virtual absl::Status Run(InputBytes inputs, OutputBytes outputs) = 0;

  // Looking inside; devices without a way fail, saying so.
  virtual absl::Status set_observer(sim::Observer* observer);
  virtual absl::Status DumpAllTensors();
  // Intermediate tensors of the last run.
  virtual const TensorMap& dumped() const;
};

// A file whose weights are on a device. Thread-safe.
class DeviceModel {
 public:
  virtual ~DeviceModel() = default;
  // `net` and `stage` exist and are static.
  virtual absl::StatusOr<std::unique_ptr<DeviceRunner>> NewRunner(
      int net, int stage, const RunnerOptions& options) = 0;
};

// A file as Model has read and checked it.
struct CheckedFile {
  absl::string_view name;   // for errors
  absl::string_view bytes;  // the whole file
  const bmodel::Model& contents;
  // [net][stage]
  const std::vector<std::vector<std::shared_ptr<const StageProgram>>>& programs;
};

// Puts a file on the device that the options and the environment name.
// References in `file` are not used afterwards.
absl::StatusOr<std::unique_ptr<DeviceModel>> LoadOnDevice(
    const CheckedFile& file, const LoadOptions& options);

}  // namespace tpuc::runtime
