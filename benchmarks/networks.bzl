# SPDX-License-Identifier: Apache-2.0
"""Networks as the benchmarks read them."""

load("//rules:providers.bzl", "TpuModelInfo")

def _benchmark_networks_impl(ctx):
    lines, files = [], []
    for network in ctx.attr.networks:
        info = network[TpuModelInfo]
        needed = [info.model, info.mlir, info.inputs]
        lines.append(" ".join([info.model_name] + [f.short_path for f in needed]))
        files.extend(needed + [info.weights])
    manifest = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(manifest, "\n".join(lines) + "\n")
    return [DefaultInfo(
        files = depset([manifest]),
        runfiles = ctx.runfiles(files = files + [manifest]),
    )]

benchmark_networks = rule(
    implementation = _benchmark_networks_impl,
    doc = "Lists networks in a file: name, source, module in the top dialect, test inputs.",
    attrs = {
        "networks": attr.label_list(
            doc = "tpu_model targets, each with a test_input.",
            providers = [TpuModelInfo],
            mandatory = True,
        ),
    },
)
