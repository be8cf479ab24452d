// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "compiler/support/tensor.h"
#include "runtime/runtime.h"

namespace tpuc::runtime {

// Proves that the results of a stage do not depend on how its two engines
// interleave, which nothing else shows: a program that lacks a wait may well
// give the right results today.
//
//  1. Every byte of local and static memory is followed through the program:
//     two instructions of different engines that share a byte, of which one
//     writes it, must be ordered by the waits. The error names, for each wait
//     that is missing or too old, both instructions, bytes and lanes.
//  2. The stage is run on the simulator with TIU first and with GDMA first,
//     where the waits leave a choice, and with different patterns in local
//     memory. An output that differs is an error; that of the pattern names the
//     instruction that first reads bytes which nothing has written.
//
// `options` chooses net, stage and threads. `inputs` is as in Runner::Run.
absl::Status CheckRaces(std::shared_ptr<const Model> model,
                        const RunnerOptions& options,
                        const std::vector<Tensor>& inputs);

}  // namespace tpuc::runtime
