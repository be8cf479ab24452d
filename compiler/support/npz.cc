// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/npz.h"

#include <zip.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "compiler/support/file.h"

namespace tpuc {
namespace {

constexpr absl::string_view kMagic("\x93NUMPY", 6);

struct Descr {
  const char* text;
  DType dtype;
};

// The first row of a type is what it is written as.
constexpr Descr kDescrs[] = {
    {"<f4", DType::kF32}, {"<f2", DType::kF16},  {"<u2", DType::kBF16},
    {"|i1", DType::kI8},  {"|u1", DType::kU8},   {"<i2", DType::kI16},
    {"<u2", DType::kU16}, {"<i4", DType::kI32},  {"<u4", DType::kU32},
    {"<i8", DType::kI64}, {"|b1", DType::kBool}, {"<f8", DType::kF64},
};

absl::StatusOr<DType> DTypeOfDescr(absl::string_view descr,
                                   absl::string_view what) {
  const absl::string_view body = descr.substr(descr.empty() ? 0 : 1);
  const bool one_byte = absl::EndsWith(body, "1");
  for (const Descr& row : kDescrs) {
    if (row.dtype == DType::kBF16) continue;
    if (body == absl::string_view(row.text).substr(1) &&
        (one_byte || absl::StartsWith(descr, "<") ||
         absl::StartsWith(descr, "="))) {
      return row.dtype;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": element type '", descr,
                   "' is not supported; save the array as little-endian "
                   "f2, f4, f8, i1, i2, i4, i8, u1, u2, u4 or bool"));
}

// The text after "'key':" in the header's dictionary, or npos-like empty.
absl::string_view DictValue(absl::string_view dict, absl::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted =
        absl::StrCat(std::string(1, quote), key, std::string(1, quote));
    const size_t at = dict.find(quoted);
    if (at == absl::string_view::npos) continue;
    absl::string_view rest = dict.substr(at + quoted.size());
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (!absl::ConsumePrefix(&rest, ":")) continue;
    return absl::StripLeadingAsciiWhitespace(rest);
  }
  return absl::string_view();
}

absl::StatusOr<std::vector<int64_t>> ParseShape(absl::string_view text,
                                                absl::string_view what) {
  const size_t close = text.find(')');
  if (!absl::ConsumePrefix(&text, "(") || close == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": the .npy header has no shape"));
  }
  std::vector<int64_t> shape;
  for (absl::string_view item :
       absl::StrSplit(text.substr(0, close - 1), ',')) {
    item = absl::StripAsciiWhitespace(item);
    if (item.empty()) continue;
    int64_t dim;
    if (!absl::SimpleAtoi(absl::StripSuffix(item, "L"), &dim) || dim < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          what, ": the .npy header has a bad dimension '", item, "'"));
    }
    shape.push_back(dim);
  }
  return shape;
}

// shape product times element size, or an error on overflow.
absl::StatusOr<size_t> ByteCount(const std::vector<int64_t>& shape, DType dtype,
                                 absl::string_view what) {
  uint64_t bytes = SizeOf(dtype);
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (int64_t dim : shape) {
    if (static_cast<uint64_t>(dim) >
        std::numeric_limits<int64_t>::max() / bytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          what, ": shape (", absl::StrJoin(shape, ", "), ") is too large"));
    }
    bytes *= static_cast<uint64_t>(dim);
  }
  return bytes;
}

// What an .npy file says before its elements.
struct NpyHeader {
  DType dtype;
  std::vector<int64_t> shape;
  size_t data_bytes;
};

// Where the elements of an array start; 12 bytes of it are enough.
absl::StatusOr<size_t> DataStart(absl::string_view start, size_t total,
                                 absl::string_view what) {
  if (!absl::StartsWith(start, kMagic) || start.size() < 10) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": not an .npy array (no NUMPY magic)"));
  }
  const int version = static_cast<uint8_t>(start[6]);
  const size_t length_bytes = version == 1 ? 2 : 4;
  if (version < 1 || version > 3 || start.size() < 8 + length_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": .npy format version ", version,
                     " is not supported (1 to 3 are)"));
  }
  size_t header_size = 0;
  for (size_t i = 0; i < length_bytes; ++i) {
    header_size |= static_cast<size_t>(static_cast<uint8_t>(start[8 + i]))
                   << (8 * i);
  }
  const size_t data_at = 8 + length_bytes + header_size;
  if (data_at > total) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": the .npy header is cut off"));
  }
  return data_at;
}

// `start` ends where the elements start, and `data_bytes` follow.
absl::StatusOr<NpyHeader> ParseHeader(absl::string_view start,
                                      size_t data_bytes,
                                      absl::string_view what) {
  const absl::string_view dict = start.substr(start[6] == 1 ? 10 : 12);
  const absl::string_view descr = DictValue(dict, "descr");
  const size_t end =
      descr.size() < 2 ? absl::string_view::npos : descr.find(descr[0], 1);
  if (end == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": the .npy header has no element type"));
  }
  absl::StatusOr<DType> dtype = DTypeOfDescr(descr.substr(1, end - 1), what);
  if (!dtype.ok()) return dtype.status();
  absl::StatusOr<std::vector<int64_t>> shape =
      ParseShape(DictValue(dict, "shape"), what);
  if (!shape.ok()) return shape.status();
  if (!absl::StartsWith(DictValue(dict, "fortran_order"), "False") &&
      shape->size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(what,
                     ": Fortran order is not supported; save it with "
                     "numpy.ascontiguousarray"));
  }
  absl::StatusOr<size_t> count = ByteCount(*shape, *dtype, what);
  if (!count.ok()) return count.status();
  if (data_bytes != *count) {
    return absl::InvalidArgumentError(absl::StrCat(
        what, ": shape (", absl::StrJoin(*shape, ", "), ") of ", Name(*dtype),
        " takes ", *count, " bytes but the array has ", data_bytes));
  }
  return NpyHeader{*dtype, *std::move(shape), *count};
}

struct CloseZip {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using ZipPtr = std::unique_ptr<zip_t, CloseZip>;

absl::StatusOr<ZipPtr> OpenZip(const std::string& path, int flags,
                               absl::string_view action) {
  int code = 0;
  ZipPtr archive(zip_open(path.c_str(), flags, &code));
  if (archive != nullptr) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string message = absl::StrCat("cannot ", action, " '", path,
                                           "': ", zip_error_strerror(&error));
  zip_error_fini(&error);
  return absl::InvalidArgumentError(message);
}

struct CloseZipFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

// Elements go from the file to their place.
absl::StatusOr<Tensor> ReadEntry(zip_t* archive, zip_uint64_t index,
                                 const zip_stat_t& info, absl::string_view what,
                                 const std::string& path) {
  const auto fail = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read '", info.name, "' in '", path, "': ", why));
  };
  // Deflate packs at most 1032 to 1: a larger claim is not worth an allocation.
  if (info.size / 1100 > info.comp_size) return fail("impossible size");
  const std::unique_ptr<zip_file_t, CloseZipFile> file(
      zip_fopen_index(archive, index, 0));
  if (file == nullptr) return fail(zip_strerror(archive));
  const auto read = [&](void* to, size_t bytes) {
    return zip_fread(file.get(), to, bytes) == static_cast<zip_int64_t>(bytes);
  };
  std::string start(std::min<size_t>(info.size, 12), '\0');
  if (!read(start.data(), start.size()))
    return fail(zip_file_strerror(file.get()));
  absl::StatusOr<size_t> data_at = DataStart(start, info.size, what);
  if (!data_at.ok()) return data_at.status();
  const size_t had = start.size();
  start.resize(std::max(*data_at, had));
  if (!read(&start[had], start.size() - had))
    return fail(zip_file_strerror(file.get()));
  absl::StatusOr<NpyHeader> header =
      ParseHeader(start, info.size - start.size(), what);
  if (!header.ok()) return header.status();
  Tensor tensor(header->dtype, std::move(header->shape));
  char extra;
  const bool ok = read(tensor.raw(), header->data_bytes) &&
                  zip_fread(file.get(), &extra, 1) == 0;  // checks the CRC
  if (!ok) return fail(zip_file_strerror(file.get()));
  return tensor;
}

// What an .npy file has before the elements.
std::string SerializeHeader(const Tensor& tensor) {
  const Descr* row =
      std::find_if(std::begin(kDescrs), std::end(kDescrs),
                   [&](const Descr& d) { return d.dtype == tensor.dtype(); });
  std::string dict = absl::StrCat("{'descr': '", row->text,
                                  "', 'fortran_order': False, 'shape': (",
                                  absl::StrJoin(tensor.shape(), ", "),
                                  tensor.rank() == 1 ? "," : "", "), }");
  // magic, version and length take 10 bytes; data starts at a multiple of 64.
  const size_t total = (10 + dict.size() + 1 + 63) / 64 * 64;
  const bool wide = total - 10 > 0xffff;
  const size_t size = wide ? total - 12 : total - 10;
  dict.append(size - 1 - dict.size(), ' ');
  dict.push_back('\n');
  std::string bytes(kMagic);
  bytes.push_back(wide ? 2 : 1);
  bytes.push_back(0);
  for (int i = 0; i < (wide ? 4 : 2); ++i) {
    bytes.push_back(static_cast<char>(size >> (8 * i)));
  }
  return bytes + dict;
}

// The names of `tensors`, those in `order` first.
std::vector<std::string> EntryNames(const TensorRefs& tensors,
                                    const std::vector<std::string>& order) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::string& name : order) {
    if (tensors.count(name) != 0 && seen.insert(name).second) {
      names.push_back(name);
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (seen.insert(name).second) names.push_back(name);
  }
  return names;
}

}  // namespace

absl::StatusOr<Tensor> ParseNpy(absl::string_view bytes,
                                absl::string_view what) {
  absl::StatusOr<size_t> data_at = DataStart(bytes, bytes.size(), what);
  if (!data_at.ok()) return data_at.status();
  absl::StatusOr<NpyHeader> header =
      ParseHeader(bytes.substr(0, *data_at), bytes.size() - *data_at, what);
  if (!header.ok()) return header.status();
  Tensor tensor(header->dtype, std::move(header->shape));
  std::copy(bytes.begin() + *data_at, bytes.end(),
            static_cast<char*>(tensor.raw()));
  return tensor;
}

std::string SerializeNpy(const Tensor& tensor) {
  std::string bytes = SerializeHeader(tensor);
  bytes.append(static_cast<const char*>(tensor.raw()), tensor.SizeInBytes());
  return bytes;
}

absl::StatusOr<Tensor> ReadNpy(const std::string& path) {
  absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  return ParseNpy(*bytes, absl::StrCat("'", path, "'"));
}

absl::Status WriteNpy(const std::string& path, const Tensor& tensor) {
  return WriteFileAtomically(path, SerializeNpy(tensor));
}

absl::StatusOr<TensorMap> ReadNpz(const std::string& path,
                                  std::vector<std::string>* order) {
  absl::StatusOr<ZipPtr> archive = OpenZip(path, ZIP_RDONLY, "open");
  if (!archive.ok()) return archive.status();
  TensorMap tensors;
  const zip_int64_t entries = zip_get_num_entries(archive->get(), 0);
  for (zip_int64_t i = 0; i < entries; ++i) {
    zip_stat_t info;
    if (zip_stat_index(archive->get(), i, 0, &info) != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot read '", path, "': ", zip_strerror(archive->get())));
    }
    const std::string key(absl::StripSuffix(info.name, ".npy"));
    absl::StatusOr<Tensor> tensor =
        ReadEntry(archive->get(), i, info,
                  absl::StrCat("'", key, "' in '", path, "'"), path);
    if (!tensor.ok()) return tensor.status();
    if (order != nullptr) order->push_back(key);
    if (!tensors.emplace(key, *std::move(tensor)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", path, "' has two arrays named '", key, "'"));
    }
  }
  return tensors;
}

absl::Status WriteNpz(const std::string& path, const TensorMap& tensors,
                      const std::vector<std::string>& order) {
  TensorRefs references;
  for (const auto& [name, tensor] : tensors) references[name] = &tensor;
  return WriteNpz(path, references, order);
}

absl::Status WriteNpz(const std::string& path, const TensorRefs& tensors,
                      const std::vector<std::string>& order) {
  if (tensors.empty()) {  // libzip would remove the file
    return WriteFileAtomically(
        path, absl::StrCat("PK\x05\x06", std::string(18, '\0')));
  }
  // libzip writes a temporary file and renames it in zip_close.
  absl::StatusOr<ZipPtr> archive =
      OpenZip(path, ZIP_CREATE | ZIP_TRUNCATE, "write");
  if (!archive.ok()) return archive.status();
  zip_t* zip = archive->get();
  std::vector<std::string> headers;  // alive until zip_close
  headers.reserve(tensors.size());
  const auto fail = [&] {
    return absl::UnavailableError(
        absl::StrCat("cannot write '", path, "': ", zip_strerror(zip)));
  };
  for (const std::string& name : EntryNames(tensors, order)) {
    const Tensor& tensor = *tensors.at(name);
    headers.push_back(SerializeHeader(tensor));
    zip_buffer_fragment_t parts[] = {
        {reinterpret_cast<zip_uint8_t*>(headers.back().data()),
         headers.back().size()},
        {static_cast<zip_uint8_t*>(const_cast<void*>(tensor.raw())),
         tensor.SizeInBytes()}};
    zip_source_t* source =
        zip_source_buffer_fragment(zip, parts, std::size(parts), 0);
    if (source == nullptr) return fail();
    const zip_int64_t index = zip_file_add(
        zip, absl::StrCat(name, ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      return fail();
    }
    constexpr zip_uint16_t kDate = (0 << 9) | (1 << 5) | 1;  // 1980-01-01
    if (zip_set_file_compression(zip, index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip, index, 0, kDate, 0) != 0) {
      return fail();
    }
  }
  if (zip_close(zip) != 0) return fail();
  (void)archive->release();
  return absl::OkStatus();
}

}  // namespace tpuc
