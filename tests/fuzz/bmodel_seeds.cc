// SPDX-License-Identifier: Apache-2.0
// bmodel_seeds FOLDER BMODEL...: writes seeds of the loader's fuzz test: the
// given files, a file that uses what those lack (stages, nets, io memory,
// dynamic and CPU parts, firmware), and all of them cut short.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/isa/encoding.h"
#include "compiler/isa/text.h"
#include "compiler/support/file.h"

namespace tpuc {
namespace {

using bmodel::TensorRecord;

std::string Stream(const std::vector<std::string>& lines) {
  std::vector<isa::Instruction> instructions;
  for (const std::string& line : lines) {
    instructions.push_back(*isa::Parse(line));
  }
  return *isa::EncodeStream(instructions);
}

TensorRecord Record(const char* name, uint64_t address, int hidden) {
  TensorRecord tensor;
  tensor.name = name;
  tensor.dtype = DType::kI8;
  tensor.shape = {1, 3, 4, 20};
  tensor.address = address;
  tensor.size = 240;
  tensor.hidden = hidden;
  tensor.scale = 0.5f;
  return tensor;
}

bmodel::Stage MakeStage(bool own_io) {
  bmodel::Stage stage;
  stage.ctx_address = 0x100002000;
  stage.ctx_sizes = {0x1000, 0x1000};
  if (own_io) {
    stage.io_address = 0x200000000;
    stage.io_size = 0x2000;
  }
  const uint64_t data = own_io ? stage.io_address : stage.ctx_address;
  stage.inputs = {Record("a", data, 1), Record("b", data + 0x800, 1)};
  stage.outputs = {Record("y", data + 0x1000, 2)};
  stage.coeff = bmodel::CoeffMem{0x100000000, std::string(300, 'w'), "", {}};
  stage.coeff->locations = {{"w0", 0, 128}, {"w1", 128, 172}};
  for (int g = 0; g < (own_io ? 2 : 1); ++g) {
    bmodel::CmdGroup& group = stage.groups.emplace_back();
    group.tiu = Stream({"sAR.add cmd_id=1 cmd_id_dep=1 res0_n=1 res0_c=3",
                        "SYSID.end cmd_id=2 cmd_id_en=0"});
    group.gdma = Stream(
        {"DMA_tensor cmd_id=1 src_start_addr_h8=1 dst_start_addr_l32=0x8000000",
         "DMA_tensor cmd_id=2 cmd_id_dep=1 src_start_addr_l32=0x8000000 "
         "dst_start_addr_h8=1 dst_start_addr_l32=0x2000",
         "sDMA_sys.end cmd_id=3"});
    group.num_tiu = 2;
    group.num_gdma = 3;
  }
  bmodel::TensorLocation location;
  location.name = "between";
  location.shape = {3, 4};
  location.address = stage.ctx_address;
  location.size = 48;
  location.gdma_id = 1;
  stage.tensor_location = bmodel::WriteTensorLocations({location});
  bmodel::SubNet& sub_net = stage.sub_nets.emplace_back();
  for (size_t g = 0; g < stage.groups.size(); ++g) {
    sub_net.groups.push_back(static_cast<int>(g));
  }
  sub_net.inputs = stage.inputs;
  sub_net.outputs = stage.outputs;
  return stage;
}

bmodel::Model MakeModel() {
  bmodel::Model model;
  model.version = "1";
  model.time = "-";
  for (const char* name : {"first", "second"}) {
    bmodel::Net& net = model.nets.emplace_back();
    net.name = name;
    net.addr_mode = name[0] == 's' ? 1 : 0;
    net.stages = {MakeStage(net.addr_mode == 1), MakeStage(false)};
  }
  bmodel::Stage& dynamic = model.nets[1].stages[1];
  dynamic.dynamic_ir = std::string(64, 'i');
  dynamic.sub_nets[0].is_dynamic = true;
  dynamic.sub_nets[0].ir_bytes = 64;
  dynamic.sub_nets[0].next_ids = {1};
  dynamic.sub_nets.push_back(dynamic.sub_nets[0]);
  dynamic.sub_nets[1].id = dynamic.sub_nets[1].mode = 1;
  model.kernel_module = bmodel::KernelModule{"firmware.so", "code"};
  return model;
}

}  // namespace

int Main(int argc, char** argv) {
  if (argc < 2) return 1;
  std::vector<std::string> seeds;
  absl::StatusOr<std::string> made = bmodel::Serialize(MakeModel());
  if (!made.ok()) {
    std::fprintf(stderr, "%s\n", std::string(made.status().message()).c_str());
    return 1;
  }
  seeds.push_back(*std::move(made));
  for (int i = 2; i < argc; ++i) {
    absl::StatusOr<std::string> bytes = ReadFile(argv[i]);
    if (!bytes.ok()) return 1;
    seeds.push_back(*std::move(bytes));
  }
  int count = 0;
  const auto write = [&](absl::string_view bytes) {
    return WriteFileAtomically(absl::StrCat(argv[1], "/", count++), bytes).ok();
  };
  for (const std::string& seed : seeds) {
    const absl::string_view bytes = seed;
    if (!write(bytes) || !write(bytes.substr(0, bytes.size() - 1)) ||
        !write(bytes.substr(0, bytes.size() / 2)) ||
        !write(bytes.substr(0, 100)) || !write(bytes.substr(0, 20))) {
      return 1;
    }
  }
  return 0;
}

}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
