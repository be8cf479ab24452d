# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_bmodel."""

load("//rules:providers.bzl", "TpuBmodelInfo", "TpuModelInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":run_model.bzl", "run_model")

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
    "chip": attr.string(
        doc = "The chip.",
        default = "bm1684x",
        values = ["bm1684x"],
    ),
    "model": attr.label(
        doc = "The network: a `tpu_model`.",
        mandatory = True,
        providers = [TpuModelInfo],
    ),
    "quantize": attr.string(
        doc = "The arithmetic: F32, F16 or BF16.",
        mandatory = True,
        values = ["F32", "F16", "BF16"],
    ),
}

def _tpu_bmodel_impl(ctx):
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
    ctx.actions.run(
        outputs = [bmodel, tpu_mlir, tpu_weights],
        inputs = [model.mlir, model.weights],
        executable = tools.model_deploy,
        arguments = [args],
        mnemonic = "ModelDeploy",
        progress_message = "Compiling %s for %s in %s" % (model.mlir.short_path, ctx.attr.chip, ctx.attr.quantize),
    )

    tpu_outputs, bmodel_outputs = None, None
    if model.inputs:
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
            model = model,
            quantize = ctx.attr.quantize,
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
