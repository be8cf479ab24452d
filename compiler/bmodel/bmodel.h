// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/support/dtype.h"

// The .bmodel container as plain structs (docs/isa/bmodel.md). A file is a
// 64-byte header, a flatbuffer that describes nets and tensors, and a binary
// section with the large blobs: weights and command buffers.
//
//   absl::StatusOr<bmodel::Model> model = bmodel::Parse(*ReadFile(path));
//   const bmodel::Stage& stage = model->nets[0].stages[0];
//
// All addresses and sizes are in bytes. Addresses in a file are those that the
// compiler assigned, from 0x100000000 on; a loader relocates them.
namespace tpuc::bmodel {

// Alignment of blobs in the file, and of weights and tensors in DDR.
inline constexpr uint64_t kPageBytes = 4096;

// Element type codes of tensor records; not the dtype codes of instructions.
// Codes 9 and 10 (4-bit integers) have no DType.
absl::StatusOr<uint32_t> DataTypeCode(DType type);
absl::StatusOr<DType> DataTypeOf(uint32_t code);

struct TensorRecord {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<uint64_t> shape;  // elements
  uint64_t address = 0;         // in the ctx or io region
  uint64_t size = 0;            // bytes
  uint32_t mem_type = 1;        // 1 TPU, 2 CPU, 3 both
  // 8-bit nets: inputs are stored as round(x * scale) + zero_point, outputs
  // stand for (q - zero_point) * scale. Runtimes copy bytes; tools convert.
  float scale = 1.0f;
  int32_t zero_point = 0;
  int32_t hidden = 0;  // 1 input of the net, 2 output, 5 between sub-nets
  int32_t index = 0;   // position among the inputs or outputs
};

// The instruction streams of both engines, encoded, end instructions and zero
// padding included (isa::DecodeStream reads them).
struct CmdGroup {
  std::string tiu, gdma;
  uint32_t num_tiu = 0, num_gdma = 0;  // instructions, the end included
};

struct SubNet {
  int32_t id = 0;
  int32_t mode = 0;  // 0 TPU, 1 CPU, 2 merge, 3 switch
  bool is_dynamic = false;
  uint32_t ir_offset = 0, ir_bytes = 0;  // part of Stage::dynamic_ir
  std::vector<int> groups;               // indices into Stage::groups
  std::vector<TensorRecord> inputs, outputs;
  std::vector<int32_t> next_ids = {-1};  // -1: the net ends here
};

// Name and place of one weight, for tools.
struct WeightLocation {
  std::string name;
  uint64_t offset = 0, size = 0;  // bytes from the start of the blob
};

struct CoeffMem {
  uint64_t address = 0;
  std::string data;
  std::string check_code;  // 32 bytes: SHA-256 of data
  std::vector<WeightLocation> locations;
};

// A net compiled for one set of input shapes.
struct Stage {
  std::vector<TensorRecord> inputs, outputs;
  uint64_t ctx_address = 0;
  std::vector<uint64_t>
      ctx_sizes;  // chunks of the ctx region, together its size
  uint64_t io_address = 0, io_size = 0;  // both 0 unless addr_mode is 1
  std::optional<CoeffMem> coeff;
  std::vector<CmdGroup> groups;
  std::vector<SubNet> sub_nets;  // in order of execution
  std::string dynamic_ir;
  std::string tensor_location;  // see TensorLocation

  uint64_t ctx_size() const;
};

struct Net {
  std::string name;
  int32_t addr_mode = 0;  // 0 basic, 1 io alone, 2 io tag, 4 io reloc
  std::vector<Stage> stages;
};

// Firmware for dynamic sub-nets.
struct KernelModule {
  std::string file_name;
  std::string data;
};

struct Model {
  std::string type = "B";
  std::string version;
  std::string time;  // a fixed text in our files: same input, same bytes
  std::string chip = "BM1684X";
  std::vector<Net> nets;
  uint64_t neuron_size = 0;  // largest ctx size, for older loaders
  std::optional<KernelModule> kernel_module;
};

// Reads a file's bytes. Checks everything before it is used: the header, the
// flatbuffer's structure, the range of each blob in the binary section, that
// stages and sub-nets name the same command groups, that every tensor of a
// static net lies inside the ctx or io region. Errors name net, stage, tensor
// and value. Multi-core nets and encrypted weights are refused.
absl::StatusOr<Model> Parse(absl::string_view bytes);

// The file's bytes, a function of the model alone. Blobs start at multiples of
// 4096 bytes in the file. Fills in what a loader of the vendor needs: command
// groups listed twice, SHA-256 of the weights when check_code is empty. Fails
// for an empty model, a net without a sub-net, or a bad group index.
absl::StatusOr<std::string> Serialize(const Model& model);

// A command group in a file, in the order of nets, stages and groups.
struct CommandBuffers {
  int net = 0, stage = 0, group = 0;
  std::string tiu, gdma;
  uint32_t num_tiu = 0, num_gdma = 0;
};

// All command groups of a model.
std::vector<CommandBuffers> ListCommands(const Model& model);

// Replaces command buffers inside a file and touches no other byte, but the
// instruction counts where they change. A buffer may be shorter than the one
// it replaces (zeros follow), never longer. Groups not mentioned stay.
absl::StatusOr<std::string> PatchCommands(
    absl::string_view bytes, const std::vector<CommandBuffers>& patches);

}  // namespace tpuc::bmodel
