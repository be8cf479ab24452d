// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/simulator/static_tables.h"

namespace tpuc::sim {
namespace {

int64_t RoundUp(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

int64_t Groups(int64_t channels, int64_t lane) {
  return (channels + lane + isa::kLanes - 1) / isa::kLanes;
}

}  // namespace

LocalStrides AlignedStrides(const numerics::Shape4& shape, size_t element,
                            int64_t lane) {
  const int64_t unit = isa::kEuBytes / static_cast<int64_t>(element);
  const int64_t c = RoundUp(shape.h * shape.w, unit);
  return {Groups(shape.c, lane) * c, c, shape.w, 1};
}

LocalStrides CompactStrides(const numerics::Shape4& shape, int64_t lane) {
  const int64_t c = shape.h * shape.w;
  return {Groups(shape.c, lane) * c, c, shape.w, 1};
}

LocalStrides LineAlignedStrides(const numerics::Shape4& shape, size_t element,
                                int64_t lane) {
  const int64_t unit = isa::kEuBytes / static_cast<int64_t>(element);
  const int64_t h = RoundUp(shape.w, unit);
  return {Groups(shape.c, lane) * shape.h * h, shape.h * h, h, 1};
}

absl::StatusOr<LocalAddress> ParseLocalAddress(uint64_t address) {
  if (address >= isa::kLocalBytes) {
    return absl::OutOfRangeError(absl::StrFormat(
        "address 0x%x is not in local memory (24 bits)", address));
  }
  const int64_t a = static_cast<int64_t>(address);
  return LocalAddress{a / isa::kLaneBytes, a % isa::kLaneBytes};
}

void Memory::Unmap::operator()(uint8_t* p) const { munmap(p, bytes); }

Memory::Pages Memory::Map(size_t bytes) {
  const size_t size = std::max<size_t>(bytes, 1);
  void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  // Fewer page faults; where it is refused, nothing is lost.
  madvise(p, size, MADV_HUGEPAGE);
  return Pages(static_cast<uint8_t*>(p), Unmap{size});
}

Memory::Memory(uint64_t ddr_bytes, LocalPattern pattern)
    : ddr_bytes_(ddr_bytes),
      local_(Map(isa::kLocalBytes)),
      static_(Map(isa::kStaticBytes)),
      l2_(Map(isa::kL2Bytes)),
      ddr_(Map(ddr_bytes)) {
  const std::vector<uint32_t>& tables = StaticTables();
  std::memcpy(static_.get(), tables.data(), tables.size() * 4);
  if (pattern != LocalPattern::kZero) FillLocal(pattern);
}

void Memory::FillLocal(LocalPattern pattern) {
  const uint32_t word = pattern == LocalPattern::kZero       ? 0
                        : pattern == LocalPattern::kDeadBeef ? 0xDEADBEEFu
                                                             : 0xFFFFFFFFu;
  uint32_t* words = reinterpret_cast<uint32_t*>(local_.get());
  std::fill_n(words, isa::kLocalBytes / 4, word);
}

std::array<Memory::Region, 4> Memory::Regions() const {
  return {{
      {"local memory", isa::kLocalBase, isa::kLocalBytes, local_.get()},
      {"static memory", isa::kStaticBase, isa::kStaticBytes, static_.get()},
      {"L2", isa::kL2Base, isa::kL2Bytes, l2_.get()},
      {"DDR", isa::kDdrBase, ddr_bytes_, ddr_.get()},
  }};
}

absl::Status Memory::Show(uint64_t address, const SharedBytes& bytes) {
  const absl::StatusOr<uint8_t*> at = Range(address, bytes.size());
  return at.ok() ? bytes.MapTo(*at) : at.status();
}

uint64_t Memory::AddressOf(const uint8_t* byte) const {
  for (const Region& m : Regions()) {
    if (byte >= m.data && byte < m.data + m.bytes) {
      return m.base + static_cast<uint64_t>(byte - m.data);
    }
  }
  return 0;
}

absl::StatusOr<uint8_t*> Memory::Range(uint64_t address, uint64_t size) {
  for (const Region& m : Regions()) {
    if (address < m.base || address - m.base >= m.bytes) continue;
    const uint64_t offset = address - m.base;
    if (size > m.bytes - offset) {
      return absl::OutOfRangeError(
          absl::StrFormat("%d bytes at 0x%x leave %s, which ends at 0x%x", size,
                          address, m.name, m.base + m.bytes));
    }
    return m.data + offset;
  }
  return absl::OutOfRangeError(
      absl::StrFormat("address 0x%x is in no memory (DDR ends at 0x%x)",
                      address, isa::kDdrBase + ddr_bytes_));
}

absl::StatusOr<numerics::MutablePlanes> Memory::Planes(
    uint64_t address, DType type, const numerics::Shape4& shape,
    const LocalStrides& s) {
  const absl::StatusOr<LocalAddress> start = ParseLocalAddress(address);
  if (!start.ok()) return start.status();
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  const int64_t groups = Groups(shape.c, start->lane);
  const int64_t last = (shape.n - 1) * s.n + (groups - 1) * s.c +
                       (shape.h - 1) * s.h + (shape.w - 1) * s.w;
  if (start->offset + (last + 1) * size > isa::kLaneBytes) {
    return absl::OutOfRangeError(absl::StrFormat(
        "tensor [%d, %d, %d, %d] of %s at local address 0x%x ends at byte %d "
        "of a lane, which has %d",
        shape.n, shape.c, shape.h, shape.w, Name(type), address,
        start->offset + (last + 1) * size, isa::kLaneBytes));
  }
  numerics::MutablePlanes planes;
  planes.n_stride = s.n;
  planes.h_stride = s.h;
  planes.w_stride = s.w;
  planes.channel.reserve(static_cast<size_t>(shape.c));
  for (int64_t c = 0; c < shape.c; ++c) {
    const int64_t at = start->lane + c;
    planes.channel.push_back(lane(at % isa::kLanes) + start->offset +
                             at / isa::kLanes * s.c * size);
  }
  return planes;
}

}  // namespace tpuc::sim
