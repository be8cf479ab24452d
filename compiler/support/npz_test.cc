// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/npz.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "compiler/support/file.h"

namespace tpuc {
namespace {

std::string TempPath(const std::string& name) {
  return JoinPath(::testing::TempDir(), name);
}

TEST(Npz, RoundTripsEveryType) {
  TensorMap map;
  for (DType type : {DType::kF32, DType::kF16, DType::kI8, DType::kU8,
                     DType::kI16, DType::kU16, DType::kI32, DType::kU32,
                     DType::kI64, DType::kBool, DType::kF64}) {
    Tensor t(type, {2, 3});
    for (size_t i = 0; i < t.SizeInBytes(); ++i) {
      static_cast<uint8_t*>(t.raw())[i] = static_cast<uint8_t>(i & 1);
    }
    map.emplace(Name(type), std::move(t));
  }
  map.emplace("scalar/with:odd name",
              Tensor(DType::kF32, {}, std::vector<float>{5}));
  map.emplace("empty", Tensor(DType::kF32, {0, 4}));
  map.emplace("vector",
              Tensor(DType::kI64, {3}, std::vector<int64_t>{1, 2, 3}));
  const std::string path = TempPath("all.npz");
  ASSERT_TRUE(WriteNpz(path, map).ok());
  absl::StatusOr<TensorMap> back = ReadNpz(path);
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_EQ(back->size(), map.size());
  for (const auto& [name, t] : map) {
    ASSERT_EQ(back->count(name), 1u) << name;
    const Tensor& b = back->at(name);
    EXPECT_EQ(b.dtype(), t.dtype()) << name;
    EXPECT_EQ(b.shape(), t.shape()) << name;
    EXPECT_EQ(SerializeNpy(b), SerializeNpy(t)) << name;
  }
}

TEST(Npz, SameBytesInEveryTimeZone) {
  TensorMap map;
  map.emplace("x", Tensor(DType::kF32, {4}));
  setenv("TZ", "UTC", 1);
  ASSERT_TRUE(WriteNpz(TempPath("a.npz"), map).ok());
  setenv("TZ", "Asia/Shanghai", 1);
  ASSERT_TRUE(WriteNpz(TempPath("b.npz"), map).ok());
  EXPECT_EQ(*ReadFile(TempPath("a.npz")), *ReadFile(TempPath("b.npz")));
}

TEST(Npz, WritesAnEmptyArchive) {
  ASSERT_TRUE(WriteNpz(TempPath("none.npz"), TensorMap{}).ok());
  absl::StatusOr<TensorMap> back = ReadNpz(TempPath("none.npz"));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(back->empty());
}

TEST(Npz, BFloatIsKeptAsRawBits) {
  const Tensor t(DType::kBF16, {2}, std::vector<uint16_t>{0x3f80, 0x8000});
  absl::StatusOr<Tensor> back = ParseNpy(SerializeNpy(t), "t");
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->dtype(), DType::kU16);
  EXPECT_EQ(back->data<uint16_t>()[0], 0x3f80);
}

std::string Npy(const std::string& dict, const std::string& data) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes.push_back(static_cast<char>(dict.size()));
  bytes.push_back(0);
  return bytes + dict + data;
}

void ExpectError(const std::string& bytes, const std::string& part) {
  absl::StatusOr<Tensor> t = ParseNpy(bytes, "'x'");
  ASSERT_FALSE(t.ok());
  EXPECT_NE(std::string(t.status().message()).find(part), std::string::npos)
      << t.status();
  EXPECT_NE(std::string(t.status().message()).find("'x'"), std::string::npos);
}

TEST(Npy, ErrorsSayWhatIsWrong) {
  ExpectError("PK", "not an .npy array");
  ExpectError(
      Npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "1234"),
      "Fortran order");
  ExpectError(
      Npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "1234"),
      "'>f4' is not supported");
  ExpectError(
      Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "1234"),
      "takes 8 bytes but the array has 4");
  ExpectError(Npy("{'descr': '<f4', 'fortran_order': False, 'shape': "
                  "(4294967296, 4294967296), }",
                  ""),
              "too large");
  ExpectError(Npy("{'descr': '<f4', 'fortran_order': False, }", ""),
              "no shape");
}

TEST(Npz, MissingOrBrokenFileIsAnErrorWithItsPath) {
  absl::StatusOr<TensorMap> map = ReadNpz(TempPath("absent.npz"));
  ASSERT_FALSE(map.ok());
  EXPECT_NE(map.status().message().find("absent.npz"), absl::string_view::npos);
  ASSERT_TRUE(WriteFileAtomically(TempPath("junk.npz"), "junk").ok());
  EXPECT_FALSE(ReadNpz(TempPath("junk.npz")).ok());
}

TEST(File, FailedWriteLeavesNothing) {
  const std::string path = TempPath("no/such/dir/file");
  EXPECT_FALSE(WriteFileAtomically(path, "x").ok());
  EXPECT_FALSE(FileExists(path));
}

TEST(File, PathParts) {
  EXPECT_EQ(DirName("a/b.c"), "a");
  EXPECT_EQ(DirName("b"), "");
  EXPECT_EQ(BaseName("a/b.c"), "b.c");
  EXPECT_EQ(WithoutExtension("a.d/b"), "a.d/b");
  EXPECT_EQ(WithoutExtension("a.d/b.mlir"), "a.d/b");
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
}

}  // namespace
}  // namespace tpuc
