// SPDX-License-Identifier: Apache-2.0
#include "runtime/test_models.h"

#include "compiler/bmodel/tensor_location.h"
#include "compiler/isa/codes.h"
#include "compiler/isa/encoding.h"

namespace tpuc::runtime {
namespace {

constexpr uint64_t kLocalX = 0x08000000, kLocalW = 0x08004000;

isa::Instruction Copy(uint64_t id, uint64_t wait, int64_t size, uint64_t from,
                      uint64_t to) {
  isa::DmaTensor copy;
  copy.cmd_id = id;
  copy.cmd_id_dep = wait;
  copy.stride_enable = 1;
  copy.nchw_copy = 1;
  copy.src_data_format = isa::prec::kF32;
  copy.src_nsize = copy.src_csize = copy.src_hsize = 1;
  copy.src_wsize = size;
  copy.src_nstride = copy.dst_nstride = 8;
  copy.src_cstride = copy.dst_cstride = 16;
  copy.src_hstride = copy.dst_hstride = 8;
  copy.src_wstride = copy.dst_wstride = 1;
  isa::SetSrcAddress(copy, from);
  isa::SetDstAddress(copy, to);
  return copy.ToInstruction();
}

bmodel::CmdGroup ProductGroup(const ProductOptions& options) {
  isa::SAr mul;
  mul.cmd_id = 1;
  mul.cmd_id_dep = 2;
  mul.tsk_opd_num = 2;
  mul.res0_prec = mul.opd0_prec = mul.opd1_prec = isa::prec::kF32;
  mul.res0_n = mul.res0_c = mul.res0_h = 1;
  mul.res0_w = options.size;
  mul.opd1_addr = kLocalW - kLocalX;
  mul.res0_addr = options.local_y - kLocalX;
  std::vector<isa::Instruction> gdma = {
      Copy(1, 0, options.size, kTestCtx, kLocalX),
      Copy(2, 0, options.size, kTestCoeff, kLocalW),
      Copy(3, 1, options.size, options.local_y, options.store_to)};
  if (options.overwrite_weights) {
    gdma.push_back(Copy(4, 1, options.size, options.local_y, kTestCoeff));
  }
  gdma.push_back(isa::MakeEnd(isa::Engine::kGdma, gdma.size() + 1));
  bmodel::CmdGroup group;
  group.tiu = *isa::EncodeStream(
      {mul.ToInstruction(), isa::MakeEnd(isa::Engine::kTiu, 2)});
  group.gdma = *isa::EncodeStream(gdma);
  group.num_tiu = 2;
  group.num_gdma = static_cast<uint32_t>(gdma.size());
  return group;
}

}  // namespace

bmodel::Stage ProductStage(const ProductOptions& options) {
  bmodel::Stage stage;
  stage.ctx_address = kTestCtx;
  stage.ctx_sizes = {8192};
  bmodel::CoeffMem coeff;
  coeff.address = kTestCoeff;
  coeff.data.assign(reinterpret_cast<const char*>(options.weights.data()),
                    options.weights.size() * sizeof(float));
  stage.coeff = coeff;
  const uint64_t size = static_cast<uint64_t>(options.size);
  bmodel::TensorRecord x;
  x.name = "x";
  x.shape = {2, size / 2};
  x.address = kTestCtx;
  x.size = size * sizeof(float);
  x.hidden = 1;
  bmodel::TensorRecord y = x;
  y.name = "y";
  y.shape = {size};
  y.address = kTestCtx + 4096;
  y.hidden = 2;
  stage.inputs = {x};
  stage.outputs = {y};
  stage.groups = {ProductGroup(options)};
  bmodel::SubNet sub_net;
  sub_net.groups = {0};
  sub_net.inputs = {x};
  sub_net.outputs = {y};
  stage.sub_nets = {sub_net};
  bmodel::TensorLocation location;
  location.name = "loaded";
  location.shape = {options.size};
  location.address = kTestCtx;
  location.size = x.size;
  location.gdma_id = 1;
  stage.tensor_location = bmodel::WriteTensorLocations({location});
  return stage;
}

bmodel::Model ProductModel(const std::vector<bmodel::Stage>& stages) {
  bmodel::Net net;
  net.name = "product";
  net.stages = stages;
  bmodel::Model model;
  model.version = model.time = "test";
  model.nets = {net};
  return model;
}

std::string BytesOf(const bmodel::Model& model) {
  return bmodel::Serialize(model).value();
}

}  // namespace tpuc::runtime
