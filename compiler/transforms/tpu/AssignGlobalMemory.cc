// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuGroupOps.h"
#include "compiler/isa/codes.h"
#include "compiler/transforms/tpu/Passes.h"
#include "compiler/transforms/tpu/memory_attributes.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc::tpu {

#define GEN_PASS_DEF_ASSIGNGLOBALMEMORY
#include "compiler/transforms/tpu/Passes.h.inc"

namespace {

// DMA rates depend on the number of pages touched (docs/isa/bm1684x.md, g).
constexpr int64_t kPage = 4096;

int64_t RoundUpToPage(int64_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}

int64_t BytesOf(mlir::Value value) {
  const auto type = mlir::cast<mlir::RankedTensorType>(value.getType());
  return type.getNumElements() *
         static_cast<int64_t>(SizeOf(*top::DTypeOf(type.getElementType())));
}

// A tensor between groups, or an input or output. Lives from the operation at
// position `first` to that at `last`.
struct Neuron {
  int64_t bytes = 0;
  int64_t first = 0, last = 0;
  int64_t offset = 0;
  int64_t number = 0;  // in order of appearance
  // The concatenation that has it as an input and whose memory it shares, `at`
  // bytes behind the start.
  mlir::Value concat;
  int64_t at = 0;
};
using Neurons = llvm::MapVector<mlir::Value, Neuron>;

// Largest first, each at the lowest offset that is free during its life.
// Returns what all need.
int64_t PlaceNeurons(std::vector<Neuron*> neurons) {
  std::sort(neurons.begin(), neurons.end(),
            [](const Neuron* a, const Neuron* b) {
              return std::make_pair(-a->bytes, a->number) <
                     std::make_pair(-b->bytes, b->number);
            });
  std::vector<Neuron*> placed;  // by offset
  int64_t total = 0;
  for (Neuron* neuron : neurons) {
    int64_t offset = 0;
    for (const Neuron* other : placed) {
      if (other->first > neuron->last || neuron->first > other->last) continue;
      if (offset + neuron->bytes <= other->offset) break;
      offset = std::max(offset, RoundUpToPage(other->offset + other->bytes));
    }
    neuron->offset = offset;
    total = std::max(total, RoundUpToPage(offset + neuron->bytes));
    placed.insert(std::upper_bound(placed.begin(), placed.end(), neuron,
                                   [](const Neuron* a, const Neuron* b) {
                                     return a->offset < b->offset;
                                   }),
                  neuron);
  }
  return total;
}

class AssignGlobalMemoryPass
    : public impl::AssignGlobalMemoryBase<AssignGlobalMemoryPass> {
  void runOnOperation() override {
    auto functions = getOperation().getOps<mlir::func::FuncOp>();
    if (!llvm::hasSingleElement(functions)) {
      getOperation().emitError("expected a module with one function");
      return signalPassFailure();
    }
    mlir::func::FuncOp function = *functions.begin();
    const int64_t ctx = AssignCoefficients(function);
    if (mlir::failed(AssignNeurons(function, ctx))) return signalPassFailure();
  }

  mlir::IntegerAttr I64(int64_t value) {
    return mlir::Builder(&getContext()).getI64IntegerAttr(value);
  }

  // Returns the first address behind the coefficients.
  int64_t AssignCoefficients(mlir::func::FuncOp function) {
    int64_t next = isa::kDdrBase;
    std::map<std::string_view, int64_t> known;  // by content
    function.walk([&](top::WeightOp weight) {
      const Tensor& data = top::DataOf(weight);
      const std::string_view content(static_cast<const char*>(data.raw()),
                                     data.SizeInBytes());
      const auto [it, is_new] = known.try_emplace(content, next);
      weight->setAttr(kAddressAttr, I64(it->second));
      if (is_new) next += RoundUpToPage(content.size());
    });
    return next;
  }

  llvm::LogicalResult AssignNeurons(mlir::func::FuncOp function, int64_t ctx) {
    Neurons neurons;
    llvm::DenseSet<mlir::Value> outputs;
    int64_t position = 0;
    const int64_t end =
        static_cast<int64_t>(function.getBody().front().getOperations().size());
    for (mlir::Operation& op : function.getBody().front()) {
      ++position;
      if (mlir::isa<top::InputOp>(op))
        neurons[op.getResult(0)] = {BytesOf(op.getResult(0)), 0, end};
      if (auto group = mlir::dyn_cast<GroupOp>(op)) {
        for (mlir::Value result : group.getResults())
          neurons[result] = {BytesOf(result), position, position};
        for (auto load : group.getBody().getOps<LoadOp>())
          Extend(neurons, load.getSource(), position);
      }
      if (auto ret = mlir::dyn_cast<mlir::func::ReturnOp>(op))
        for (mlir::Value value : ret.getOperands()) {
          if (!Extend(neurons, value, end))
            return ret.emitError(
                "a constant as an output of the network is not supported");
          const mlir::Value root = PlaceOf(value).root;
          neurons[root].first = 0;
          outputs.insert(root);
        }
    }
    MergeIntoConcats(function, outputs, neurons);
    std::vector<Neuron*> order;
    for (auto& [value, neuron] : neurons) {
      if (neuron.concat) continue;
      neuron.number = static_cast<int64_t>(order.size());
      order.push_back(&neuron);
    }
    const int64_t bytes = PlaceNeurons(order);
    for (auto& [value, neuron] : llvm::reverse(neurons))
      if (neuron.concat)
        neuron.offset = neurons.find(neuron.concat)->second.offset + neuron.at;
    getOperation()->setAttr(kCtxAddressAttr, I64(ctx));
    getOperation()->setAttr(kCtxBytesAttr, I64(bytes));
    for (auto& [value, neuron] : neurons)
      if (auto input = value.getDefiningOp<top::InputOp>())
        input->setAttr(kAddressAttr, I64(ctx + neuron.offset));
    function.walk([&](GroupOp group) {
      for (auto load : group.getBody().getOps<LoadOp>())
        load.setAddressAttr(I64(AddressIn(neurons, load.getSource(), ctx)));
      llvm::SmallVector<int64_t> addresses;
      for (mlir::Value result : group.getResults())
        addresses.push_back(ctx + neurons[result].offset);
      mlir::cast<StoreOp>(group.getBody().front().getTerminator())
          .setAddresses(addresses);
    });
    return llvm::success();
  }

  // Where nothing goes before the axis, the inputs of a concatenation lie one
  // behind the other in the result, so what a group computes can be stored
  // there in the first place.
  static void MergeIntoConcats(mlir::func::FuncOp function,
                               const llvm::DenseSet<mlir::Value>& outputs,
                               Neurons& neurons) {
    function.walk([&](ConcatOp op) {
      const auto before = ShapeOf(op.getOutput()).take_front(op.getAxis());
      if (llvm::any_of(before, [](int64_t extent) { return extent != 1; }))
        return;
      const mlir::Value result = op->getParentOfType<GroupOp>().getResult(0);
      int64_t at = 0;
      for (mlir::Value input : op.getInputs()) {
        const mlir::Value root =
            PlaceOf(input.getDefiningOp<LoadOp>().getSource()).root;
        auto it = neurons.find(root);
        // Not a slice of something larger.
        if (root.getDefiningOp<GroupOp>() && !outputs.contains(root) &&
            !it->second.concat && it->second.bytes == BytesOf(input)) {
          it->second.concat = result;
          it->second.at = at;
        }
        at += BytesOf(input);
      }
    });
    // In program order, so that a concatenation in another one is complete.
    for (auto& [value, neuron] : neurons) {
      if (!neuron.concat) continue;
      Neuron& concat = neurons.find(neuron.concat)->second;
      concat.first = std::min(concat.first, neuron.first);
      concat.last = std::max(concat.last, neuron.last);
    }
  }

  // False when `value` isn't held in neuron memory.
  static bool Extend(Neurons& neurons, mlir::Value value, int64_t position) {
    auto it = neurons.find(PlaceOf(value).root);
    if (it == neurons.end()) return false;
    it->second.last = std::max(it->second.last, position);
    return true;
  }

  static int64_t AddressIn(const Neurons& neurons, mlir::Value value,
                           int64_t ctx) {
    const Place place = PlaceOf(value);
    if (auto weight = place.root.getDefiningOp<top::WeightOp>())
      return weight->getAttrOfType<mlir::IntegerAttr>(kAddressAttr).getInt() +
             place.bytes;
    return ctx + neurons.find(place.root)->second.offset + place.bytes;
  }
};

}  // namespace
}  // namespace tpuc::tpu
