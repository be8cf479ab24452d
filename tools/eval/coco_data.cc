// SPDX-License-Identifier: Apache-2.0
#include "tools/eval/coco_data.h"

#include "absl/strings/str_cat.h"
#include "compiler/support/file.h"
#include "nlohmann/json.hpp"

namespace tpuc::eval {
namespace {

using Json = nlohmann::json;

// An entry of a list in a file; remembers what of it can't be read.
class Entry {
 public:
  explicit Entry(const Json& json) : json_(json) {}

  int64_t Integer(const char* key) {
    const Json* value = Find(key);
    if (value != nullptr && value->is_number_integer())
      return value->get<int64_t>();
    return Missing(key, "integer"), 0;
  }
  double Number(const char* key) {
    const Json* value = Find(key);
    if (value != nullptr && value->is_number()) return value->get<double>();
    return Missing(key, "number"), 0;
  }
  std::string Text(const char* key) {
    const Json* value = Find(key);
    if (value != nullptr && value->is_string())
      return value->get<std::string>();
    return Missing(key, "string"), "";
  }
  CocoBox Box(const char* key) {
    const Json* value = Find(key);
    bool good = value != nullptr && value->is_array() && value->size() == 4;
    for (size_t i = 0; good && i < 4; ++i) good = (*value)[i].is_number();
    if (!good) return Missing(key, "[x, y, width, height]"), CocoBox{};
    const auto at = [&](size_t i) { return (*value)[i].get<double>(); };
    return {at(0), at(1), at(2), at(3)};
  }
  // The number that `numbers` gives the id.
  int64_t Reference(const char* key,
                    const std::map<int64_t, int64_t>& numbers) {
    const int64_t id = Integer(key);
    const auto it = numbers.find(id);
    if (it != numbers.end()) return it->second;
    if (problem_.empty())
      problem_ = absl::StrCat("has ", key, " ", id, ", which is not listed");
    return 0;
  }
  bool Has(const char* key) { return Find(key) != nullptr; }

  const std::string& problem() const { return problem_; }

 private:
  const Json* Find(const char* key) const {
    if (!json_.is_object()) return nullptr;
    const auto it = json_.find(key);
    return it == json_.end() ? nullptr : &*it;
  }
  void Missing(const char* key, const char* kind) {
    if (problem_.empty())
      problem_ = absl::StrCat("has no ", kind, " '", key, "'");
  }

  const Json& json_;
  std::string problem_;
};

absl::Status Problem(const std::string& path, absl::string_view list, size_t i,
                     const Entry& entry) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", path, "': ", list, "[", i, "] ", entry.problem()));
}

absl::StatusOr<Json> ReadJson(const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded())
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' is no JSON"));
  return json;
}

absl::Status ReadImages(const std::string& path, const Json& list,
                        CocoData& data) {
  std::map<int64_t, std::string> files;
  for (size_t i = 0; i < list.size(); ++i) {
    Entry entry(list[i]);
    files[entry.Integer("id")] = entry.Text("file_name");
    if (!entry.problem().empty()) return Problem(path, "images", i, entry);
  }
  for (auto& [id, file] : files) {
    data.image_numbers[id] = static_cast<int64_t>(data.files.size());
    data.files.push_back(std::move(file));
  }
  if (data.files.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "' lists no images"));
  data.images.resize(data.files.size());
  return absl::OkStatus();
}

absl::Status ReadCategories(const std::string& path, const Json& list,
                            CocoData& data) {
  for (size_t i = 0; i < list.size(); ++i) {
    Entry entry(list[i]);
    data.category_numbers[entry.Integer("id")] = 0;
    if (!entry.problem().empty()) return Problem(path, "categories", i, entry);
  }
  int64_t number = 0;
  for (auto& [id, category] : data.category_numbers) category = number++;
  return absl::OkStatus();
}

absl::Status ReadAnnotations(const std::string& path, const Json& list,
                             CocoData& data) {
  for (size_t i = 0; i < list.size(); ++i) {
    Entry entry(list[i]);
    const int64_t image = entry.Reference("image_id", data.image_numbers);
    CocoObject object;
    object.box = entry.Box("bbox");
    object.category = entry.Reference("category_id", data.category_numbers);
    object.area = entry.Number("area");
    object.is_crowd = entry.Has("iscrowd") && entry.Integer("iscrowd") != 0;
    if (!entry.problem().empty()) return Problem(path, "annotations", i, entry);
    data.images[image].objects.push_back(object);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CocoData> ReadCoco(const std::string& path) {
  auto json = ReadJson(path);
  if (!json.ok()) return json.status();
  for (const char* key : {"images", "categories", "annotations"})
    if (!json->is_object() || !json->contains(key) || !(*json)[key].is_array())
      return absl::InvalidArgumentError(
          absl::StrCat("'", path, "' has no list '", key, "'"));
  CocoData data;
  absl::Status status = ReadImages(path, (*json)["images"], data);
  if (status.ok()) status = ReadCategories(path, (*json)["categories"], data);
  if (status.ok()) status = ReadAnnotations(path, (*json)["annotations"], data);
  if (!status.ok()) return status;
  return data;
}

absl::Status ReadCocoDetections(const std::string& path, const CocoData& data,
                                std::vector<CocoImage>* images) {
  auto json = ReadJson(path);
  if (!json.ok()) return json.status();
  if (!json->is_array())
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "' is no list of detections"));
  for (size_t i = 0; i < json->size(); ++i) {
    Entry entry((*json)[i]);
    const int64_t image = entry.Reference("image_id", data.image_numbers);
    CocoDetection detection;
    detection.box = entry.Box("bbox");
    detection.category = entry.Reference("category_id", data.category_numbers);
    detection.score = entry.Number("score");
    if (!entry.problem().empty()) return Problem(path, "", i, entry);
    (*images)[image].detections.push_back(detection);
  }
  return absl::OkStatus();
}

}  // namespace tpuc::eval
