// SPDX-License-Identifier: Apache-2.0
// Internal to the simulator: what each instruction does to the memories, one
// function a format. Prepare() checks all fields, resolves operands and kernel,
// and gives an action that may be run any number of times. Errors name what is
// unsupported or out of bounds; the caller adds which instruction it was.
// Errors that depend on data (indices) come from the action.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/isa/instruction.h"
#include "compiler/numerics/view.h"
#include "compiler/support/dtype.h"
#include "runtime/simulator/access.h"
#include "runtime/simulator/memory.h"
#include "runtime/simulator/parallel.h"

namespace tpuc::sim {

// Memory and threads outlive the actions; `accesses` is used by Prepare() only.
struct Context {
  Memory& memory;
  ThreadPool& threads;
  // When given, the helpers below append every operand that they resolve.
  std::vector<Access>* accesses = nullptr;
};

using Action = std::function<absl::Status()>;

// docs/isa/bm1684x.md, c.
absl::StatusOr<Action> Prepare(const isa::SAr& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SConv& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SPorD& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SMm& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SMm2& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SRqDq& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SSfu& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SLin& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SCmp& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::STransBc& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SSg& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SSgl& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SVc& i, const Context& context);
// docs/isa/bm1684x.md, d.
absl::StatusOr<Action> Prepare(const isa::DmaTensor& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::DmaMatrix& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::SDmaMatrix& i,
                               const Context& context);
absl::StatusOr<Action> Prepare(const isa::DmaMaskedSelect& i,
                               const Context& context);
absl::StatusOr<Action> Prepare(const isa::SDmaMaskedSelect& i,
                               const Context& context);
absl::StatusOr<Action> Prepare(const isa::DmaNonzero& i,
                               const Context& context);
absl::StatusOr<Action> Prepare(const isa::SDmaNonzero& i,
                               const Context& context);
absl::StatusOr<Action> Prepare(const isa::DmaGeneral& i,
                               const Context& context);
absl::StatusOr<Action> Prepare(const isa::SDmaGeneral& i,
                               const Context& context);
absl::StatusOr<Action> Prepare(const isa::DmaCwTranspose& i,
                               const Context& context);
absl::StatusOr<Action> Prepare(const isa::DmaGather& i, const Context& context);
absl::StatusOr<Action> Prepare(const isa::DmaScatter& i,
                               const Context& context);

// Any instruction but the ends of streams.
absl::StatusOr<Action> PrepareInstruction(const isa::Instruction& instruction,
                                          const Context& context);

// ---- helpers for operands ----

// Type of a (prec, sign) pair; the error names the field.
absl::StatusOr<DType> OperandType(uint64_t prec, uint64_t sign,
                                  absl::string_view field);

// Shape of a result; fails on a zero extent.
absl::StatusOr<numerics::Shape4> ResultShape(uint64_t n, uint64_t c, uint64_t h,
                                             uint64_t w);

enum class Layout { kAligned, kCompact, kPerChannel, kLineAligned };

// Appends an operand to the context's list, if there is one.
void Record(const Context& context, Use use,
            const numerics::MutablePlanes& planes,
            const numerics::Shape4& shape, int64_t element_bytes);

// A tensor in local memory, at a TIU address.
absl::StatusOr<numerics::MutablePlanes> LocalTensor(
    const Context& context, Use use, uint64_t address, DType type,
    const numerics::Shape4& shape, Layout layout);
absl::StatusOr<numerics::MutablePlanes> LocalTensor(
    const Context& context, Use use, uint64_t address, DType type,
    const numerics::Shape4& shape, const LocalStrides& strides);

// Bytes of any memory, at a GDMA address.
absl::StatusOr<uint8_t*> MemoryRange(const Context& context, Use use,
                                     uint64_t address, uint64_t bytes);

}  // namespace tpuc::sim
