# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_model."""

load("//rules:providers.bzl", "TpuModelInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":run_model.bzl", "compare_models", "run_model")

_DOC = """Converts a network to the top dialect.

The result is `<name>.mlir` with its weights in `<name>_weight.npz`. With a
`test_input`, `tpu_bmodel_test` runs the converted network on it, and ONNX
Runtime the source, and compares the two.

```starlark
load("@tpuc//rules:defs.bzl", "tpu_model")

tpu_model(
    name = "classifier",
    model = "classifier.onnx",
    input_shapes = [[1, 3, 48, 192]],
    test_input = "sample.png",
    mean = [127.5, 127.5, 127.5],
    scale = [0.0078431, 0.0078431, 0.0078431],
)
```
"""

_IMAGES = ["png", "jpg", "jpeg"]

# How an input is made of an image; flags of model_transform. The macro writes
# lists of numbers as text, which rules can take.
_PREPROCESSING = {
    "channel_format": attr.string(
        doc = "Layout of the network's inputs that are images: `nchw` (the default) or `nhwc`.",
        values = ["", "nchw", "nhwc"],
    ),
    "keep_aspect_ratio": attr.bool(
        doc = "Whether an image is resized to fit within `resize_dims` and the rest padded.",
    ),
    "mean": attr.string(
        doc = "A list of numbers, one for each channel of the network, that are subtracted. 0 by default.",
    ),
    "pad_type": attr.string(
        doc = "Where `keep_aspect_ratio` pads: `center`, around the image (the default), or " +
              "`normal`, to the right and below.",
        values = ["", "center", "normal"],
    ),
    "pad_value": attr.int(
        doc = "What `keep_aspect_ratio` pads with, 0 to 255.",
    ),
    "pixel_format": attr.string(
        doc = "The network's channels: `bgr` (the default), `rgb`, `gray` or `rgba`.",
        values = ["", "bgr", "rgb", "gray", "rgba"],
    ),
    "resize_dims": attr.int_list(
        doc = "Height and width that an image is resized to; the input is the middle of it. " +
              "The input's own size by default.",
    ),
    "scale": attr.string(
        doc = "A list of numbers, one for each channel of the network, that are multiplied with " +
              "after `mean` is subtracted. 1 by default.",
    ),
}

_ATTRS = dict(_PREPROCESSING, **{
    "input_shapes": attr.string(
        doc = "A list of shapes, one for each input of the network, such as " +
              "`[[1, 3, 48, 192]]`. May be left out when the source has no unknown dimensions.",
    ),
    "model": attr.label(
        doc = "The source: an .onnx file.",
        allow_single_file = True,
        mandatory = True,
    ),
    "model_data": attr.label_list(
        doc = "Files that the source keeps tensors in, in its folder.",
        allow_files = True,
    ),
    "model_name": attr.string(
        doc = "The network's name in the compiled model. The target's name by default.",
    ),
    "output_names": attr.string_list(
        doc = "Tensors that become the outputs. The source's own outputs by default.",
    ),
    "test_input": attr.label(
        doc = "An .npz file with the inputs by name, one .npy file, or an image. Without it " +
              "nothing can be compared.",
        allow_single_file = [".npz", ".npy"] + ["." + extension for extension in _IMAGES],
    ),
})

def _check(ctx):
    model = ctx.file.model
    if model.extension != "onnx":
        fail("%s: model is %s; this version reads .onnx files only." % (ctx.label, model.basename))
    for output in ctx.attr.output_names:
        if "," in output:
            fail("%s: output_names holds \"%s\"; a tensor's name can't hold a comma: write a list of names." %
                 (ctx.label, output))
    if ctx.attr.resize_dims and len(ctx.attr.resize_dims) != 2:
        fail("%s: resize_dims is %s; it must be [height, width]." % (ctx.label, ctx.attr.resize_dims))
    if (ctx.attr.pad_value or ctx.attr.pad_type) and not ctx.attr.keep_aspect_ratio:
        fail("%s: pad_value and pad_type are for keep_aspect_ratio, which is not set." % ctx.label)

def _preprocessing_args(ctx):
    """Flags of preprocessing; for an image there is always one."""
    args = ctx.actions.args()
    for name in ["channel_format", "mean", "pad_type", "pixel_format", "scale"]:
        value = getattr(ctx.attr, name)
        if value:
            # A list may start with a minus.
            args.add("--%s=%s" % (name, value))
    if not ctx.attr.pixel_format and _is_image(ctx.file.test_input):
        args.add("--pixel_format=bgr")
    if ctx.attr.resize_dims:
        args.add_joined("--resize_dims", ctx.attr.resize_dims, join_with = ",")
    if ctx.attr.keep_aspect_ratio:
        args.add("--keep_aspect_ratio")
    if ctx.attr.pad_value:
        args.add("--pad_value", ctx.attr.pad_value)
    return args

def _is_image(file):
    return file != None and file.extension in _IMAGES

def _image_input(ctx, tool, mlir, weights):
    """Declares the action that makes the inputs of an image."""
    inputs = ctx.actions.declare_file(ctx.label.name + "_in_f32.npz")
    args = ctx.actions.args()
    args.add("--model", mlir)
    args.add("--input", ctx.file.test_input)
    args.add("--input_npz", inputs)
    ctx.actions.run(
        outputs = [inputs],
        inputs = [mlir, weights, ctx.file.test_input],
        executable = tool,
        arguments = [args],
        mnemonic = "PreprocessImage",
        progress_message = "Preprocessing %s" % ctx.file.test_input.short_path,
    )
    return inputs

def _tpu_model_impl(ctx):
    _check(ctx)
    tools = ctx.toolchains[TOOLCHAIN_TYPE].tpu
    name = ctx.label.name
    mlir = ctx.actions.declare_file(name + ".mlir")
    weights = ctx.actions.declare_file(name + "_weight.npz")

    args = ctx.actions.args()
    args.add("--model_name", ctx.attr.model_name or name)
    args.add("--model_def", ctx.file.model)
    if ctx.attr.input_shapes:
        args.add("--input_shapes", ctx.attr.input_shapes)
    args.add_joined("--output_names", ctx.attr.output_names, join_with = ",")
    args.add("--mlir", mlir)

    ctx.actions.run(
        outputs = [mlir, weights],
        inputs = [ctx.file.model] + ctx.files.model_data,
        executable = tools.model_transform,
        arguments = [args, _preprocessing_args(ctx)],
        mnemonic = "ModelTransform",
        progress_message = "Converting %s to the top dialect" % ctx.file.model.short_path,
    )

    inputs = ctx.file.test_input
    if _is_image(inputs):
        inputs = _image_input(ctx, tools.model_runner, mlir, weights)
    top_outputs, source_outputs, similarities, reference = None, None, None, None
    if inputs:
        similarities = ctx.actions.declare_file(name + "_top_similarities.json")
        reference = ctx.actions.declare_file(name + "_reference.npz")
        compare_models(
            ctx,
            tools,
            mlir,
            weights,
            ctx.file.model,
            ctx.files.model_data,
            inputs,
            struct(similarities = similarities, outputs = None, reference_outputs = reference),
        )

        # All tensors; made when somebody asks for them.
        top_outputs = ctx.actions.declare_file(name + "_top_outputs.npz")
        run_model(ctx, tools.model_runner, "with the interpreter", mlir, [weights], inputs, top_outputs)
        source_outputs = ctx.actions.declare_file(name + "_onnx_outputs.npz")
        run_model(ctx, tools.onnxruntime_runner, "with ONNX Runtime", ctx.file.model, ctx.files.model_data, inputs, source_outputs)
    return [
        DefaultInfo(
            files = depset([mlir, weights]),
            runfiles = ctx.runfiles(files = [mlir, weights]),
        ),
        TpuModelInfo(
            model = ctx.file.model,
            model_name = ctx.attr.model_name or name,
            mlir = mlir,
            weights = weights,
            inputs = inputs,
            similarities = similarities,
            reference = reference,
            top_outputs = top_outputs,
            source_outputs = source_outputs,
        ),
        OutputGroupInfo(
            inputs = depset([inputs] if inputs else []),
            outputs = depset([f for f in [top_outputs, source_outputs] if f]),
        ),
    ]

tpu_model_rule = rule(
    implementation = _tpu_model_impl,
    doc = _DOC,
    attrs = _ATTRS,
    provides = [TpuModelInfo],
    toolchains = [TOOLCHAIN_TYPE],
    incompatible_use_toolchain_transition = True,
)

def _shapes_text(name, shapes):
    if type(shapes) != "list":
        fail("%s: input_shapes must be a list of shapes, such as [[1, 3, 48, 192]]." % name)
    for shape in shapes:
        if type(shape) != "list":
            fail("%s: input_shapes holds %s, which is no shape; write a list of lists: [%s]." %
                 (name, repr(shape), repr(shapes)))
        for extent in shape:
            if type(extent) != "int" or extent < 1:
                fail("%s: input_shapes holds the extent %s; extents are whole numbers from 1." %
                     (name, repr(extent)))
    return "[" + ",".join(["[" + ",".join([str(e) for e in s]) + "]" for s in shapes]) + "]"

def _numbers_text(name, attribute, numbers):
    if type(numbers) != "list" or [n for n in numbers if type(n) not in ["int", "float"]]:
        fail("%s: %s must be a list of numbers, one for each channel, such as [104, 117, 123]." % (name, attribute))
    return ",".join([str(n) for n in numbers])

def tpu_model(name, model, input_shapes = None, mean = [], scale = [], **kwargs):
    """Converts a network to the top dialect; see `tpu_model_rule`.

    Args:
      name: the target. Its files are `<name>.mlir` and `<name>_weight.npz`.
      model: the source, an .onnx file.
      input_shapes: list of shapes, one for each input of the network.
      mean: of an image, numbers to subtract, one for each channel of the network.
      scale: numbers to multiply with after that.
      **kwargs: other attributes of `tpu_model_rule`.
    """
    tpu_model_rule(
        name = name,
        model = model,
        input_shapes = _shapes_text(name, input_shapes) if input_shapes else "",
        mean = _numbers_text(name, "mean", mean),
        scale = _numbers_text(name, "scale", scale),
        **kwargs
    )
