// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/support/tensor.h"
#include "compiler/target/bm1684x/emitter.h"
#include "compiler/target/bm1684x/layout.h"

// How one operator runs from local memory.
//
// A kernel says which 4-D views of its tensors in DDR it works on, which box of
// each operand a box of the result needs, and which instructions make that box.
// It neither moves data nor synchronises: slicing.h cuts the result into
// slices that fit, program.h loads, runs and stores them. The bits of the
// result don't depend on the slices.
//
// Tensors whose element count doesn't divide evenly over lanes, or whose chunks
// end with a short one, are covered by several parts, each with views of its
// own.
namespace tpuc::bm1684x {

// Where a kernel takes an operand from or leaves its result: in local memory,
// to and from which it is moved for it, or in DDR, which its own instructions
// read and write.
enum class Place : uint8_t { kLocal, kDdr };

struct OperandSpec {
  DType dtype = DType::kF32;
  Layout layout = Layout::kAligned;
  Place place = Place::kLocal;
};

// How elementwise kernels see their tensors: in pieces that fill the lanes, or
// with the dimensions that their neighbours leave in local memory.
enum class Views : uint8_t { kFlat, kNatural };

// One 4-D piece of the work. All shapes and offsets in elements.
struct Part {
  std::vector<DdrView> operands;  // as the kernel's operands
  DdrView result;
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  const std::vector<OperandSpec>& operands() const { return operands_; }
  const OperandSpec& result() const { return result_; }
  const std::vector<Part>& parts() const { return parts_; }

  // The accumulation of a result slice is cut into that many steps, which run
  // one behind the other with operand slices of their own. The result is
  // complete after the last one.
  int num_cuts() const { return num_cuts_; }

  // Result slices start at multiples of this (the last one may be shorter);
  // 0: the dimension can't be split.
  virtual Dims Granularity(const Part& part) const;

  // The box of operand `operand` that `slice` of the result needs in step
  // `cut`.
  virtual Slice OperandSlice(const Part& part, int operand, const Slice& slice,
                             int cut) const = 0;

  // False when instructions can't take the slice whatever the memory (fields
  // too narrow).
  virtual bool IsLegal(const Part& part, const Slice& slice) const;

  // Bytes of a lane for temporaries while `slice` is computed, kept through
  // its cuts.
  virtual int64_t ScratchBytes(const Part& part, const Slice& slice) const {
    return 0;
  }
  // Bytes of a lane that are filled once before the first slice.
  virtual int64_t TableBytes() const { return 0; }
  virtual void EmitTables(Emitter& emitter, int64_t address) const {}

  // Tensors in the place of their OperandSpec; the other list's entry for it is
  // to be left alone.
  struct Buffers {
    std::vector<LocalTensor> operands;  // shapes as OperandSlice says
    LocalTensor result;
    std::vector<DdrBox> ddr_operands;
    DdrBox ddr_result;
    int64_t scratch = 0;  // address
    int64_t table = 0;    // address
  };
  virtual void Emit(Emitter& emitter, const Part& part, const Slice& slice,
                    int cut, const Buffers& buffers) const = 0;

  // The constant `operand` as it has to lie in DDR; the views describe the
  // packed tensor. Default: as it is.
  virtual Tensor PackConstant(int operand, const Tensor& value) const {
    return value;
  }
  // Names the packing, for the sharing of equal coefficients.
  virtual std::string Packing(int operand) const { return "plain"; }

 protected:
  std::vector<OperandSpec> operands_;
  OperandSpec result_;
  std::vector<Part> parts_;
  int num_cuts_ = 1;
};

// Clamp that follows an operator (do_relu, relu_limit of the dialect).
struct Relu {
  bool enabled = false;
  double limit = -1.0;  // upper bound where it is >= 0
};

// max(x, 0), then min(x, limit), in place.
void EmitRelu(Emitter& emitter, const LocalTensor& result, const Relu& relu);

// The part of the padded input that an output range along one axis reads, and
// the padding that is left of it.
struct WindowRange {
  int64_t start, size;
  int64_t pad_before, pad_after;
};
// `extent` is the input's, with `insert` zeros between neighbours. Needs pads
// smaller than the dilated kernel, and that to be larger than `insert`.
WindowRange InputRange(int64_t out_start, int64_t out_size, int64_t extent,
                       int64_t kernel, int64_t stride, int64_t dilation,
                       int64_t insert, int64_t pad_before);

}  // namespace tpuc::bm1684x
