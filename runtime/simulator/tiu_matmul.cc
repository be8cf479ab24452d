// SPDX-License-Identifier: Apache-2.0
// MM and MM2.
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/float_format.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/matmul.h"
#include "runtime/simulator/execute.h"
#include "runtime/simulator/status_macros.h"
#include "runtime/simulator/tiu_products.h"

namespace tpuc::sim {

using numerics::MutablePlanes;
using numerics::Shape4;

namespace {

struct LocalMatrix {
  void* base = nullptr;
  std::shared_ptr<uint32_t> immediate;  // what base points to, if a constant
  std::vector<int64_t> row, col;
  numerics::MatrixView View() const { return {base, row, col}; }
  numerics::MutableMatrixView MutableView() const { return {base, row, col}; }
};

// Matrix layout: element (i, j) is (i, j / width, 0, j % width) of an
// EU-aligned tensor [rows, blocks, 1, width].
absl::StatusOr<LocalMatrix> BlockMatrix(const Context& context, Use use,
                                        uint64_t address, DType type,
                                        int64_t rows, int64_t cols,
                                        int64_t width) {
  const Shape4 shape{rows, (cols + width - 1) / width, 1, width};
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes planes,
      LocalTensor(context, use, address, type, shape, Layout::kAligned));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  LocalMatrix m;
  m.base = planes.channel[0];
  for (int64_t i = 0; i < rows; ++i) {
    m.row.push_back(i * planes.n_stride * size);
  }
  const uint8_t* base = static_cast<const uint8_t*>(m.base);
  for (int64_t j = 0; j < cols; ++j) {
    const uint8_t* block = static_cast<const uint8_t*>(
        planes.channel[static_cast<size_t>(j / width)]);
    m.col.push_back(block - base + j % width * size);
  }
  return m;
}

// MM2 layout: row i in lane i % 64, EU-aligned [1, rows, 1, cols].
absl::StatusOr<LocalMatrix> RowMatrix(const Context& context, Use use,
                                      uint64_t address, DType type,
                                      int64_t rows, int64_t cols) {
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes planes,
                        LocalTensor(context, use, address, type,
                                    {1, rows, 1, cols}, Layout::kAligned));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  LocalMatrix m;
  m.base = planes.channel[0];
  const uint8_t* base = static_cast<const uint8_t*>(m.base);
  for (const void* p : planes.channel) {
    m.row.push_back(static_cast<const uint8_t*>(p) - base);
  }
  for (int64_t j = 0; j < cols; ++j) m.col.push_back(j * size);
  return m;
}

LocalMatrix Splat(uint64_t value, int64_t rows, int64_t cols) {
  LocalMatrix m;
  m.immediate = std::make_shared<uint32_t>(static_cast<uint32_t>(value));
  m.base = m.immediate.get();
  m.row.assign(static_cast<size_t>(rows), 0);
  m.col.assign(static_cast<size_t>(cols), 0);
  return m;
}

struct Matrices {
  LocalMatrix left, right, result;
};

// bias: one row, or without columns.
absl::StatusOr<Action> FloatProduct(const numerics::MatMulSpec& spec,
                                    const Matrices& m, const LocalMatrix& bias,
                                    const Context& context) {
  TPUC_RETURN_IF_ERROR(numerics::Validate(spec));
  return Action([=, &threads = context.threads]() -> absl::Status {
    numerics::MatMulOperands operands;
    operands.left = m.left.View();
    operands.right = m.right.View();
    operands.result = m.result.MutableView();
    const char* base = static_cast<const char*>(bias.base);
    for (int64_t offset : bias.col) {
      operands.bias.push_back(
          numerics::LoadFloat(DType::kF32, base + offset, 0));
    }
    TPUC_ASSIGN_OR_RETURN(
        const auto product,
        numerics::MatMul::Prepare(spec, operands, Parallel(threads)));
    threads.For(product->NumTiles(), 1,
                [&](int64_t begin, int64_t end) { product->Run(begin, end); });
    return absl::OkStatus();
  });
}

// One row, or no columns: zero points of the right operand or biases.
struct IntegerRow {
  LocalMatrix matrix;
  DType type = DType::kI32;
  std::vector<int32_t> Values() const {
    std::vector<int32_t> values;
    const char* base = static_cast<const char*>(matrix.base);
    for (int64_t offset : matrix.col) {
      values.push_back(
          static_cast<int32_t>(numerics::LoadInteger(type, base + offset, 0)));
    }
    return values;
  }
};

absl::StatusOr<Action> IntegerProduct(const numerics::IntegerMatMulSpec& spec,
                                      const Matrices& m,
                                      const IntegerRow& zeros,
                                      const IntegerRow& bias,
                                      const Context& context) {
  TPUC_RETURN_IF_ERROR(numerics::Validate(spec));
  return Action([=, &threads = context.threads] {
    numerics::IntegerMatMulOperands o;
    o.left = m.left.View();
    o.right = m.right.View();
    o.result = m.result.MutableView();
    o.zero_point = zeros.Values();
    o.bias = bias.Values();
    const auto product = numerics::PrepareIntegerMatMul(spec, o);
    threads.For(product->NumTiles(), 1,
                [&](int64_t begin, int64_t end) { product->Run(begin, end); });
    return absl::OkStatus();
  });
}

// The combinations that work (docs/isa/bm1684x.md, c.4).
absl::Status CheckMmTypes(const isa::SMm& i, DType operand, DType result) {
  if (operand == DType::kF32 && i.tsk_eu_typ == 1) return absl::OkStatus();
  if (numerics::IsFloat(operand) || numerics::IsFloat(result)) {
    return absl::UnimplementedError(absl::StrCat("MM operation ", i.tsk_eu_typ,
                                                 " of ", Name(operand), " to ",
                                                 Name(result)));
  }
  if (i.tsk_eu_typ == 1 && SizeOf(result) != 4) {
    return absl::UnimplementedError(
        absl::StrCat("MM of integers to ", Name(result)));
  }
  if (i.tsk_eu_typ != 1 && SizeOf(operand) != 1) {
    return absl::UnimplementedError(
        absl::StrCat("MM operation ", i.tsk_eu_typ, " of ", Name(operand)));
  }
  if (i.opd0_const != 0 && i.left_tran != 0) {
    return absl::UnimplementedError("MM of a transposed immediate");
  }
  if (i.res_add != 0 && (i.tsk_eu_typ == 1 || SizeOf(result) != 2)) {
    return absl::UnimplementedError(absl::StrCat(
        "MM operation ", i.tsk_eu_typ, " with res_add to ", Name(result)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Action> Prepare(const isa::SMm& i, const Context& context) {
  const bool requant = i.tsk_eu_typ == 2 || i.tsk_eu_typ == 3;
  const bool relu = i.tsk_eu_typ == 3;
  if (i.tsk_eu_typ != 1 && !requant) {
    return absl::UnimplementedError(
        absl::StrCat("MM operation ", i.tsk_eu_typ));
  }
  for (uint64_t extent :
       {i.opd0_n, i.opd0_c, i.opd0_w, i.opd1_w, i.res0_c, i.res0_w}) {
    if (extent == 0) return absl::InvalidArgumentError("MM of an empty matrix");
  }
  const int64_t stored_rows = Int(i.opd0_n);
  const int64_t stored_cols =
      (Int(i.opd0_c) - 1) * Int(i.opd0_w) + Int(i.opd1_w);
  const bool transposed = i.left_tran != 0;
  const int64_t m = transposed ? stored_cols : stored_rows;
  const int64_t k = transposed ? stored_rows : stored_cols;
  const int64_t width = Int(i.res0_w);
  const int64_t n = Int(i.res0_c) * width;
  TPUC_ASSIGN_OR_RETURN(const DType left_type,
                        OperandType(i.opd0_prec, i.opd0_sign, "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(const DType right_type,
                        OperandType(i.opd0_prec, i.opd1_sign, "opd0_prec"));
  const uint64_t any_sign =
      i.opd0_sign | i.opd1_sign | (requant ? i.opd2_sign : 0);
  TPUC_ASSIGN_OR_RETURN(const DType out,
                        OperandType(i.res0_prec, any_sign, "res0_prec"));
  if (left_type == DType::kF16 || left_type == DType::kBF16) {
    return absl::UnimplementedError(
        absl::StrCat("MM of ", Name(left_type), " (MM2 has it)"));
  }
  TPUC_RETURN_IF_ERROR(CheckMmTypes(i, left_type, out));
  Matrices matrices;
  LocalMatrix& left = matrices.left;
  if (i.opd0_const != 0) {
    left = Splat(i.opd0_addr, m, k);
  } else {
    TPUC_ASSIGN_OR_RETURN(
        left, BlockMatrix(context, Use::kRead, i.opd0_addr, left_type,
                          stored_rows, stored_cols, Int(i.opd0_w)));
    if (transposed) std::swap(left.row, left.col);
  }
  TPUC_ASSIGN_OR_RETURN(
      matrices.right,
      BlockMatrix(context, Use::kRead, i.opd1_addr, right_type, k, n, width));
  TPUC_ASSIGN_OR_RETURN(matrices.result,
                        BlockMatrix(context, ResultUse(i.res_add != 0),
                                    i.res0_addr, out, m, n, width));
  if (left_type == DType::kF32) {
    numerics::MatMulSpec spec;
    spec.m = m;
    spec.k = k;
    spec.n = n;
    spec.result = out;
    spec.accumulate = i.res_add != 0;
    LocalMatrix bias = Splat(i.opd2_addr, 1, n);
    if (i.opd2_const == 0) {
      TPUC_ASSIGN_OR_RETURN(bias, BlockMatrix(context, Use::kRead, i.opd2_addr,
                                              DType::kF32, 1, n, width));
    }
    return FloatProduct(spec, matrices, bias, context);
  }
  numerics::IntegerMatMulSpec spec;
  spec.left = left_type;
  spec.right = right_type;
  spec.result = out;
  spec.m = m;
  spec.k = k;
  spec.n = n;
  spec.accumulate = i.res_add != 0;
  spec.old = out;
  spec.saturate = requant || SizeOf(left_type) == 4;
  spec.saturate_to = out;
  IntegerRow bias;
  if (requant) {
    spec.shift = -static_cast<int>(i.opd3_addr >> 8 & 0xFF);
    spec.old_shift = static_cast<int>(i.opd3_addr & 0xFF);
    if (SizeOf(out) == 1) {
      spec.saturate_to = relu ? DType::kU8 : out;
    } else {  // 32-bit results too
      spec.saturate_to = relu || any_sign == 0 ? DType::kU16 : DType::kI16;
    }
    bias.type = i.opd2_sign != 0 ? DType::kI16 : DType::kU16;
    bias.matrix = Splat(i.opd2_addr, 1, n);
    if (i.opd2_const == 0) {
      TPUC_ASSIGN_OR_RETURN(
          bias.matrix, BlockMatrix(context, Use::kRead, i.opd2_addr, bias.type,
                                   1, n, width));
    }
  }
  return IntegerProduct(spec, matrices, IntegerRow{}, bias, context);
}

absl::StatusOr<Action> Prepare(const isa::SMm2& i, const Context& context) {
  // As products of an m x k and a k x n matrix.
  const bool nn = i.tsk_eu_typ == 4, nt = i.tsk_eu_typ == 5,
             tt = i.tsk_eu_typ == 6;
  if (!nn && !nt && !tt) {
    return absl::UnimplementedError(
        absl::StrCat("MM2 operation ", i.tsk_eu_typ));
  }
  for (uint64_t extent : {i.res0_c, i.res0_w, i.opd1_c, i.opd1_w}) {
    if (extent == 0) {
      return absl::InvalidArgumentError("MM2 of an empty matrix");
    }
  }
  const int64_t m = Int(tt ? i.res0_w : i.res0_c);
  const int64_t n = Int(nn ? i.opd1_w : i.opd1_c);
  const int64_t k = Int(nn ? i.opd1_c : i.opd1_w);
  if (n != Int(tt ? i.res0_c : i.res0_w)) {
    return absl::InvalidArgumentError(
        absl::StrCat("MM2: the right operand has ", n,
                     " columns, the result another number"));
  }
  TPUC_ASSIGN_OR_RETURN(const DType left_type,
                        OperandType(i.opd0_prec, i.opd0_sign, "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(const DType right_type,
                        OperandType(i.opd0_prec, i.opd1_sign, "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(const DType out,
                        OperandType(i.res0_prec, 1, "res0_prec"));
  Matrices matrices{Splat(i.opd0_addr, m, k), Splat(i.opd1_addr, k, n), {}};
  LocalMatrix &left = matrices.left, &right = matrices.right;
  if (i.opd0_const == 0) {
    TPUC_ASSIGN_OR_RETURN(left, RowMatrix(context, Use::kRead, i.opd0_addr,
                                          left_type, tt ? k : m, tt ? m : k));
    if (tt) std::swap(left.row, left.col);
  }
  if (i.opd1_const == 0) {
    TPUC_ASSIGN_OR_RETURN(right, RowMatrix(context, Use::kRead, i.opd1_addr,
                                           right_type, nn ? k : n, nn ? n : k));
    if (!nn) std::swap(right.row, right.col);
  }
  LocalMatrix& result = matrices.result;
  TPUC_ASSIGN_OR_RETURN(
      result, RowMatrix(context, ResultUse(i.res_add != 0), i.res0_addr, out,
                        tt ? n : m, tt ? m : n));
  if (tt) std::swap(result.row, result.col);
  if (numerics::IsFloat(left_type)) {
    if (left_type == DType::kF32) {
      return absl::UnimplementedError("MM2 of f32 (MM has it)");
    }
    numerics::MatMulSpec spec;
    spec.input = left_type;
    spec.result = out;
    spec.m = m;
    spec.k = k;
    spec.n = n;
    spec.accumulate = i.res_add != 0;
    return FloatProduct(spec, matrices, LocalMatrix{}, context);
  }
  numerics::IntegerMatMulSpec spec;
  spec.left = left_type;
  spec.right = right_type;
  spec.result = out;
  spec.m = m;
  spec.k = k;
  spec.n = n;
  spec.accumulate = i.res_add != 0;
  spec.old = out;
  // Zero points of the right operand, in its type.
  LocalMatrix zeros = Splat(i.opd2_addr, 1, n);
  if (i.opd2_const == 0) {
    // Every lane has the row of an NN or NT product; TT has one a row.
    const Shape4 shape = tt ? Shape4{1, n, 1, 1} : Shape4{1, 1, 1, n};
    TPUC_ASSIGN_OR_RETURN(
        const MutablePlanes planes,
        LocalTensor(context, Use::kRead, i.opd2_addr, right_type, shape,
                    tt ? Layout::kCompact : Layout::kAligned));
    zeros.immediate = nullptr;
    zeros.base = planes.channel[0];
    for (int64_t j = 0; j < n; ++j) {
      zeros.col[static_cast<size_t>(j)] =
          tt ? static_cast<const uint8_t*>(
                   planes.channel[static_cast<size_t>(j)]) -
                   static_cast<const uint8_t*>(zeros.base)
             : j;
    }
  }
  return IntegerProduct(spec, matrices, {zeros, right_type}, IntegerRow{},
                        context);
}

}  // namespace tpuc::sim
