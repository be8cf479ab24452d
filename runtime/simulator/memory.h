// SPDX-License-Identifier: Apache-2.0
// The memories of the chip (docs/isa/bm1684x.md, a): 64 lanes of local memory,
// static memory, L2 and DDR, every access bounds-checked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "compiler/isa/codes.h"
#include "compiler/numerics/view.h"
#include "compiler/support/dtype.h"
#include "runtime/simulator/shared_bytes.h"

namespace tpuc::sim {

// What local memory holds before anything was written there.
enum class LocalPattern {
  kZero,
  kDeadBeef,  // the vendor's runtime: 32-bit words 0xDEADBEEF
  kNan,       // all bits set: NaN in every float format
};

// Strides of a tensor in local memory, in elements; c is the distance of
// channel groups (64 channels).
struct LocalStrides {
  int64_t n = 0, c = 0, h = 0, w = 0;
};

// Layouts of docs/isa/bm1684x.md, b, for a tensor that starts in `lane`.
LocalStrides AlignedStrides(const numerics::Shape4& shape, size_t element,
                            int64_t lane);
LocalStrides CompactStrides(const numerics::Shape4& shape, int64_t lane);
LocalStrides LineAlignedStrides(const numerics::Shape4& shape, size_t element,
                                int64_t lane);

// A 24-bit TIU address: bits 17..0 byte in the lane, 23..18 the lane.
struct LocalAddress {
  int64_t lane;
  int64_t offset;
};
absl::StatusOr<LocalAddress> ParseLocalAddress(uint64_t address);

class Memory {
 public:
  // Static memory holds the firmware's tables, L2 and DDR are zero. DDR pages
  // are taken from the host when touched.
  explicit Memory(uint64_t ddr_bytes,
                  LocalPattern pattern = LocalPattern::kDeadBeef);

  uint64_t ddr_bytes() const { return ddr_bytes_; }
  void FillLocal(LocalPattern pattern);
  uint8_t* lane(int64_t i) { return local_.get() + i * isa::kLaneBytes; }
  uint8_t* local() { return local_.get(); }

  // [address, address + size) of the GDMA address map; it may not leave the
  // memory that it begins in. Local ranges may run over lane borders.
  absl::StatusOr<uint8_t*> Range(uint64_t address, uint64_t size);

  // Makes DDR from `address` on hold `bytes`, sharing their pages.
  absl::Status Show(uint64_t address, const SharedBytes& bytes);

  // The GDMA address of a byte of one of the memories.
  uint64_t AddressOf(const uint8_t* byte) const;

  // Pointers to the channels of a tensor in local memory, at a TIU address.
  // Fails when an element lies outside of its lane.
  absl::StatusOr<numerics::MutablePlanes> Planes(uint64_t address, DType type,
                                                 const numerics::Shape4& shape,
                                                 const LocalStrides& strides);

 private:
  struct Region {
    const char* name;
    uint64_t base, bytes;
    uint8_t* data;
  };
  std::array<Region, 4> Regions() const;

  struct Unmap {
    size_t bytes;
    void operator()(uint8_t* p) const;
  };
  using Pages = std::unique_ptr<uint8_t, Unmap>;
  static Pages Map(size_t bytes);

  uint64_t ddr_bytes_;
  Pages local_, static_, l2_, ddr_;
};

}  // namespace tpuc::sim
