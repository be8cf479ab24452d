// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/mutate_bmodel.h"

#include <cstring>
#include <vector>

#include "compiler/bmodel/bmodel_generated.h"

namespace tpuc::fuzz {
namespace {

using flatbuffers::ElementaryType;
using flatbuffers::TypeTable;

constexpr size_t kHeaderBytes = 64;  // docs/isa/bmodel.md

template <typename T>
T Read(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}
template <typename T>
void Write(uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof(value));
}

// Where things of a verified flatbuffer are.
struct Places {
  struct Scalar {
    uint8_t* at;
    size_t bytes;
  };
  struct Offset {
    uint8_t* at;
    const TypeTable* type;  // of what it points to; null: a vector or text
  };
  std::vector<Scalar> scalars;
  std::vector<uint8_t*> fields;   // entries of vtables
  std::vector<uint8_t*> lengths;  // of vectors
  std::vector<Offset> offsets;
};

size_t ScalarBytes(ElementaryType type) {
  switch (type) {
    case flatbuffers::ET_UTYPE:
    case flatbuffers::ET_BOOL:
    case flatbuffers::ET_CHAR:
    case flatbuffers::ET_UCHAR:
      return 1;
    case flatbuffers::ET_SHORT:
    case flatbuffers::ET_USHORT:
      return 2;
    case flatbuffers::ET_INT:
    case flatbuffers::ET_UINT:
    case flatbuffers::ET_FLOAT:
      return 4;
    case flatbuffers::ET_LONG:
    case flatbuffers::ET_ULONG:
    case flatbuffers::ET_DOUBLE:
      return 8;
    default:
      return 0;
  }
}

class Walker {
 public:
  explicit Walker(Places& places) : places_(places) {}

  void Table(uint8_t* table, const TypeTable* type) {
    uint8_t* vtable = table - Read<int32_t>(table);
    const uint16_t vtable_bytes = Read<uint16_t>(vtable);
    for (size_t i = 0; i < type->num_elems; ++i) {
      const size_t entry = 4 + 2 * i;
      if (entry + 2 > vtable_bytes || Read<uint16_t>(vtable + entry) == 0) {
        continue;
      }
      places_.fields.push_back(vtable + entry);
      Field(table + Read<uint16_t>(vtable + entry), type, i);
    }
  }

 private:
  void Field(uint8_t* at, const TypeTable* type, size_t i) {
    const flatbuffers::TypeCode code = type->type_codes[i];
    const auto base = static_cast<ElementaryType>(code.base_type);
    const TypeTable* inner =
        code.sequence_ref < 0 ? nullptr : type->type_refs[code.sequence_ref]();
    if (!code.is_repeating) return Value(at, base, inner);
    places_.offsets.push_back({at, nullptr});
    uint8_t* vector = at + Read<uint32_t>(at);
    places_.lengths.push_back(vector);
    const size_t bytes = Size(base, inner);
    const uint32_t count = Read<uint32_t>(vector);
    for (uint32_t k = 0; k < count; ++k) {
      Value(vector + 4 + k * bytes, base, inner);
    }
  }

  // A field or element that is no vector.
  void Value(uint8_t* at, ElementaryType base, const TypeTable* inner) {
    if (base == flatbuffers::ET_STRING) {
      places_.offsets.push_back({at, nullptr});
      places_.lengths.push_back(at + Read<uint32_t>(at));
    } else if (base != flatbuffers::ET_SEQUENCE) {
      places_.scalars.push_back({at, ScalarBytes(base)});
    } else if (inner->st == flatbuffers::ST_STRUCT) {
      for (size_t i = 0; i < inner->num_elems; ++i) {
        Value(at + inner->values[i],
              static_cast<ElementaryType>(inner->type_codes[i].base_type),
              nullptr);
      }
    } else {
      places_.offsets.push_back({at, inner});
      Table(at + Read<uint32_t>(at), inner);
    }
  }

  static size_t Size(ElementaryType base, const TypeTable* inner) {
    if (base == flatbuffers::ET_STRING) return 4;
    if (base != flatbuffers::ET_SEQUENCE) return ScalarBytes(base);
    if (inner->st != flatbuffers::ST_STRUCT) return 4;
    return static_cast<size_t>(inner->values[inner->num_elems]);
  }

  Places& places_;
};

void MutateScalar(const Places& places, Random& random) {
  const Places::Scalar& s =
      places.scalars[Below(random, places.scalars.size())];
  const Places::Scalar& other =
      places.scalars[Below(random, places.scalars.size())];
  uint64_t old = 0;
  std::memcpy(&old, s.at, s.bytes);
  uint64_t value = Interesting(random, old);
  if (Below(random, 4) == 0) {
    value = 0;
    std::memcpy(&value, other.at, other.bytes);
  }
  std::memcpy(s.at, &value, s.bytes);
}

// Points one offset to what another one of the same type points to.
void ShareObject(const Places& places, Random& random) {
  const Places::Offset& a =
      places.offsets[Below(random, places.offsets.size())];
  const Places::Offset& b =
      places.offsets[Below(random, places.offsets.size())];
  const uint8_t* target = b.at + Read<uint32_t>(b.at);
  if (a.type == b.type && target > a.at) {
    Write(a.at, static_cast<uint32_t>(target - a.at));
  }
}

}  // namespace

bool MutateBmodel(uint8_t* data, size_t size, Random& random) {
  if (size < kHeaderBytes) return false;
  const size_t description = Read<uint32_t>(data + 8);
  if (description > size - kHeaderBytes) return false;
  uint8_t* root = data + kHeaderBytes;
  flatbuffers::Verifier verifier(root, description);
  if (!bmodel::fb::VerifyModelBuffer(verifier)) return false;
  const size_t binary = size - kHeaderBytes - description;
  if (binary >= 4 && Below(random, 4) == 0) {
    uint8_t* word = root + description + Below(random, binary / 4) * 4;
    Write(word,
          static_cast<uint32_t>(Interesting(random, Read<uint32_t>(word))));
    return true;
  }
  Places places;
  Walker(places).Table(root + Read<uint32_t>(root),
                       bmodel::fb::ModelTypeTable());
  const size_t what = Below(random, 16);
  if (what == 0 && !places.fields.empty()) {
    Write<uint16_t>(places.fields[Below(random, places.fields.size())], 0);
  } else if (what == 1 && !places.lengths.empty()) {
    uint8_t* at = places.lengths[Below(random, places.lengths.size())];
    Write<uint32_t>(at, static_cast<uint32_t>(
                            Below(random, Read<uint32_t>(at) + size_t{1})));
  } else if (what == 2 && !places.offsets.empty()) {
    ShareObject(places, random);
  } else if (!places.scalars.empty()) {
    MutateScalar(places, random);
  }
  return true;
}

}  // namespace tpuc::fuzz
