# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_model."""

load("//rules:providers.bzl", "TpuModelInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":run_model.bzl", "run_model")

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
    test_input = "sample.npz",
)
```
"""

_ATTRS = {
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
        doc = "An .npz file with the inputs by name, or one .npy file. Without it " +
              "nothing can be compared.",
        allow_single_file = [".npz", ".npy"],
    ),
}

def _check(ctx):
    model = ctx.file.model
    if model.extension != "onnx":
        fail("%s: model is %s; this version reads .onnx files only." % (ctx.label, model.basename))
    for output in ctx.attr.output_names:
        if "," in output:
            fail("%s: output_names holds \"%s\"; a tensor's name can't hold a comma: write a list of names." %
                 (ctx.label, output))

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
        arguments = [args],
        mnemonic = "ModelTransform",
        progress_message = "Converting %s to the top dialect" % ctx.file.model.short_path,
    )

    top_outputs, source_outputs = None, None
    if ctx.file.test_input:
        top_outputs = ctx.actions.declare_file(name + "_top_outputs.npz")
        run_model(ctx, tools.model_runner, "with the interpreter", mlir, [weights], ctx.file.test_input, top_outputs)
        source_outputs = ctx.actions.declare_file(name + "_onnx_outputs.npz")
        run_model(ctx, tools.onnxruntime_runner, "with ONNX Runtime", ctx.file.model, ctx.files.model_data, ctx.file.test_input, source_outputs)
    return [
        DefaultInfo(files = depset([mlir, weights])),
        TpuModelInfo(
            model = ctx.file.model,
            model_name = ctx.attr.model_name or name,
            mlir = mlir,
            weights = weights,
            inputs = ctx.file.test_input,
            top_outputs = top_outputs,
            source_outputs = source_outputs,
        ),
        OutputGroupInfo(
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

def tpu_model(name, model, input_shapes = None, **kwargs):
    """Converts a network to the top dialect; see `tpu_model_rule`.

    Args:
      name: the target. Its files are `<name>.mlir` and `<name>_weight.npz`.
      model: the source, an .onnx file.
      input_shapes: list of shapes, one for each input of the network.
      **kwargs: `model_data`, `model_name`, `output_names`, `test_input` and the
        attributes that all rules have.
    """
    tpu_model_rule(
        name = name,
        model = model,
        input_shapes = _shapes_text(name, input_shapes) if input_shapes else "",
        **kwargs
    )
