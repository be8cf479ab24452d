// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "compiler/support/tensor.h"
#include "runtime/runtime.h"

namespace tpuc::runtime {

// Do the results of a stage depend on how its two engines interleave? A run
// does not show it: a program that lacks a wait may well give the right
// results. `options` chooses net, stage (or the first) and threads. The model
// must have been loaded on the simulator.

// Proves the waits, without running the stage: follows every byte of local and
// static memory through the program. Two instructions of different engines that
// share a byte, of which one writes it, must be ordered by the waits. The error
// names, for each wait that is missing or too old, both instructions, bytes and
// lanes.
absl::Status CheckWaits(std::shared_ptr<const Model> model,
                        const RunnerOptions& options);

// Runs the stage on the simulator with TIU first and with GDMA first, where the
// waits leave a choice, and with two patterns in local memory. An output that
// differs is an error; that of the pattern names the instruction that first
// reads bytes which nothing has written. `inputs` is as in Runner::Run.
absl::Status CheckInterleavings(std::shared_ptr<const Model> model,
                                const RunnerOptions& options,
                                const std::vector<Tensor>& inputs);

// Both, what `model_runner --check-races` does.
absl::Status CheckRaces(std::shared_ptr<const Model> model,
                        const RunnerOptions& options,
                        const std::vector<Tensor>& inputs);

}  // namespace tpuc::runtime
