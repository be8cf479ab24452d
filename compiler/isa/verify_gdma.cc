// SPDX-License-Identifier: Apache-2.0
// Source of the rules: docs/isa/bm1684x.md, chapters a and d.
#include "compiler/isa/codes.h"
#include "compiler/isa/verify_rules.h"

namespace tpuc::isa {
namespace {

// Farthest distance of neighbours in w that the hardware's element-wise copy
// covers, bytes.
constexpr uint64_t kMaxStepBytes = 128;

bool InWindow(uint64_t address, uint64_t base, uint64_t bytes) {
  return address >= base && address - base < bytes;
}

bool IsMemory(uint64_t address) {
  return InWindow(address, kLocalBase, kLocalBytes) ||
         InWindow(address, kStaticBase, kStaticBytes) ||
         InWindow(address, kL2Base, kL2Bytes) ||
         InWindow(address, kDdrBase, kAddressEnd - kDdrBase);
}

const char kWindows[] =
    "the address is in no memory (local 0x8000000, static 0x9000000, L2 "
    "0x10000000, DDR from 0x100000000)";

template <typename T>
void VerifyAddresses(Rules& rules, const T& dma) {
  if (!dma.fill_constant_en)
    rules.Require(IsMemory(SrcAddress(dma)), T::kSrcStartAddrL32, kWindows);
  rules.Require(IsMemory(DstAddress(dma)), T::kDstStartAddrL32, kWindows);
}

template <typename T>
void VerifySrcSizes(Rules& rules) {
  rules.Sizes(T::kSrcNsize, T::kSrcCsize, T::kSrcHsize, T::kSrcWsize);
}

// Strides along w of a copy that moves elements by explicit strides.
template <typename T>
void VerifyStep(Rules& rules, const T& dma, uint64_t stride, uint64_t size,
                int field) {
  rules.Require(stride != 0, field, "a w stride of 0 is not supported");
  rules.Require(
      size <= 1 || stride * SizeOfPrec(dma.src_data_format) <= kMaxStepBytes,
      field, "w stride times element size is at most 128 bytes");
}

void VerifyTensor(Rules& rules) {
  using T = DmaTensor;
  T dma = T::From(rules.instruction());
  VerifyAddresses(rules, dma);
  VerifySrcSizes<T>(rules);
  bool reshape = !dma.nchw_copy;
  if (reshape)
    rules.Sizes(T::kDstNsize, T::kDstCsize, T::kDstHsize, T::kDstWsize);
  // A broadcast ignores the w strides; the vendor's compiler writes 0.
  if (dma.stride_enable && (dma.cmd_special_function == T::Op::kCopy ||
                            dma.cmd_special_function == T::Op::kNcTranspose)) {
    if (!dma.fill_constant_en)
      VerifyStep(rules, dma, dma.src_wstride, dma.src_wsize, T::kSrcWstride);
    VerifyStep(rules, dma, dma.dst_wstride,
               reshape ? dma.dst_wsize : dma.src_wsize, T::kDstWstride);
  }
  uint64_t src_elements =
      dma.src_nsize * dma.src_csize * dma.src_hsize * dma.src_wsize;
  uint64_t dst_elements =
      dma.dst_nsize * dma.dst_csize * dma.dst_hsize * dma.dst_wsize;
  if (dma.cmd_special_function == T::Op::kCopy && reshape)
    rules.Require(src_elements == dst_elements, T::kDstNsize,
                  "source and destination have different element counts");
  if (dma.cmd_special_function == T::Op::kBroadcast)
    rules.Require(dma.src_csize == 1, T::kSrcCsize,
                  "the source of a broadcast has one channel");
}

template <typename T>
void VerifyCwTranspose(Rules& rules) {
  T dma = T::From(rules.instruction());
  VerifyAddresses(rules, dma);
  VerifySrcSizes<T>(rules);
  rules.Require(!dma.nchw_copy, T::kNchwCopy, "must be 0 here");
  rules.Require(dma.cmd_special_function == 0, T::kCmdSpecialFunction,
                "no such sub-opcode");
}

void VerifyMatrix(Rules& rules) {
  using T = DmaMatrix;
  T dma = T::From(rules.instruction());
  VerifyAddresses(rules, dma);
  rules.Require(!dma.nchw_copy, T::kNchwCopy, "must be 0 here");
  // The system side is h x w; the local side n, c and w, on either end.
  if (InWindow(SrcAddress(dma), kLocalBase, kLocalBytes)) {
    rules.Sizes(T::kSrcNsize, T::kSrcCsize, T::kSrcWsize);
    rules.Sizes(T::kDstHsize, T::kDstWsize);
  } else {
    rules.Sizes(T::kSrcHsize, T::kSrcWsize);
    rules.Sizes(T::kDstNsize, T::kDstCsize, T::kDstWsize);
  }
}

template <typename T>
void VerifyGeneral(Rules& rules) {
  T dma = T::From(rules.instruction());
  VerifyAddresses(rules, dma);
  rules.Require(dma.src_cstride != 0, T::kSrcCstride,
                "the number of elements to move isn't 0");
  if (dma.cmd_special_function == T::Op::kBroadcast) rules.Size(T::kDstCsize);
}

template <typename T>
void VerifyIndexed(Rules& rules) {
  T dma = T::From(rules.instruction());
  VerifyAddresses(rules, dma);
  rules.Require(IsMemory(IndexAddress(dma)), T::kIndexStartAddrL32, kWindows);
  rules.Require(dma.cmd_special_function == 0, T::kCmdSpecialFunction,
                "no such sub-opcode");
}

template <typename T>
void VerifyCompaction(Rules& rules) {
  T dma = T::From(rules.instruction());
  VerifyAddresses(rules, dma);
  VerifySrcSizes<T>(rules);
}

}  // namespace

void VerifyGdma(Rules& rules) {
  switch (rules.instruction().format()) {
    case Format::kDmaTensor:
      return VerifyTensor(rules);
    case Format::kDmaCwTranspose:
      return VerifyCwTranspose<DmaCwTranspose>(rules);
    case Format::kDmaMatrix:
      return VerifyMatrix(rules);
    case Format::kSDmaMatrix:
      return VerifyAddresses(rules, SDmaMatrix::From(rules.instruction()));
    case Format::kDmaGeneral:
      return VerifyGeneral<DmaGeneral>(rules);
    case Format::kSDmaGeneral:
      return VerifyGeneral<SDmaGeneral>(rules);
    case Format::kDmaGather:
      return VerifyIndexed<DmaGather>(rules);
    case Format::kDmaScatter:
      return VerifyIndexed<DmaScatter>(rules);
    case Format::kDmaMaskedSelect:
      return VerifyCompaction<DmaMaskedSelect>(rules);
    case Format::kSDmaMaskedSelect:
      return VerifyCompaction<SDmaMaskedSelect>(rules);
    case Format::kDmaNonzero:
      return VerifyCompaction<DmaNonzero>(rules);
    case Format::kSDmaNonzero:
      return VerifyCompaction<SDmaNonzero>(rules);
    default:
      return;
  }
}

}  // namespace tpuc::isa
