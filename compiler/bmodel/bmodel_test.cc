// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/bmodel.h"

#include <cstring>
#include <random>

#include "absl/strings/escaping.h"
#include "compiler/bmodel/listing.h"
#include "compiler/bmodel/sha256.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/isa/encoding.h"
#include "compiler/isa/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tpuc::bmodel {
namespace {

using ::testing::HasSubstr;

std::string Stream(const std::vector<std::string>& lines) {
  std::vector<isa::Instruction> instructions;
  for (const std::string& line : lines)
    instructions.push_back(*isa::Parse(line));
  return *isa::EncodeStream(instructions);
}

TensorRecord Record(const char* name, uint64_t address, int hidden) {
  TensorRecord tensor;
  tensor.name = name;
  tensor.shape = {1, 3, 4, 20};
  tensor.address = address;
  tensor.size = 960;
  tensor.hidden = hidden;
  return tensor;
}

Model Sample() {
  Model model;
  model.version = "1";
  model.time = "-";
  Net& net = model.nets.emplace_back();
  net.name = "sample";
  Stage& stage = net.stages.emplace_back();
  stage.inputs = {Record("a", 0x100002000, 1)};
  stage.outputs = {Record("y", 0x100003000, 2)};
  stage.ctx_address = 0x100002000;
  stage.ctx_sizes = {0x2000};
  stage.coeff = CoeffMem{0x100000000, std::string(5000, 'w'), "", {}};
  stage.coeff->locations = {{"w0", 0, 4096}, {"w1", 4096, 904}};
  for (int g = 0; g < 2; ++g) {
    CmdGroup& group = stage.groups.emplace_back();
    group.tiu =
        Stream({"sAR.add cmd_id=1 res0_n=1", "SYSID.end cmd_id=2 cmd_id_en=0"});
    group.gdma = Stream({"sDMA_sys.end cmd_id=1"});
    group.num_tiu = 2;
    group.num_gdma = 1;
  }
  SubNet& sub_net = stage.sub_nets.emplace_back();
  sub_net.groups = {0, 1};
  sub_net.inputs = stage.inputs;
  sub_net.outputs = stage.outputs;
  return model;
}

std::string SampleBytes() {
  absl::StatusOr<std::string> bytes = Serialize(Sample());
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return *bytes;
}

TEST(Sha256, KnownDigests) {  // FIPS 180-4 examples
  EXPECT_EQ(absl::BytesToHexString(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(absl::BytesToHexString(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(absl::BytesToHexString(Sha256(
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(absl::BytesToHexString(Sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Bmodel, RoundTrip) {
  std::string bytes = SampleBytes();
  EXPECT_EQ(bytes, SampleBytes());
  absl::StatusOr<Model> model = Parse(bytes);
  ASSERT_TRUE(model.ok()) << model.status();
  const Stage& stage = model->nets[0].stages[0];
  EXPECT_EQ(model->nets[0].name, "sample");
  EXPECT_EQ(stage.inputs[0].name, "a");
  EXPECT_EQ(stage.inputs[0].shape, (std::vector<uint64_t>{1, 3, 4, 20}));
  EXPECT_EQ(stage.ctx_size(), 0x2000u);
  EXPECT_EQ(stage.coeff->data, std::string(5000, 'w'));
  EXPECT_EQ(stage.coeff->check_code, Sha256(stage.coeff->data));
  EXPECT_EQ(stage.coeff->locations[1].name, "w1");
  ASSERT_EQ(stage.groups.size(), 2u);
  EXPECT_EQ(stage.groups[0].num_tiu, 2u);
  EXPECT_EQ(stage.groups[0].tiu.size(), 128u);
  ASSERT_EQ(stage.sub_nets.size(), 1u);
  EXPECT_EQ(stage.sub_nets[0].groups, (std::vector<int>{0, 1}));
  EXPECT_EQ(stage.sub_nets[0].next_ids, std::vector<int32_t>{-1});
  EXPECT_EQ(*Serialize(*model), bytes);
}

TEST(Bmodel, RefusesWhatIsNotAModel) {
  EXPECT_THAT(std::string(Parse("").status().message()),
              HasSubstr("not a bmodel file"));
  std::string bytes = SampleBytes();
  EXPECT_THAT(
      std::string(Parse(bytes.substr(0, bytes.size() - 1)).status().message()),
      HasSubstr("its header asks for"));
  std::string wrong = bytes;
  std::memset(&wrong[64], 0xff, 16);
  EXPECT_THAT(std::string(Parse(wrong).status().message()),
              HasSubstr("flatbuffer) is damaged"));
}

TEST(Bmodel, RefusesTensorsOutsideTheirRegion) {
  Model model = Sample();
  model.nets[0].stages[0].outputs[0].address = 0x100003f00;
  EXPECT_EQ(Parse(*Serialize(model)).status().message(),
            "bmodel: net 'sample', stage 0: tensor 'y' at 0x100003f00 + 960 "
            "lies outside the ctx and io regions");
  model = Sample();
  model.nets[0].stages[0].inputs[0].size = 100;
  EXPECT_EQ(Parse(*Serialize(model)).status().message(),
            "bmodel: net 'sample', stage 0: tensor 'a' takes 960 bytes, its "
            "record says 100");
}

TEST(Bmodel, SerializeNamesWhatIsMissing) {
  EXPECT_EQ(Serialize(Model()).status().message(), "bmodel: holds no net");
  Model model = Sample();
  model.nets[0].stages[0].sub_nets[0].groups = {2};
  EXPECT_EQ(Serialize(model).status().message(),
            "bmodel: sub-net 0 names command group 2, which isn't there");
  model = Sample();
  model.nets[0].stages[0].inputs[0].dtype = DType::kI64;
  EXPECT_EQ(Serialize(model).status().message(),
            "tensor 'a': a bmodel has no tensors of type i64");
}

// Damaged files are refused or read; they never crash the reader.
TEST(Bmodel, SurvivesDamage) {
  std::string bytes = SampleBytes();
  std::mt19937 random(4);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 1 + round % 3; ++i)
      damaged[random() % 2048] = static_cast<char>(random());
    absl::StatusOr<Model> model = Parse(damaged);
    if (!model.ok()) {
      ++refused;
      continue;
    }
    WriteListing(*model).status().IgnoreError();
  }
  EXPECT_GT(refused, 1000);
}

TEST(Patch, ReplacesOnlyCommands) {
  std::string bytes = SampleBytes();
  std::vector<CommandBuffers> commands = ListCommands(*Parse(bytes));
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_EQ(*PatchCommands(bytes, commands), bytes);
  commands.erase(commands.begin());
  commands[0].tiu = Stream({"SYSID.end cmd_id=1 cmd_id_en=0"});
  commands[0].num_tiu = 1;
  absl::StatusOr<std::string> patched = PatchCommands(bytes, commands);
  ASSERT_TRUE(patched.ok()) << patched.status();
  ASSERT_EQ(patched->size(), bytes.size());
  absl::StatusOr<Model> model = Parse(*patched);
  const Stage& stage = model->nets[0].stages[0];
  EXPECT_EQ(stage.groups[0].num_tiu, 2u);
  EXPECT_EQ(stage.groups[1].num_tiu, 1u);
  EXPECT_EQ(stage.groups[1].tiu, commands[0].tiu);
  commands[0].tiu.resize(129);
  EXPECT_EQ(PatchCommands(bytes, commands).status().message(),
            "net 0, stage 0, group 1: 129 bytes of TIU commands do not fit the "
            "128 bytes of the file");
  commands[0].group = 2;
  EXPECT_EQ(PatchCommands(bytes, commands).status().message(),
            "net 0, stage 0, group 2: the stage has no such command group");
}

TEST(Listing, RoundTrip) {
  std::string bytes = SampleBytes();
  absl::StatusOr<std::string> listing = WriteListing(*Parse(bytes));
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_THAT(*listing, HasSubstr(".group net=0 stage=0 group=1\n"
                                  ".tiu\n"
                                  "sAR.add cmd_id=1 res0_n=1\n"
                                  "SYSID.end cmd_id=2 cmd_id_en=0\n"
                                  ".gdma\n"
                                  "sDMA_sys.end cmd_id=1\n"));
  absl::StatusOr<std::vector<CommandBuffers>> buffers = ReadListing(*listing);
  ASSERT_TRUE(buffers.ok()) << buffers.status();
  EXPECT_EQ(*PatchCommands(bytes, *buffers), bytes);
}

TEST(Listing, ErrorsNameThePlace) {
  auto error = [](absl::string_view text) {
    return std::string(ReadListing(text).status().message());
  };
  EXPECT_EQ(error("; nothing\n"), "2:1: the listing holds no .group");
  EXPECT_EQ(error("sAR.add\n"),
            "1:1: an instruction outside of .tiu and .gdma");
  EXPECT_EQ(error(" .gdma"), "1:2: .gdma before any .group");
  EXPECT_EQ(error(".group net=0 stage=x group=0"),
            "1:1: cannot read 'stage=x'");
  EXPECT_EQ(error(".group net=0\n"),
            "1:1: .group needs net=, stage= and group=");
  std::string head = ".group net=0 stage=0 group=0\n.tiu\n";
  EXPECT_EQ(error(head + "sDMA_sys.end"),
            "3:1: sDMA_sys is no TIU instruction");
  EXPECT_EQ(error(head + "sAR.add ; not the end\n"),
            "4:1: the TIU stream has no end instruction");
  EXPECT_EQ(error(head + "sAR.add res0_q=1"), "3:9: sAR has no field 'res0_q'");
  EXPECT_EQ(error(head + "SYSID.end\n.tiu\n"), "4:1: second .tiu of the group");
  EXPECT_EQ(error(head + "SYSID.end\nSYSID.end\n"),
            "4:1: an instruction behind the end instruction");
}

TEST(TensorLocation, RoundTripAndErrors) {
  TensorLocation t;
  t.name = "conv\"1\"";
  t.dtype = DType::kBF16;
  t.shape = {1, 8};
  t.address = 0x100004000;
  t.size = 16;
  t.group = 1;
  t.gdma_id = 77;
  std::string json = WriteTensorLocations({t, t});
  absl::StatusOr<std::vector<TensorLocation>> read = ReadTensorLocations(json);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[1].name, t.name);
  EXPECT_EQ((*read)[1].dtype, t.dtype);
  EXPECT_EQ((*read)[1].shape, t.shape);
  EXPECT_EQ((*read)[1].address, t.address);
  EXPECT_EQ((*read)[1].group, 1);
  EXPECT_EQ((*read)[1].gdma_id, 77u);
  EXPECT_TRUE(ReadTensorLocations("")->empty());
  EXPECT_EQ(ReadTensorLocations("{").status().message(),
            "tensor locations: not a JSON list of our compiler");
  EXPECT_EQ(ReadTensorLocations(R"([{"name": "x", "dtype": "f99"}])")
                .status()
                .message(),
            "tensor locations: entry 0: field 'dtype' is missing or malformed");
}

}  // namespace
}  // namespace tpuc::bmodel
