# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_calibration."""

load("//rules:providers.bzl", "TpuCalibrationInfo", "TpuModelInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":samples.bzl", "SAMPLES", "list_of", "samples_of")

_DOC = """Finds the range of each tensor of a network, for integer arithmetic.

The result is `<name>.table`. The data set is cut into `shards`, each an action
that runs the network on its samples; their results merge to the same table
whatever the number of shards. Which shard a sample is in depends on its path
alone, so that one more sample runs the network on its own shard again only.

```starlark
load("@tpuc//rules:defs.bzl", "tpu_calibration")

tpu_calibration(
    name = "classifier_calibration",
    data = glob(["calibration/*.jpg"]),
    model = ":classifier",
    shards = 4,
    tune_num = 5,
)
```
"""

_METHODS = ["kld", "percentile9999", "max", "mse"]

_ATTRS = {
    "channel_ranges": attr.bool(
        doc = "Also find the ranges of channels, so that INT8 gives them scales of their own where it can.",
    ),
    "data": SAMPLES,
    "histogram_bin_num": attr.int(
        doc = "Bins of the histograms that thresholds are found with.",
        default = 2048,
    ),
    "method": attr.string(
        doc = "How thresholds are found: kld, percentile9999, max or mse (docs/quantization.md).",
        default = "kld",
        values = _METHODS,
    ),
    "model": attr.label(
        doc = "The network: a `tpu_model`.",
        mandatory = True,
        providers = [TpuModelInfo],
    ),
    "shards": attr.int(
        doc = "How many parts the data set is cut into, at most.",
        default = 1,
    ),
    "tune_num": attr.int(
        doc = "Thresholds are tuned with so many samples, the first ones by path. 0: they aren't.",
    ),
}

def shard_of(path, shards):
    """Which shard a sample is in.

    Args:
      path: of the sample.
      shards: how many there are.

    Returns:
      A number from 0 to shards - 1.
    """
    return hash(path) % shards

def _check(ctx, samples):
    if ctx.attr.shards < 1:
        fail("%s: shards is %d; it must be at least 1." % (ctx.label, ctx.attr.shards))
    if ctx.attr.tune_num < 0 or ctx.attr.tune_num > len(samples):
        fail("%s: tune_num is %d; it must be from 0 to the number of samples in data, %d." %
             (ctx.label, ctx.attr.tune_num, len(samples)))
    if ctx.attr.histogram_bin_num < 128 or ctx.attr.histogram_bin_num > 8192:
        fail("%s: histogram_bin_num is %d; it must be from 128 to 8192." % (ctx.label, ctx.attr.histogram_bin_num))

def _statistics(ctx, tool, model, name, samples):
    """Declares the action of one shard."""
    output = ctx.actions.declare_file(name + ".stat")
    args = ctx.actions.args()
    args.add(model.mlir)
    args.add("--statistics_out", output)
    ctx.actions.run(
        outputs = [output],
        inputs = [model.mlir, model.weights] + samples,
        executable = tool,
        arguments = [args, list_of(ctx, "data_list", samples)],
        mnemonic = "CalibrationStatistics",
        progress_message = "Running %s on %d samples" % (model.mlir.short_path, len(samples)),
    )
    return output

def _tpu_calibration_impl(ctx):
    tool = ctx.toolchains[TOOLCHAIN_TYPE].tpu.run_calibration
    model = ctx.attr.model[TpuModelInfo]
    samples = samples_of(ctx)
    _check(ctx, samples)

    shards = ctx.attr.shards
    parts = [[] for _ in range(shards)]
    for sample in samples:
        parts[shard_of(sample.short_path, shards)].append(sample)
    statistics = [
        _statistics(ctx, tool, model, "%s_%d_of_%d" % (ctx.label.name, i + 1, shards), part)
        for i, part in enumerate(parts)
        if part
    ]

    table = ctx.actions.declare_file(ctx.label.name + ".table")
    args = ctx.actions.args()
    args.add(model.mlir)
    args.add_joined("--statistics", statistics, join_with = ",")
    args.add("--cali_method", ctx.attr.method)
    args.add("--histogram_bin_num", ctx.attr.histogram_bin_num)
    args.add("-o", table)
    if ctx.attr.channel_ranges:
        args.add("--channel_ranges")
    tuning = samples[:ctx.attr.tune_num]
    ctx.actions.run(
        outputs = [table],
        inputs = [model.mlir, model.weights] + statistics + tuning,
        executable = tool,
        arguments = [args] + ([list_of(ctx, "tune_list", tuning)] if tuning else []),
        mnemonic = "CalibrationTable",
        progress_message = "Finding thresholds for %s" % model.mlir.short_path,
    )
    return [
        DefaultInfo(
            files = depset([table]),
            runfiles = ctx.runfiles(files = [table]),
        ),
        TpuCalibrationInfo(model = model, table = table),
    ]

tpu_calibration = rule(
    implementation = _tpu_calibration_impl,
    doc = _DOC,
    attrs = _ATTRS,
    provides = [TpuCalibrationInfo],
    toolchains = [TOOLCHAIN_TYPE],
    incompatible_use_toolchain_transition = True,
)
