# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_qtable."""

load("//rules:providers.bzl", "TpuCalibrationInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":samples.bzl", "SAMPLES", "list_of", "samples_of")
load(":tolerance.bzl", "is_number")

_DOC = """Finds the operations of a network to keep in float in an INT8 bmodel.

The result is `<name>.qtable`, for the attribute `qtable` of `tpu_bmodel`: as
few operations as are needed for results close enough to those in float. What
each operation alone loses is measured in `shards`, each an action; the table has the
same bytes whatever their number.

```starlark
load("@tpuc//rules:defs.bzl", "tpu_qtable")

tpu_qtable(
    name = "classifier_qtable",
    calibration = ":classifier_calibration",
    data = glob(["calibration/*.jpg"]),
    expected_cos = "0.995",
    input_num = 3,
)
```
"""

_ATTRS = {
    "asymmetric": attr.bool(
        doc = "For asymmetric INT8, as of `tpu_bmodel`.",
    ),
    "calibration": attr.label(
        doc = "The ranges of the network's tensors: a `tpu_calibration`.",
        mandatory = True,
        providers = [TpuCalibrationInfo],
    ),
    "data": SAMPLES,
    "expected_cos": attr.string(
        doc = "Least cosine of each result with that in float.",
        default = "0.99",
    ),
    "expected_euclidean": attr.string(
        doc = "Least euclidean similarity of each result with that in float.",
        default = "0",
    ),
    "fp_type": attr.string(
        doc = "What float is: F16, BF16 or F32.",
        default = "F16",
        values = ["F16", "BF16", "F32"],
    ),
    "input_num": attr.int(
        doc = "So many samples are used, the first ones by path. 0: all.",
    ),
    "max_float_layers": attr.int(
        doc = "When more operations would be needed in float, the build fails. -1: any number will do.",
        default = -1,
    ),
    "shards": attr.int(
        doc = "How many parts the measuring is cut into.",
        default = 1,
    ),
}

def _check(ctx):
    for attribute in ["expected_cos", "expected_euclidean"]:
        if not is_number(getattr(ctx.attr, attribute)):
            fail("%s: %s is \"%s\"; it must be a number from 0 to 1, such as \"0.99\"." %
                 (ctx.label, attribute, getattr(ctx.attr, attribute)))
    if ctx.attr.shards < 1:
        fail("%s: shards is %d; it must be at least 1." % (ctx.label, ctx.attr.shards))

def _tpu_qtable_impl(ctx):
    _check(ctx)
    tool = ctx.toolchains[TOOLCHAIN_TYPE].tpu.run_qtable
    calibration = ctx.attr.calibration[TpuCalibrationInfo]
    model = calibration.model
    samples = samples_of(ctx)
    if ctx.attr.input_num:
        samples = samples[:ctx.attr.input_num]
    inputs = [model.mlir, model.weights, calibration.table] + samples
    data_list = list_of(ctx, "data_list", samples)

    losses = []
    for shard in range(ctx.attr.shards):
        output = ctx.actions.declare_file("%s_%d_of_%d.losses" % (ctx.label.name, shard + 1, ctx.attr.shards))
        args = ctx.actions.args()
        args.add(model.mlir)
        args.add("--calibration_table", calibration.table)
        args.add("--losses_out", output)
        args.add("--shard", "%d/%d" % (shard + 1, ctx.attr.shards))
        ctx.actions.run(
            outputs = [output],
            inputs = inputs,
            executable = tool,
            arguments = [args, data_list],
            mnemonic = "LayerLosses",
            progress_message = "Measuring what operations of %s lose in 8 bits" % model.mlir.short_path,
        )
        losses.append(output)

    qtable = ctx.actions.declare_file(ctx.label.name + ".qtable")
    args = ctx.actions.args()
    args.add(model.mlir)
    args.add("--calibration_table", calibration.table)
    args.add_joined("--losses", losses, join_with = ",")
    for flag in ["expected_cos", "expected_euclidean", "fp_type"]:
        args.add("--" + flag, getattr(ctx.attr, flag))
    if ctx.attr.max_float_layers >= 0:
        args.add("--max_float_layers", ctx.attr.max_float_layers)
    if ctx.attr.asymmetric:
        args.add("--asymmetric")
    args.add("-o", qtable)
    ctx.actions.run(
        outputs = [qtable],
        inputs = inputs + losses,
        executable = tool,
        arguments = [args, data_list],
        mnemonic = "QuantizeTable",
        progress_message = "Choosing operations of %s to keep in float" % model.mlir.short_path,
    )
    return [DefaultInfo(
        files = depset([qtable]),
        runfiles = ctx.runfiles(files = [qtable]),
    )]

tpu_qtable = rule(
    implementation = _tpu_qtable_impl,
    doc = _DOC,
    attrs = _ATTRS,
    toolchains = [TOOLCHAIN_TYPE],
    incompatible_use_toolchain_transition = True,
)
