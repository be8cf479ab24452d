// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/conversion/tpu_to_isa/program.h"
#include "compiler/dialect/top/weight_store.h"

namespace tpuc {

// The program, whose instructions have ids and waits, as a bmodel with one net,
// one stage and one command group. Fails where a field is too narrow or a
// coefficient is missing in the store.
absl::StatusOr<bmodel::Model> EncodeProgram(const Program& program,
                                            const WeightStore& weights);

}  // namespace tpuc
