// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/section.h"

#include <cstring>

#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/container.h"
#include "compiler/bmodel/sha256.h"

namespace tpuc::bmodel {
namespace {

uint64_t RoundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

template <typename T>
void StoreAt(std::string& bytes, size_t offset, T value) {
  std::memcpy(&bytes[offset], &value, sizeof(value));
}

}  // namespace

fb::Binary Section::Append(absl::string_view data) {
  bytes_.resize(RoundUp(bytes_.size(), kPageBytes));
  const fb::Binary place(bytes_.size(), data.size());
  bytes_.append(data.data(), data.size());
  return place;
}

fb::Binary Section::Share(absl::string_view data) {
  const std::string hash = Sha256(data);
  auto found = shared_.find(hash);
  if (found == shared_.end()) found = shared_.emplace(hash, Append(data)).first;
  return found->second;
}

std::string Section::Frame(const fb::ModelT& root) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Model::Pack(builder, &root));
  // The binary section starts on a page of the file, too.
  const uint64_t start = RoundUp(kHeaderBytes + builder.GetSize(), kPageBytes);
  std::string file(kHeaderBytes, '\0');
  StoreAt<uint32_t>(file, 0, kMagic);
  StoreAt<uint32_t>(file, 4, kHeaderBytes);
  StoreAt<uint32_t>(file, 8, static_cast<uint32_t>(start - kHeaderBytes));
  bytes_.resize(RoundUp(bytes_.size(), kPageBytes));
  StoreAt<uint64_t>(file, 12, bytes_.size());
  file.append(reinterpret_cast<const char*>(builder.GetBufferPointer()),
              builder.GetSize());
  file.resize(start);
  file += bytes_;
  return file;
}

}  // namespace tpuc::bmodel
