// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/dialect/tpu/TpuOps.h"

// The attributes of tpu.Group as values (documented in TpuGroupOps.td).
namespace tpuc::tpu {

struct GroupTile {
  std::vector<int64_t> tile;  // n, c, h, w
  std::string order;          // a permutation of "nchw"
};

struct GroupBuffer {
  std::string kind;
  int64_t index = 0;
  std::string layout = "aligned";
  int64_t bytes = 0;
  int64_t count = 1;
  int64_t first = 0, last = 0;  // life
  std::vector<int64_t> addresses;
};

mlir::ArrayAttr TilesAttr(mlir::MLIRContext* context,
                          const std::vector<GroupTile>& tiles);
mlir::ArrayAttr OrdersAttr(mlir::MLIRContext* context,
                           const std::vector<GroupTile>& tiles);
mlir::ArrayAttr BuffersAttr(mlir::MLIRContext* context,
                            const std::vector<GroupBuffer>& buffers);

// Of a group that verifies.
std::vector<GroupTile> TilesOf(GroupOp group);
std::vector<GroupBuffer> BuffersOf(GroupOp group);

}  // namespace tpuc::tpu
