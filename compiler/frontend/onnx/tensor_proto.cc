// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/tensor_proto.h"

#include <sys/stat.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "compiler/support/file.h"

namespace tpuc::onnx_import {
namespace {

using onnx::TensorProto;

absl::Status Error(const TensorProto& proto, absl::string_view message) {
  return absl::InvalidArgumentError(
      absl::StrCat("tensor '", proto.name(), "': ", message));
}

// Fills the tensor from a repeated field, one value an element.
template <typename T, typename Field>
bool Fill(Tensor& tensor, const Field& field) {
  if (field.size() != tensor.NumElements()) return false;
  T* out = tensor.data<T>();
  for (int i = 0; i < field.size(); ++i) out[i] = static_cast<T>(field[i]);
  return true;
}

bool FillFromFields(Tensor& tensor, const TensorProto& proto) {
  switch (tensor.dtype()) {
    case DType::kF32:
      return Fill<float>(tensor, proto.float_data());
    case DType::kF64:
      return Fill<double>(tensor, proto.double_data());
    case DType::kF16:
    case DType::kBF16:
    case DType::kU16:
      return Fill<uint16_t>(tensor, proto.int32_data());
    case DType::kI16:
      return Fill<int16_t>(tensor, proto.int32_data());
    case DType::kI8:
      return Fill<int8_t>(tensor, proto.int32_data());
    case DType::kU8:
    case DType::kBool:
      return Fill<uint8_t>(tensor, proto.int32_data());
    case DType::kI32:
      return Fill<int32_t>(tensor, proto.int32_data());
    case DType::kU32:
      return Fill<uint32_t>(tensor, proto.uint64_data());
    case DType::kI64:
      return Fill<int64_t>(tensor, proto.int64_data());
  }
  return false;
}

struct ExternalData {
  std::string location;
  uint64_t offset = 0;
  uint64_t length = 0;
  bool has_length = false;
};

absl::StatusOr<ExternalData> ParseExternal(const TensorProto& proto) {
  ExternalData data;
  for (const auto& entry : proto.external_data()) {
    bool ok = true;
    if (entry.key() == "location") {
      data.location = entry.value();
    } else if (entry.key() == "offset") {
      ok = absl::SimpleAtoi(entry.value(), &data.offset);
    } else if (entry.key() == "length") {
      ok = absl::SimpleAtoi(entry.value(), &data.length);
      data.has_length = true;
    }
    if (!ok) {
      return Error(proto, absl::StrCat("external data has a bad ", entry.key(),
                                       " '", entry.value(), "'"));
    }
  }
  // The model's folder is the only place that a model may read.
  bool outside = data.location.empty() || data.location[0] == '/';
  for (absl::string_view part : absl::StrSplit(data.location, '/')) {
    if (part == "..") outside = true;
  }
  if (outside) {
    return Error(proto,
                 absl::StrCat("external data must lie in the model's folder, "
                              "found location '",
                              data.location, "'"));
  }
  return data;
}

absl::StatusOr<Tensor> ReadExternal(DType dtype,
                                    const std::vector<int64_t>& shape,
                                    uint64_t bytes, const TensorProto& proto,
                                    const std::string& directory) {
  absl::StatusOr<ExternalData> data = ParseExternal(proto);
  if (!data.ok()) return data.status();
  if (data->has_length && data->length != bytes) {
    return Error(proto, absl::StrCat("external data has ", data->length,
                                     " bytes, the shape needs ", bytes));
  }
  const std::string path = JoinPath(directory, data->location);
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"),
                                             std::fclose);
  if (file == nullptr) {
    return Error(proto, absl::StrCat("cannot open its external data '", path,
                                     "': ", std::strerror(errno)));
  }
  struct stat info;
  if (fstat(fileno(file.get()), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Error(proto,
                 absl::StrCat("external data '", path, "' is not a file"));
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  if (data->offset <= size && bytes <= size - data->offset) {
    Tensor tensor(dtype, shape);
    if (fseeko(file.get(), static_cast<off_t>(data->offset), SEEK_SET) == 0 &&
        std::fread(tensor.raw(), 1, bytes, file.get()) == bytes) {
      return tensor;
    }
  }
  return Error(proto,
               absl::StrCat("external data '", path, "' ends before offset ",
                            data->offset, " + ", bytes, " bytes"));
}

}  // namespace

std::string OnnxTypeName(int onnx_type) {
  if (!TensorProto::DataType_IsValid(onnx_type)) {
    return absl::StrCat("type ", onnx_type);
  }
  return absl::AsciiStrToLower(TensorProto::DataType_Name(
      static_cast<TensorProto::DataType>(onnx_type)));
}

absl::StatusOr<DType> DTypeOfOnnx(int onnx_type) {
  switch (onnx_type) {
    case TensorProto::FLOAT:
      return DType::kF32;
    case TensorProto::FLOAT16:
      return DType::kF16;
    case TensorProto::BFLOAT16:
      return DType::kBF16;
    case TensorProto::DOUBLE:
      return DType::kF64;
    case TensorProto::INT8:
      return DType::kI8;
    case TensorProto::UINT8:
      return DType::kU8;
    case TensorProto::INT16:
      return DType::kI16;
    case TensorProto::UINT16:
      return DType::kU16;
    case TensorProto::INT32:
      return DType::kI32;
    case TensorProto::UINT32:
      return DType::kU32;
    case TensorProto::INT64:
      return DType::kI64;
    case TensorProto::BOOL:
      return DType::kBool;
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "element type ", OnnxTypeName(onnx_type), " is not supported"));
  }
}

absl::StatusOr<Tensor> TensorFromProto(const TensorProto& proto,
                                       const std::string& directory) {
  absl::StatusOr<DType> dtype = DTypeOfOnnx(proto.data_type());
  if (!dtype.ok()) return Error(proto, dtype.status().message());
  // 2^40 bytes: far above any network, far below overflow.
  constexpr int64_t kLimit = int64_t{1} << 40;
  int64_t bytes = static_cast<int64_t>(SizeOf(*dtype));
  for (int64_t dim : proto.dims()) {
    if (dim < 0 || (dim != 0 && bytes > kLimit / dim)) {
      return Error(proto, absl::StrCat("bad dimension ", dim));
    }
    bytes *= dim;
  }
  const std::vector<int64_t> shape(proto.dims().begin(), proto.dims().end());
  if (proto.data_location() == TensorProto::EXTERNAL) {
    return ReadExternal(*dtype, shape, static_cast<uint64_t>(bytes), proto,
                        directory);
  }
  if (proto.has_raw_data()) {
    if (static_cast<int64_t>(proto.raw_data().size()) != bytes) {
      return Error(proto,
                   absl::StrCat("has ", proto.raw_data().size(),
                                " bytes of data, the shape needs ", bytes));
    }
    Tensor tensor(*dtype, shape);
    if (bytes != 0) std::memcpy(tensor.raw(), proto.raw_data().data(), bytes);
    return tensor;
  }
  // Every element is at least a byte of the file: no allocation on a lie.
  if (bytes > 8 * static_cast<int64_t>(proto.ByteSizeLong())) {
    return Error(proto, "has fewer elements than its shape needs");
  }
  Tensor tensor(*dtype, shape);
  if (!FillFromFields(tensor, proto)) {
    return Error(proto, "has not as many elements as its shape needs");
  }
  return tensor;
}

}  // namespace tpuc::onnx_import
