// SPDX-License-Identifier: Apache-2.0
#include "runtime/tensor_dump.h"

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/annotate.h"

namespace tpuc::runtime {
namespace {

// Bytes of a dense tensor. Fails when they are not those of its record.
absl::StatusOr<uint64_t> SizeOfLocation(const bmodel::TensorLocation& tensor) {
  uint64_t bytes = SizeOf(tensor.dtype);
  for (int64_t dimension : tensor.shape) {
    if (dimension < 0 || __builtin_mul_overflow(
                             bytes, static_cast<uint64_t>(dimension), &bytes)) {
      bytes = tensor.size + 1;
      break;
    }
  }
  if (bytes != tensor.size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the size is ", tensor.size, " bytes, type and shape differ from it"));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<TensorDump> TensorDump::Create(absl::string_view locations,
                                              const Relocation& relocation) {
  absl::StatusOr<std::vector<bmodel::TensorLocation>> list =
      bmodel::ReadTensorLocations(locations);
  if (!list.ok()) return list.status();
  if (list->empty()) {
    return absl::FailedPreconditionError(
        "the file does not say where its intermediate tensors are; compile it "
        "with this compiler to dump them");
  }
  TensorDump dump;
  for (bmodel::TensorLocation& tensor : *list) {
    absl::StatusOr<uint64_t> bytes = SizeOfLocation(tensor);
    absl::StatusOr<uint64_t> address =
        bytes.ok() ? relocation.Address(tensor.address, *bytes) : bytes;
    if (!address.ok()) {
      return Annotate(address.status(),
                      absl::StrCat("located tensor \"", tensor.name, "\""));
    }
    const std::pair<int, uint64_t> key(tensor.group, tensor.gdma_id);
    dump.places_.emplace(key, Place{std::move(tensor.name), tensor.dtype,
                                    std::move(tensor.shape), *address});
  }
  return dump;
}

absl::Status TensorDump::After(int group, uint64_t id, sim::Memory& memory) {
  const auto found = places_.equal_range({group, id});
  for (auto i = found.first; i != found.second; ++i) {
    const Place& place = i->second;
    Tensor tensor(place.dtype, place.shape);
    absl::StatusOr<uint8_t*> at =
        memory.Range(place.address, tensor.SizeInBytes());
    if (!at.ok()) return Annotate(at.status(), place.name);
    std::memcpy(tensor.raw(), *at, tensor.SizeInBytes());
    tensors_[place.name] = std::move(tensor);
  }
  return absl::OkStatus();
}

}  // namespace tpuc::runtime
