// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/tensor_location.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace tpuc::bmodel {
namespace {

using Json = nlohmann::ordered_json;

std::optional<DType> DTypeOfName(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(DType::kF64); ++i)
    if (name == Name(static_cast<DType>(i))) return static_cast<DType>(i);
  return std::nullopt;
}

// Reads one entry; on failure leaves the name of the offending field.
bool ReadEntry(const Json& entry, TensorLocation& t, std::string& field) {
  auto find = [&](const char* key) -> const Json* {
    field = key;
    auto it = entry.find(key);
    return it == entry.end() ? nullptr : &*it;
  };
  auto number = [&](const char* key, uint64_t& value) {
    const Json* json = find(key);
    if (json == nullptr || !json->is_number_unsigned()) return false;
    value = json->get<uint64_t>();
    return true;
  };
  const Json* name = find("name");
  if (name == nullptr || !name->is_string()) return false;
  t.name = name->get<std::string>();
  const Json* dtype = find("dtype");
  if (dtype == nullptr || !dtype->is_string()) return false;
  std::optional<DType> type = DTypeOfName(dtype->get<std::string>());
  if (!type) return false;
  t.dtype = *type;
  const Json* shape = find("shape");
  if (shape == nullptr || !shape->is_array()) return false;
  for (const Json& dim : *shape) {
    if (!dim.is_number_unsigned()) return false;
    t.shape.push_back(dim.get<int64_t>());
  }
  uint64_t group = 0;
  if (!number("address", t.address) || !number("size", t.size) ||
      !number("group", group) || !number("gdma_id", t.gdma_id))
    return false;
  t.group = static_cast<int>(group);
  if (entry.find("scale") == entry.end()) return true;
  const Json* scale = find("scale");
  if (!scale->is_number() || !(scale->get<double>() > 0)) return false;
  t.scale = scale->get<double>();
  const Json* zero_point = find("zero_point");
  if (zero_point == nullptr || !zero_point->is_number_integer()) return false;
  t.zero_point = zero_point->get<int32_t>();
  return true;
}

}  // namespace

std::string WriteTensorLocations(const std::vector<TensorLocation>& tensors) {
  Json list = Json::array();
  for (const TensorLocation& t : tensors) {
    Json entry;
    entry["name"] = t.name;
    entry["dtype"] = Name(t.dtype);
    entry["shape"] = t.shape;
    entry["address"] = t.address;
    entry["size"] = t.size;
    entry["group"] = t.group;
    entry["gdma_id"] = t.gdma_id;
    if (t.scale > 0) {
      entry["scale"] = t.scale;
      entry["zero_point"] = t.zero_point;
    }
    list.push_back(std::move(entry));
  }
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<std::vector<TensorLocation>> ReadTensorLocations(
    absl::string_view json) {
  std::vector<TensorLocation> tensors;
  if (json.empty()) return tensors;
  Json list = Json::parse(json.begin(), json.end(), nullptr,
                          /*allow_exceptions=*/false);
  if (!list.is_array())
    return absl::InvalidArgumentError(
        "tensor locations: not a JSON list of our compiler");
  for (const Json& entry : list) {
    TensorLocation t;
    std::string field = "name";
    if (!entry.is_object() || !ReadEntry(entry, t, field))
      return absl::InvalidArgumentError(
          absl::StrCat("tensor locations: entry ", tensors.size(), ": field '",
                       field, "' is missing or malformed"));
    tensors.push_back(std::move(t));
  }
  return tensors;
}

}  // namespace tpuc::bmodel
