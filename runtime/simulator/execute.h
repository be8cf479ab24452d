// SPDX-License-Identifier: Apache-2.0
// Internal to the simulator: what each instruction does to the memories, one
// function a format. Errors name what is unsupported or out of bounds; the
// caller adds which instruction it was.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/isa/instruction.h"
#include "compiler/numerics/view.h"
#include "compiler/support/dtype.h"
#include "runtime/simulator/memory.h"
#include "runtime/simulator/parallel.h"

namespace tpuc::sim {

struct Context {
  Memory& memory;
  ThreadPool& threads;
};

// docs/isa/bm1684x.md, c.
absl::Status Execute(const isa::SAr& i, const Context& context);
absl::Status Execute(const isa::SConv& i, const Context& context);
absl::Status Execute(const isa::SPorD& i, const Context& context);
absl::Status Execute(const isa::SMm& i, const Context& context);
absl::Status Execute(const isa::SMm2& i, const Context& context);
absl::Status Execute(const isa::SRqDq& i, const Context& context);
absl::Status Execute(const isa::SSfu& i, const Context& context);
absl::Status Execute(const isa::SLin& i, const Context& context);
absl::Status Execute(const isa::SCmp& i, const Context& context);
absl::Status Execute(const isa::STransBc& i, const Context& context);
absl::Status Execute(const isa::SSg& i, const Context& context);
absl::Status Execute(const isa::SSgl& i, const Context& context);
absl::Status Execute(const isa::SVc& i, const Context& context);
// docs/isa/bm1684x.md, d.
absl::Status Execute(const isa::DmaTensor& i, const Context& context);
absl::Status Execute(const isa::DmaMatrix& i, const Context& context);
absl::Status Execute(const isa::DmaGeneral& i, const Context& context);
absl::Status Execute(const isa::SDmaGeneral& i, const Context& context);
absl::Status Execute(const isa::DmaCwTranspose& i, const Context& context);
absl::Status Execute(const isa::DmaGather& i, const Context& context);
absl::Status Execute(const isa::DmaScatter& i, const Context& context);

// Any instruction but the ends of streams.
absl::Status ExecuteInstruction(const isa::Instruction& instruction,
                                const Context& context);

// ---- helpers for operands ----

// Type of a (prec, sign) pair; the error names the field.
absl::StatusOr<DType> OperandType(uint64_t prec, uint64_t sign,
                                  absl::string_view field);

// Shape of a result; fails on a zero extent.
absl::StatusOr<numerics::Shape4> ResultShape(uint64_t n, uint64_t c, uint64_t h,
                                             uint64_t w);

enum class Layout { kAligned, kCompact, kPerChannel, kLineAligned };

absl::StatusOr<numerics::MutablePlanes> LocalTensor(
    const Context& context, uint64_t address, DType type,
    const numerics::Shape4& shape, Layout layout);
absl::StatusOr<numerics::MutablePlanes> LocalTensor(
    const Context& context, uint64_t address, DType type,
    const numerics::Shape4& shape, const LocalStrides& strides);

}  // namespace tpuc::sim
