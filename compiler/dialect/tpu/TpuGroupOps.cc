// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/tpu/TpuGroupOps.h"

#include <algorithm>
#include <optional>

#include "mlir/IR/Builders.h"

namespace tpuc::tpu {
namespace {

constexpr int64_t kLaneBytes = 0x40000;
constexpr int64_t kAlignment = 64;

std::optional<GroupBuffer> ParseBuffer(mlir::Attribute attribute) {
  const auto dictionary = mlir::dyn_cast<mlir::DictionaryAttr>(attribute);
  if (!dictionary) return std::nullopt;
  const auto text = [&](const char* key) {
    return mlir::dyn_cast_or_null<mlir::StringAttr>(dictionary.get(key));
  };
  const auto number = [&](const char* key) {
    return mlir::dyn_cast_or_null<mlir::IntegerAttr>(dictionary.get(key));
  };
  const auto numbers = [&](const char* key) {
    return mlir::dyn_cast_or_null<mlir::DenseI64ArrayAttr>(dictionary.get(key));
  };
  const auto kind = text("kind"), layout = text("layout");
  const auto index = number("index"), bytes = number("bytes"),
             count = number("count");
  const auto life = numbers("life"), addresses = numbers("addresses");
  if (!kind || !layout || !index || !bytes || !count || !life ||
      life.size() != 2 || !addresses)
    return std::nullopt;
  GroupBuffer buffer;
  buffer.kind = kind.str();
  buffer.index = index.getInt();
  buffer.layout = layout.str();
  buffer.bytes = bytes.getInt();
  buffer.count = count.getInt();
  buffer.first = life[0];
  buffer.last = life[1];
  buffer.addresses = addresses.asArrayRef();
  return buffer;
}

bool IsTile(mlir::Attribute tile, mlir::Attribute order) {
  const auto sizes = mlir::dyn_cast<mlir::DenseI64ArrayAttr>(tile);
  const auto nesting = mlir::dyn_cast<mlir::StringAttr>(order);
  if (!sizes || sizes.size() != 4 || !nesting) return false;
  std::string letters = nesting.str();
  std::sort(letters.begin(), letters.end());
  return letters == "chnw" &&
         llvm::all_of(sizes.asArrayRef(), [](int64_t s) { return s > 0; });
}

// One copy of a buffer.
struct Extent {
  int64_t begin, end, first, last;
};

bool Overlap(const Extent& a, const Extent& b) {
  return a.begin < b.end && b.begin < a.end && a.first <= b.last &&
         b.first <= a.last;
}

}  // namespace

mlir::ArrayAttr TilesAttr(mlir::MLIRContext* context,
                          const std::vector<GroupTile>& tiles) {
  llvm::SmallVector<mlir::Attribute> values;
  for (const GroupTile& tile : tiles)
    values.push_back(mlir::DenseI64ArrayAttr::get(context, tile.tile));
  return mlir::ArrayAttr::get(context, values);
}

mlir::ArrayAttr OrdersAttr(mlir::MLIRContext* context,
                           const std::vector<GroupTile>& tiles) {
  llvm::SmallVector<mlir::Attribute> values;
  for (const GroupTile& tile : tiles)
    values.push_back(mlir::StringAttr::get(context, tile.order));
  return mlir::ArrayAttr::get(context, values);
}

mlir::ArrayAttr BuffersAttr(mlir::MLIRContext* context,
                            const std::vector<GroupBuffer>& buffers) {
  mlir::Builder b(context);
  llvm::SmallVector<mlir::Attribute> values;
  for (const GroupBuffer& buffer : buffers)
    values.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("kind", b.getStringAttr(buffer.kind)),
         b.getNamedAttr("index", b.getI64IntegerAttr(buffer.index)),
         b.getNamedAttr("layout", b.getStringAttr(buffer.layout)),
         b.getNamedAttr("bytes", b.getI64IntegerAttr(buffer.bytes)),
         b.getNamedAttr("count", b.getI64IntegerAttr(buffer.count)),
         b.getNamedAttr("life",
                        b.getDenseI64ArrayAttr({buffer.first, buffer.last})),
         b.getNamedAttr("addresses",
                        b.getDenseI64ArrayAttr(buffer.addresses))}));
  return b.getArrayAttr(values);
}

std::vector<GroupTile> TilesOf(GroupOp group) {
  std::vector<GroupTile> tiles;
  for (auto [tile, order] : llvm::zip(group.getTiles(), group.getOrders()))
    tiles.push_back({mlir::cast<mlir::DenseI64ArrayAttr>(tile).asArrayRef(),
                     mlir::cast<mlir::StringAttr>(order).str()});
  return tiles;
}

std::vector<GroupBuffer> BuffersOf(GroupOp group) {
  std::vector<GroupBuffer> buffers;
  for (mlir::Attribute attribute : group.getBuffers())
    buffers.push_back(*ParseBuffer(attribute));
  return buffers;
}

llvm::LogicalResult GroupOp::verifyRegions() {
  auto store = mlir::dyn_cast<StoreOp>(getBody().front().getTerminator());
  if (!store) return emitOpError("must end with tpu.Store");
  if (store.getValues().getTypes() != getResultTypes())
    return emitOpError("stores other types than it has as results");
  if (getTiles().size() != getOrders().size())
    return emitOpError("has ") << getTiles().size() << " tiles but "
                               << getOrders().size() << " orders";
  for (auto [tile, order] : llvm::zip(getTiles(), getOrders()))
    if (!IsTile(tile, order))
      return emitOpError(
                 "has a tile that isn't four positive sizes with an "
                 "order of n, c, h, w: ")
             << tile << " " << order;
  if (const auto slices = getSlices())
    if (slices->size() != 3 || (*slices)[0] < 1 || (*slices)[1] < 1 ||
        !getTiles().empty())
      return emitOpError(
          "needs slices of two positive numbers of pieces and a flag, and no "
          "tiles beside them");
  std::vector<Extent> extents;
  for (mlir::Attribute attribute : getBuffers()) {
    const auto buffer = ParseBuffer(attribute);
    if (!buffer) return emitOpError("has a malformed buffer: ") << attribute;
    if (buffer->addresses.empty()) continue;
    if (static_cast<int64_t>(buffer->addresses.size()) != buffer->count)
      return emitOpError("needs one address for each of ")
             << buffer->count << " copies: " << attribute;
    for (int64_t address : buffer->addresses) {
      const Extent extent{address, address + buffer->bytes, buffer->first,
                          buffer->last};
      if (address < 0 || address % kAlignment != 0 || extent.end > kLaneBytes)
        return emitOpError("places a buffer at ")
               << address << ", which isn't a multiple of " << kAlignment
               << " or ends behind the lane's " << kLaneBytes
               << " bytes: " << attribute;
      for (const Extent& other : extents)
        if (Overlap(extent, other))
          return emitOpError("has overlapping buffers at ")
                 << extent.begin << ".." << extent.end << " and " << other.begin
                 << ".." << other.end << ": " << attribute;
      extents.push_back(extent);
    }
  }
  return llvm::success();
}

}  // namespace tpuc::tpu
