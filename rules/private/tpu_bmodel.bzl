# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_bmodel."""

load("//rules:providers.bzl", "TpuBmodelInfo", "TpuModelInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":run_model.bzl", "compare_models", "run_model")

_DOC = """Compiles a network for a chip.

The result is `<name>.bmodel`. The output group `mlir` holds the network in
the tpu dialect; the group `outputs` what interpreter and simulator compute
from the model's test input.

```starlark
load("@tpuc//rules:defs.bzl", "tpu_bmodel")

tpu_bmodel(
    name = "classifier_f16",
    model = ":classifier",
    quantize = "F16",
)
```
"""

_ATTRS = {
    "asymmetric": attr.bool(
        doc = "Of INT8: use zero points for tensors that have negative numbers.",
    ),
    "calibration": attr.label(
        doc = "The ranges of the tensors: a `tpu_calibration`, or a table. INT8 needs it.",
        allow_single_file = True,
    ),
    "chip": attr.string(
        doc = "The chip.",
        default = "bm1684x",
        values = ["bm1684x"],
    ),
    "disable_layer_group": attr.bool(
        doc = "Run each operation by itself: slower, but every tensor is in memory and gets compared.",
    ),
    "model": attr.label(
        doc = "The network: a `tpu_model`.",
        mandatory = True,
        providers = [TpuModelInfo],
    ),
    "qtable": attr.label(
        doc = "Operators in another arithmetic: a file with lines of a name and F32, F16, BF16 or INT8.",
        allow_single_file = True,
    ),
    "quant_input": attr.bool(
        doc = "The network takes 8-bit integers.",
    ),
    "quant_output": attr.bool(
        doc = "The network gives 8-bit integers.",
    ),
    "quantize": attr.string(
        doc = "The arithmetic: F32, F16, BF16 or INT8.",
        mandatory = True,
        values = ["F32", "F16", "BF16", "INT8"],
    ),
}

def _tpu_bmodel_impl(ctx):
    if not ctx.file.calibration:
        for what, given in [
            ("quantize = \"INT8\"", ctx.attr.quantize == "INT8"),
            ("quant_input", ctx.attr.quant_input),
            ("quant_output", ctx.attr.quant_output),
        ]:
            if given:
                fail("%s: %s needs the ranges of the tensors; set calibration to a tpu_calibration." % (ctx.label, what))
    tools = ctx.toolchains[TOOLCHAIN_TYPE].tpu
    model = ctx.attr.model[TpuModelInfo]
    name = ctx.label.name
    bmodel = ctx.actions.declare_file(name + ".bmodel")
    tpu_mlir = ctx.actions.declare_file(name + "_tpu.mlir")
    tpu_weights = ctx.actions.declare_file(name + "_tpu_weight.npz")

    args = ctx.actions.args()
    args.add("--mlir", model.mlir)
    args.add("--quantize", ctx.attr.quantize)
    args.add("--chip", ctx.attr.chip)
    args.add("--model", bmodel)
    args.add("--debug")
    tables = []
    if ctx.file.calibration:
        args.add("--calibration_table", ctx.file.calibration)
        tables.append(ctx.file.calibration)
    if ctx.file.qtable:
        args.add("--quantize_table", ctx.file.qtable)
        tables.append(ctx.file.qtable)
    for flag in ["asymmetric", "disable_layer_group", "quant_input", "quant_output"]:
        if getattr(ctx.attr, flag):
            args.add("--" + flag)
    ctx.actions.run(
        outputs = [bmodel, tpu_mlir, tpu_weights],
        inputs = [model.mlir, model.weights] + tables,
        executable = tools.model_deploy,
        arguments = [args],
        mnemonic = "ModelDeploy",
        progress_message = "Compiling %s for %s in %s" % (model.mlir.short_path, ctx.attr.chip, ctx.attr.quantize),
    )

    tpu_outputs, bmodel_outputs, similarities, expected = None, None, None, None
    if model.inputs:
        similarities = ctx.actions.declare_file(name + "_tpu_similarities.json")
        expected = ctx.actions.declare_file(name + "_expected.npz")
        compare_models(
            ctx,
            tools,
            tpu_mlir,
            tpu_weights,
            model.mlir,
            [model.weights],
            model.inputs,
            struct(similarities = similarities, outputs = expected, reference_outputs = None),
        )

        # All tensors; made when somebody asks for them.
        tpu_outputs = ctx.actions.declare_file(name + "_tpu_outputs.npz")
        run_model(ctx, tools.model_runner, "with the interpreter", tpu_mlir, [tpu_weights], model.inputs, tpu_outputs)
        bmodel_outputs = ctx.actions.declare_file(name + "_model_outputs.npz")
        run_model(ctx, tools.model_runner, "on the simulator", bmodel, [], model.inputs, bmodel_outputs, all_tensors = False)
    return [
        DefaultInfo(
            files = depset([bmodel]),
            runfiles = ctx.runfiles(files = [bmodel]),
        ),
        TpuBmodelInfo(
            bmodel = bmodel,
            bmodel_outputs = bmodel_outputs,
            chip = ctx.attr.chip,
            expected = expected,
            model = model,
            quantize = ctx.attr.quantize,
            similarities = similarities,
            tpu_mlir = tpu_mlir,
            tpu_weights = tpu_weights,
            tpu_outputs = tpu_outputs,
        ),
        OutputGroupInfo(
            mlir = depset([tpu_mlir, tpu_weights]),
            outputs = depset([f for f in [tpu_outputs, bmodel_outputs] if f]),
        ),
    ]

tpu_bmodel = rule(
    implementation = _tpu_bmodel_impl,
    doc = _DOC,
    attrs = _ATTRS,
    provides = [TpuBmodelInfo],
    toolchains = [TOOLCHAIN_TYPE],
    incompatible_use_toolchain_transition = True,
)
