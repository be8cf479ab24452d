// SPDX-License-Identifier: Apache-2.0
// Runs test models that come with ONNX: import, canonicalize, interpret, and
// compare with the expected output. The tests feed everything through inputs;
// all but the first become constants here, as in a trained network. Elements
// that are moved become floats.
#include <gtest/gtest.h>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/frontend/onnx/importer.h"
#include "compiler/frontend/onnx/tensor_proto.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/support/file.h"
#include "compiler/support/similarity.h"
#include "compiler/transforms/top/Passes.h"
#include "onnx/onnx-ml.pb.h"

namespace tpuc {
namespace {

constexpr const char* kTests[] = {
    "abs",
    "add",
    "add_bcast",
    "averagepool_2d_ceil",
    "averagepool_2d_default",
    "averagepool_2d_pads",
    "averagepool_2d_pads_count_include_pad",
    "averagepool_2d_precomputed_pads",
    "averagepool_2d_precomputed_pads_count_include_pad",
    "averagepool_2d_precomputed_same_upper",
    "averagepool_2d_precomputed_strides",
    "averagepool_2d_same_lower",
    "averagepool_2d_same_upper",
    "averagepool_2d_strides",
    "basic_conv_with_padding",
    "basic_conv_without_padding",
    "batchnorm_epsilon",
    "batchnorm_example",
    "clip",
    "clip_default_inbounds",
    "clip_default_max",
    "clip_default_min",
    "clip_example",
    "clip_inbounds",
    "clip_outbounds",
    "clip_splitbounds",
    "concat_1d_axis_0",
    "concat_1d_axis_negative_1",
    "concat_2d_axis_0",
    "concat_2d_axis_1",
    "concat_2d_axis_negative_1",
    "concat_2d_axis_negative_2",
    "concat_3d_axis_0",
    "concat_3d_axis_1",
    "concat_3d_axis_2",
    "concat_3d_axis_negative_1",
    "concat_3d_axis_negative_2",
    "concat_3d_axis_negative_3",
    "constant_pad",
    "constant_pad_axes",
    "constant_pad_negative_axes",
    "conv_with_autopad_same",
    "conv_with_strides_and_asymmetric_padding",
    "conv_with_strides_no_padding",
    "conv_with_strides_padding",
    "convtranspose",
    "convtranspose_autopad_same",
    "convtranspose_dilations",
    "convtranspose_group_2",
    "convtranspose_group_2_image_3",
    "convtranspose_kernel_shape",
    "convtranspose_output_shape",
    "convtranspose_pad",
    "convtranspose_pads",
    "depthtospace_crd_mode_example",
    "depthtospace_example",
    "div",
    "div_bcast",
    "div_example",
    "dropout_default",
    "dropout_default_old",
    "dropout_default_ratio",
    "edge_pad",
    "elu",
    "elu_default",
    "elu_example",
    "erf",
    "exp",
    "exp_example",
    "expand_dim_changed",
    "expand_dim_unchanged",
    "flatten_axis0",
    "flatten_axis1",
    "flatten_axis2",
    "flatten_axis3",
    "flatten_default_axis",
    "flatten_negative_axis1",
    "flatten_negative_axis2",
    "flatten_negative_axis3",
    "flatten_negative_axis4",
    "gather_0",
    "gather_1",
    "gather_2d_indices",
    "gather_negative_indices",
    "gelu_default_1",
    "gelu_default_2",
    "gelu_tanh_1",
    "gelu_tanh_2",
    "gemm_alpha",
    "gemm_beta",
    "gemm_default_matrix_bias",
    "gemm_default_no_bias",
    "gemm_default_scalar_bias",
    "gemm_default_single_elem_vector_bias",
    "gemm_default_vector_bias",
    "gemm_default_zero_bias",
    "gemm_transposeB",
    "globalaveragepool",
    "globalaveragepool_precomputed",
    "globalmaxpool",
    "globalmaxpool_precomputed",
    "hardsigmoid",
    "hardsigmoid_default",
    "hardsigmoid_example",
    "hardswish",
    "hardswish_expanded",
    "identity",
    "layer_normalization_2d_axis0",
    "layer_normalization_2d_axis1",
    "layer_normalization_2d_axis_negative_1",
    "layer_normalization_2d_axis_negative_2",
    "layer_normalization_3d_axis0_epsilon",
    "layer_normalization_3d_axis1_epsilon",
    "layer_normalization_3d_axis2_epsilon",
    "layer_normalization_3d_axis_negative_1_epsilon",
    "layer_normalization_3d_axis_negative_2_epsilon",
    "layer_normalization_3d_axis_negative_3_epsilon",
    "layer_normalization_4d_axis0",
    "layer_normalization_4d_axis1",
    "layer_normalization_4d_axis2",
    "layer_normalization_4d_axis3",
    "layer_normalization_4d_axis_negative_1",
    "layer_normalization_4d_axis_negative_2",
    "layer_normalization_4d_axis_negative_3",
    "layer_normalization_4d_axis_negative_4",
    "layer_normalization_default_axis",
    "leakyrelu",
    "leakyrelu_default",
    "leakyrelu_example",
    "log",
    "log_example",
    "logsoftmax_axis_0",
    "logsoftmax_axis_1",
    "logsoftmax_axis_2",
    "logsoftmax_default_axis",
    "logsoftmax_example_1",
    "logsoftmax_large_number",
    "logsoftmax_negative_axis",
    "lrn",
    "lrn_default",
    "matmul_2d",
    "matmul_3d",
    "matmul_4d",
    "max_example",
    "max_float32",
    "max_one_input",
    "max_two_inputs",
    "maxpool_2d_ceil",
    "maxpool_2d_ceil_output_size_reduce_by_one",
    "maxpool_2d_default",
    "maxpool_2d_pads",
    "maxpool_2d_precomputed_pads",
    "maxpool_2d_precomputed_same_upper",
    "maxpool_2d_precomputed_strides",
    "maxpool_2d_same_lower",
    "maxpool_2d_same_upper",
    "maxpool_2d_strides",
    "mean_example",
    "mean_one_input",
    "mean_two_inputs",
    "min_example",
    "min_float32",
    "min_one_input",
    "min_two_inputs",
    "mul",
    "mul_bcast",
    "mul_example",
    "neg",
    "neg_example",
    "pow_bcast_scalar",
    "prelu_broadcast",
    "prelu_example",
    "reciprocal",
    "reciprocal_example",
    "reduce_l1_default_axes_keepdims_example",
    "reduce_l1_default_axes_keepdims_random",
    "reduce_l1_do_not_keepdims_example",
    "reduce_l1_do_not_keepdims_random",
    "reduce_l1_keep_dims_example",
    "reduce_l1_keep_dims_random",
    "reduce_l1_negative_axes_keep_dims_example",
    "reduce_l1_negative_axes_keep_dims_random",
    "reduce_l2_default_axes_keepdims_example",
    "reduce_l2_default_axes_keepdims_random",
    "reduce_l2_do_not_keepdims_example",
    "reduce_l2_do_not_keepdims_random",
    "reduce_l2_keep_dims_example",
    "reduce_l2_keep_dims_random",
    "reduce_l2_negative_axes_keep_dims_example",
    "reduce_l2_negative_axes_keep_dims_random",
    "reduce_log_sum_asc_axes",
    "reduce_log_sum_default",
    "reduce_log_sum_desc_axes",
    "reduce_log_sum_exp_default_axes_keepdims_example",
    "reduce_log_sum_exp_default_axes_keepdims_random",
    "reduce_log_sum_exp_do_not_keepdims_example",
    "reduce_log_sum_exp_do_not_keepdims_random",
    "reduce_log_sum_exp_keepdims_example",
    "reduce_log_sum_exp_keepdims_random",
    "reduce_log_sum_exp_negative_axes_keepdims_example",
    "reduce_log_sum_exp_negative_axes_keepdims_random",
    "reduce_log_sum_negative_axes",
    "reduce_max_default_axes_keepdim_example",
    "reduce_max_default_axes_keepdims_random",
    "reduce_max_do_not_keepdims_example",
    "reduce_max_do_not_keepdims_random",
    "reduce_max_keepdims_example",
    "reduce_max_keepdims_random",
    "reduce_max_negative_axes_keepdims_example",
    "reduce_max_negative_axes_keepdims_random",
    "reduce_mean_default_axes_keepdims_example",
    "reduce_mean_default_axes_keepdims_random",
    "reduce_mean_do_not_keepdims_example",
    "reduce_mean_do_not_keepdims_random",
    "reduce_mean_keepdims_example",
    "reduce_mean_keepdims_random",
    "reduce_mean_negative_axes_keepdims_example",
    "reduce_mean_negative_axes_keepdims_random",
    "reduce_min_default_axes_keepdims_example",
    "reduce_min_default_axes_keepdims_random",
    "reduce_min_do_not_keepdims_example",
    "reduce_min_do_not_keepdims_random",
    "reduce_min_keepdims_example",
    "reduce_min_keepdims_random",
    "reduce_min_negative_axes_keepdims_example",
    "reduce_min_negative_axes_keepdims_random",
    "reduce_sum_default_axes_keepdims_example",
    "reduce_sum_default_axes_keepdims_random",
    "reduce_sum_do_not_keepdims_example",
    "reduce_sum_do_not_keepdims_random",
    "reduce_sum_empty_axes_input_noop",
    "reduce_sum_empty_axes_input_noop_example",
    "reduce_sum_keepdims_example",
    "reduce_sum_keepdims_random",
    "reduce_sum_negative_axes_keepdims_example",
    "reduce_sum_negative_axes_keepdims_random",
    "reduce_sum_square_default_axes_keepdims_example",
    "reduce_sum_square_default_axes_keepdims_random",
    "reduce_sum_square_do_not_keepdims_example",
    "reduce_sum_square_do_not_keepdims_random",
    "reduce_sum_square_keepdims_example",
    "reduce_sum_square_keepdims_random",
    "reduce_sum_square_negative_axes_keepdims_example",
    "reduce_sum_square_negative_axes_keepdims_random",
    "reflect_pad",
    "relu",
    "reshape_extended_dims",
    "reshape_negative_dim",
    "reshape_negative_extended_dims",
    "reshape_one_dim",
    "reshape_reduced_dims",
    "reshape_reordered_all_dims",
    "reshape_reordered_last_dims",
    "reshape_zero_and_negative_dim",
    "reshape_zero_dim",
    "resize_downsample_scales_cubic",
    "resize_downsample_scales_cubic_A_n0p5_exclude_outside",
    "resize_downsample_scales_linear",
    "resize_downsample_scales_linear_half_pixel_symmetric",
    "resize_downsample_scales_nearest",
    "resize_downsample_sizes_cubic",
    "resize_downsample_sizes_linear_pytorch_half_pixel",
    "resize_downsample_sizes_nearest",
    "resize_downsample_sizes_nearest_not_larger",
    "resize_downsample_sizes_nearest_not_smaller",
    "resize_upsample_scales_cubic",
    "resize_upsample_scales_cubic_A_n0p5_exclude_outside",
    "resize_upsample_scales_cubic_align_corners",
    "resize_upsample_scales_cubic_asymmetric",
    "resize_upsample_scales_linear",
    "resize_upsample_scales_linear_align_corners",
    "resize_upsample_scales_linear_half_pixel_symmetric",
    "resize_upsample_scales_nearest",
    "resize_upsample_scales_nearest_axes_2_3",
    "resize_upsample_scales_nearest_axes_3_2",
    "resize_upsample_sizes_cubic",
    "resize_upsample_sizes_nearest",
    "resize_upsample_sizes_nearest_axes_2_3",
    "resize_upsample_sizes_nearest_axes_3_2",
    "resize_upsample_sizes_nearest_ceil_half_pixel",
    "resize_upsample_sizes_nearest_floor_align_corners",
    "resize_upsample_sizes_nearest_not_larger",
    "resize_upsample_sizes_nearest_not_smaller",
    "resize_upsample_sizes_nearest_round_prefer_ceil_asymmetric",
    "sigmoid",
    "sigmoid_example",
    "slice",
    "slice_default_axes",
    "slice_default_steps",
    "slice_end_out_of_bounds",
    "slice_neg",
    "slice_neg_steps",
    "slice_negative_axes",
    "softmax_axis_0",
    "softmax_axis_1",
    "softmax_axis_2",
    "softmax_default_axis",
    "softmax_example",
    "softmax_large_number",
    "softmax_negative_axis",
    "softplus",
    "softplus_example",
    "spacetodepth",
    "spacetodepth_example",
    "split_1d_uneven_split_opset18",
    "split_2d_uneven_split_opset18",
    "split_equal_parts_1d_opset13",
    "split_equal_parts_1d_opset18",
    "split_equal_parts_2d_opset13",
    "split_equal_parts_default_axis_opset13",
    "split_equal_parts_default_axis_opset18",
    "split_variable_parts_1d_opset13",
    "split_variable_parts_1d_opset18",
    "split_variable_parts_2d_opset13",
    "split_variable_parts_2d_opset18",
    "split_variable_parts_default_axis_opset13",
    "split_variable_parts_default_axis_opset18",
    "sqrt",
    "sqrt_example",
    "squeeze",
    "squeeze_negative_axes",
    "sub",
    "sub_bcast",
    "sub_example",
    "sum_example",
    "sum_one_input",
    "sum_two_inputs",
    "tanh",
    "tanh_example",
    "tile",
    "tile_precomputed",
    "transpose_all_permutations_0",
    "transpose_all_permutations_1",
    "transpose_all_permutations_2",
    "transpose_all_permutations_3",
    "transpose_all_permutations_4",
    "transpose_all_permutations_5",
    "transpose_default",
    "unsqueeze_axis_0",
    "unsqueeze_axis_1",
    "unsqueeze_axis_2",
    "unsqueeze_negative_axes",
    "unsqueeze_three_axes",
    "unsqueeze_two_axes",
    "unsqueeze_unsorted_axes",
    "upsample_nearest",
    "wrap_pad",
};

std::string DataFolder(const std::string& test) {
  return absl::StrCat(std::getenv("TEST_SRCDIR"),
                      "/onnx/onnx/backend/test/data/node/test_", test);
}

onnx::TensorProto ReadTensor(const std::string& path) {
  onnx::TensorProto proto;
  auto bytes = ReadFile(path);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_TRUE(proto.ParseFromString(*bytes)) << path;
  return proto;
}

// Of a normalization, which also gives its statistics on request.
void KeepFirstOutput(onnx::ModelProto& model) {
  onnx::GraphProto& graph = *model.mutable_graph();
  if (graph.node(0).op_type() != "LayerNormalization") return;
  while (graph.output_size() > 1) graph.mutable_output()->RemoveLast();
  auto* outputs = graph.mutable_node(0)->mutable_output();
  while (outputs->size() > 1) outputs->RemoveLast();
}

class BackendTest : public ::testing::TestWithParam<const char*> {};

TEST_P(BackendTest, GivesTheExpectedOutput) {
  const std::string folder = DataFolder(GetParam());
  onnx::ModelProto model;
  auto bytes = ReadFile(folder + "/model.onnx");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  ASSERT_TRUE(model.ParseFromString(*bytes));
  KeepFirstOutput(model);
  const std::string data = folder + "/test_data_set_0/";
  TensorMap inputs;
  for (int i = 0; i < model.graph().input_size(); ++i) {
    onnx::TensorProto proto =
        ReadTensor(absl::StrCat(data, "input_", i, ".pb"));
    proto.set_name(model.graph().input(i).name());
    if (i == 0) {
      auto tensor = onnx_import::TensorFromProto(proto, "");
      ASSERT_TRUE(tensor.ok()) << tensor.status();
      inputs.emplace(proto.name(), ToFloat(*tensor));
      model.mutable_graph()
          ->mutable_input(0)
          ->mutable_type()
          ->mutable_tensor_type()
          ->set_elem_type(onnx::TensorProto::FLOAT);
    } else {
      *model.mutable_graph()->add_initializer() = proto;
    }
  }
  const std::string path = absl::StrCat(::testing::TempDir(), "/model.onnx");
  ASSERT_TRUE(WriteFileAtomically(path, model.SerializeAsString()).ok());

  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  OnnxImportOptions options;
  options.model_name = "test";
  auto module = ImportOnnx(&context, path, options);
  ASSERT_TRUE(module.ok()) << module.status();
  const absl::Status status = top::RunTopPasses(**module);
  ASSERT_TRUE(status.ok()) << status;
  auto results = interpreter::RunTop(**module, inputs);
  ASSERT_TRUE(results.ok()) << results.status();
  for (int i = 0; i < model.graph().output_size(); ++i) {
    const std::string& name = model.graph().output(i).name();
    ASSERT_EQ(results->count(name), 1u) << name;
    auto expected = onnx_import::TensorFromProto(
        ReadTensor(absl::StrCat(data, "output_", i, ".pb")), "");
    ASSERT_TRUE(expected.ok()) << expected.status();
    EXPECT_EQ(results->at(name).shape(), expected->shape());
    auto similarity = Compare(results->at(name), ToFloat(*expected));
    ASSERT_TRUE(similarity.ok()) << similarity.status();
    EXPECT_EQ(similarity->non_finite, 0);
    EXPECT_GE(similarity->euclidean, 0.99999);
  }
}

INSTANTIATE_TEST_SUITE_P(Node, BackendTest, ::testing::ValuesIn(kTests),
                         [](const ::testing::TestParamInfo<const char*>& info) {
                           return std::string(info.param);
                         });

}  // namespace
}  // namespace tpuc
