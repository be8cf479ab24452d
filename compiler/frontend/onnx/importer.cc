// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/importer.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/frontend/onnx/converter.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/graph.h"
#include "compiler/frontend/onnx/registry.h"
#include "compiler/frontend/onnx/tensor_proto.h"
#include "compiler/support/file.h"
#include "compiler/support/printable.h"
#include "google/protobuf/io/zero_copy_stream_impl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"

namespace tpuc {
namespace onnx_import {
namespace {

// All nodes that can be neither converted nor folded, in one error.
absl::Status CheckSupported(const Graph& graph) {
  std::set<std::string> known;
  for (const auto& [name, tensor] : graph.constants) known.insert(name);
  std::vector<std::string> unsupported;
  for (const Node& node : graph.nodes) {
    const bool own = NormalDomain(node.proto().domain()).empty();
    bool folds = own && (node.type() == "Shape" || node.type() == "Size");
    if (own && !folds && HasFolder(node.type())) {
      folds = true;
      for (const std::string& input : node.proto().input()) {
        if (!input.empty() && known.count(input) == 0) folds = false;
      }
    }
    if (folds) known.insert(node.proto().output(0));
    if (!folds && (!own || Converters().count(node.type()) == 0)) {
      unsupported.push_back(node.Describe());
    }
  }
  if (unsupported.empty()) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(
      unsupported.size(), " node", unsupported.size() == 1 ? " is" : "s are",
      " not supported: ", absl::StrJoin(unsupported, ", ")));
}

// Far above any network, far below an overflow of products of sizes.
constexpr int64_t kMaxElements = int64_t{1} << 40;

bool IsTooLarge(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t d : shape) {
    if (d > 0 && count > kMaxElements / d) return true;
    count *= std::max<int64_t>(d, 1);
  }
  return false;
}

std::string DeclaredShape(const onnx::TensorShapeProto& shape) {
  std::vector<std::string> dims;
  for (const auto& dim : shape.dim()) {
    dims.push_back(dim.has_dim_value() && dim.dim_value() > 0
                       ? absl::StrCat(dim.dim_value())
                       : "?");
  }
  return absl::StrCat("(", absl::StrJoin(dims, ", "), ")");
}

// The shape of input `index`: from the options, or as declared.
absl::StatusOr<std::vector<int64_t>> InputShape(
    const onnx::ValueInfoProto& input, size_t index,
    const OnnxImportOptions& options) {
  const auto& type = input.type().tensor_type();
  const auto fail = [&](const auto&... parts) {
    return absl::InvalidArgumentError(
        absl::StrCat("input '", input.name(), "' ", parts...));
  };
  if (!input.type().has_tensor_type()) return fail("is not a tensor");
  if (type.elem_type() != onnx::TensorProto::FLOAT) {
    return fail("has element type ", OnnxTypeName(type.elem_type()),
                "; only float inputs are supported");
  }
  if (!options.input_shapes.empty()) {
    const std::vector<int64_t>& shape = options.input_shapes[index];
    if (type.has_shape() &&
        type.shape().dim_size() != static_cast<int>(shape.size())) {
      return fail("has rank ", type.shape().dim_size(),
                  ", --input_shapes gives (", absl::StrJoin(shape, ", "), ")");
    }
    for (int64_t d : shape) {
      if (d < 1) return fail("cannot have dimension ", d);
    }
    if (IsTooLarge(shape)) return fail("is too large");
    return shape;
  }
  if (!type.has_shape()) {
    return fail("has no shape; give it with --input_shapes");
  }
  std::vector<int64_t> shape;
  for (const auto& dim : type.shape().dim()) {
    if (!dim.has_dim_value() || dim.dim_value() < 1) {
      return fail("has shape ", DeclaredShape(type.shape()),
                  "; give it with --input_shapes");
    }
    shape.push_back(dim.dim_value());
  }
  if (IsTooLarge(shape)) return fail("is too large");
  return shape;
}

class Importer {
 public:
  Importer(mlir::MLIRContext* context, const OnnxImportOptions& options)
      : context_(context),
        options_(options),
        builder_(context),
        values_(builder_) {}

  absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> Import(Graph graph) {
    if (absl::Status s = CheckSupported(graph); !s.ok()) return s;
    for (auto& [name, tensor] : graph.constants) {
      fold_elements_ += 8 * tensor.NumElements();
      values_.SetConstant(name, std::move(tensor));
    }
    module_ = mlir::ModuleOp::create(builder_.getUnknownLoc());
    SetModuleString(*module_, kModuleName, options_.model_name);
    SetModuleString(*module_, kModuleState, kStateTopF32);
    absl::Status status = CreateFunction(graph);
    for (const Node& node : graph.nodes) {
      if (status.ok()) status = ConvertNode(node);
    }
    if (status.ok()) status = CreateReturn(graph.outputs);
    if (!status.ok()) return status;
    return std::move(module_);
  }

 private:
  absl::Status CreateFunction(const Graph& graph) {
    if (!options_.input_shapes.empty() &&
        options_.input_shapes.size() != graph.inputs.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--input_shapes has ", options_.input_shapes.size(),
          " shapes, the model has ", graph.inputs.size(), " inputs"));
    }
    std::vector<mlir::Type> types;
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      absl::StatusOr<std::vector<int64_t>> shape =
          InputShape(*graph.inputs[i], i, options_);
      if (!shape.ok()) return shape.status();
      types.push_back(
          mlir::RankedTensorType::get(*shape, builder_.getF32Type()));
    }
    builder_.setInsertionPointToEnd(module_->getBody());
    function_ = builder_.create<mlir::func::FuncOp>(
        builder_.getUnknownLoc(), "main", builder_.getFunctionType(types, {}));
    mlir::Block* block = function_.addEntryBlock();
    builder_.setInsertionPointToStart(block);
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const std::string& name = graph.inputs[i]->name();
      values_.Set(
          name, builder_.create<top::InputOp>(NameLocation(context_, name),
                                              types[i], block->getArgument(i)));
    }
    return absl::OkStatus();
  }

  // Outputs after the first of a node are not computed.
  absl::Status CheckInputs(const Node& node) const {
    if (!node.HasInput(0)) return node.Error("input 0 is missing");
    for (const std::string& input : node.proto().input()) {
      if (!input.empty() && !values_.Has(input)) {
        return node.Error("reads '", input,
                          "', an output that is not supported");
      }
    }
    return absl::OkStatus();
  }

  absl::Status ConvertNode(const Node& node) {
    if (absl::Status s = CheckInputs(node); !s.ok()) return s;
    if (node.type() == "Shape" || node.type() == "Size") {
      return FoldShape(node);
    }
    bool known = HasFolder(node.type());
    std::vector<const Tensor*> inputs;
    for (const std::string& input : node.proto().input()) {
      inputs.push_back(input.empty() ? nullptr : values_.Constant(input));
      if (!input.empty() && inputs.back() == nullptr) known = false;
    }
    if (known) {
      absl::StatusOr<Tensor> result = Fold(node, inputs, fold_elements_);
      if (absl::Status s = node.AttributeError(); !s.ok()) return s;
      if (!result.ok()) return result.status();
      fold_elements_ -= result->NumElements();
      values_.SetConstant(node.proto().output(0), *std::move(result));
      return absl::OkStatus();
    }
    mlir::Block* block = builder_.getInsertionBlock();
    mlir::Operation* last = block->empty() ? nullptr : &block->back();
    NodeContext context(node, values_);
    absl::Status status = Converters().at(node.type())(context);
    // It may be what the converter stumbled over.
    if (absl::Status s = node.AttributeError(); !s.ok()) return s;
    if (!status.ok()) return status;
    return VerifyAfter(node, block, last);
  }

  // Runs the verifiers of the operations that a converter has built, after a
  // look at their sizes.
  absl::Status VerifyAfter(const Node& node, mlir::Block* block,
                           mlir::Operation* last) {
    std::string message;
    mlir::ScopedDiagnosticHandler handler(context_,
                                          [&](mlir::Diagnostic& diagnostic) {
                                            if (message.empty())
                                              message = diagnostic.str();
                                          });
    for (mlir::Operation* op = last == nullptr ? &block->front()
                                               : last->getNextNode();
         op != nullptr; op = op->getNextNode()) {
      if (IsTooLarge(top::ShapeOf(op->getResult(0)))) {
        return node.Error("computes a tensor that is too large");
      }
      if (failed(mlir::verify(op))) return node.Error(message);
    }
    return absl::OkStatus();
  }

  absl::Status FoldShape(const Node& node) {
    std::vector<int64_t> shape = values_.ShapeOf(node.proto().input(0));
    std::vector<int64_t> dims;
    if (node.type() == "Size") {
      int64_t count = 1;
      for (int64_t d : shape) count *= d;
      dims.push_back(count);
      values_.SetConstant(node.proto().output(0),
                          FromInts(DType::kI64, {}, dims));
      return absl::OkStatus();
    }
    // `start` and `end` came with opset 15; negative ones count from the back.
    const int64_t rank = static_cast<int64_t>(shape.size());
    int64_t start = node.Int("start", 0), end = node.Int("end", rank);
    if (absl::Status s = node.AttributeError(); !s.ok()) return s;
    if (start < 0) start += rank;
    if (end < 0) end += rank;
    for (int64_t i = std::max<int64_t>(start, 0); i < std::min(end, rank);
         ++i) {
      dims.push_back(shape[i]);
    }
    const int64_t count = static_cast<int64_t>(dims.size());
    values_.SetConstant(node.proto().output(0),
                        FromInts(DType::kI64, {count}, dims));
    return absl::OkStatus();
  }

  // The tensor of an output carries the output's name. Where it is another
  // name for a tensor that has to keep its own, a reshape that changes nothing
  // gives the second name.
  absl::Status CreateReturn(const std::vector<std::string>& outputs) {
    const std::set<std::string> wanted(outputs.begin(), outputs.end());
    std::vector<mlir::Value> results;
    for (const std::string& name : outputs) {
      if (!values_.Has(name)) {
        return absl::UnimplementedError(absl::StrCat(
            "the output '", name, "' of the graph is not supported"));
      }
      absl::StatusOr<mlir::Value> value = values_.Get(name);
      if (!value.ok()) return value.status();
      mlir::Operation* op = value->getDefiningOp();
      const bool renameable = !mlir::isa<top::InputOp, top::WeightOp>(op) &&
                              wanted.count(getName(op)) == 0;
      if (mlir::isa<top::WeightOp>(op) ||
          (getName(op) != name && !renameable)) {
        *value = builder_.create<top::ReshapeOp>(NameLocation(context_, name),
                                                 value->getType(), *value);
      } else if (getName(op) != name) {
        op->setLoc(NameLocation(context_, name));
      }
      results.push_back(*value);
    }
    builder_.create<mlir::func::ReturnOp>(builder_.getUnknownLoc(), results);
    function_.setType(builder_.getFunctionType(
        function_.getArgumentTypes(), mlir::ValueRange(results).getTypes()));
    return absl::OkStatus();
  }

  // What folding may still compute, in elements: ample for arithmetic on shapes
  // and for weights rewritten, yet in proportion to the file.
  int64_t fold_elements_ = int64_t{1} << 20;
  mlir::MLIRContext* context_;
  const OnnxImportOptions& options_;
  mlir::OpBuilder builder_;
  Values values_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  mlir::func::FuncOp function_;
};

}  // namespace
}  // namespace onnx_import

namespace {

absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> ImportModel(
    mlir::MLIRContext* context, bool parsed, onnx::ModelProto& model,
    const std::string& path, const OnnxImportOptions& options) {
  const auto annotate = [&](const absl::Status& status) {
    return absl::Status(
        status.code(),
        Printable(absl::StrCat("'", path, "': ", status.message())));
  };
  if (!parsed || !model.has_graph()) {
    return annotate(absl::InvalidArgumentError("is not an ONNX model"));
  }
  context->loadDialect<top::TopDialect, mlir::func::FuncDialect>();
  absl::StatusOr<onnx_import::Graph> graph =
      onnx_import::BuildGraph(model, DirName(path), options.output_names);
  if (!graph.ok()) return annotate(graph.status());
  absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> module =
      onnx_import::Importer(context, options).Import(*std::move(graph));
  if (!module.ok()) return annotate(module.status());
  return module;
}

}  // namespace

absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> ImportOnnx(
    mlir::MLIRContext* context, const std::string& path,
    const OnnxImportOptions& options) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open '", path, "'"));
  }
  google::protobuf::io::FileInputStream file(descriptor,
                                             /*block_size=*/1 << 16);
  file.SetCloseOnDelete(true);
  onnx::ModelProto model;
  const bool parsed = model.ParseFromZeroCopyStream(&file);
  if (file.GetErrno() != 0) {
    return absl::ErrnoToStatus(file.GetErrno(),
                               absl::StrCat("cannot read '", path, "'"));
  }
  return ImportModel(context, parsed, model, path, options);
}

absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> ImportOnnxBytes(
    mlir::MLIRContext* context, absl::string_view bytes,
    const std::string& path, const OnnxImportOptions& options) {
  onnx::ModelProto model;
  const bool parsed =
      bytes.size() <= INT_MAX &&
      model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  return ImportModel(context, parsed, model, path, options);
}

}  // namespace tpuc
