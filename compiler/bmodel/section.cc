// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/section.h"

#include <cstring>

#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/container.h"

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
  const fb::Binary place(RoundUp(size_, kPageBytes), data.size());
  blobs_.push_back({place.start(), data});
  size_ = place.start() + place.size();
  return place;
}

fb::Binary Section::Share(absl::string_view data, const std::string& sha256) {
  auto found = shared_.find(sha256);
  if (found == shared_.end())
    found = shared_.emplace(sha256, Append(data)).first;
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
  size_ = RoundUp(size_, kPageBytes);
  StoreAt<uint64_t>(file, 12, size_);
  file.reserve(start + size_);
  file.append(reinterpret_cast<const char*>(builder.GetBufferPointer()),
              builder.GetSize());
  for (const Blob& blob : blobs_) {
    file.resize(start + blob.at);
    file.append(blob.data.data(), blob.data.size());
  }
  file.resize(start + size_);
  return file;
}

}  // namespace tpuc::bmodel
