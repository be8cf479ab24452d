# SPDX-License-Identifier: Apache-2.0
"""The toolchain through which the rules find the compiler.

There are two of them. When actions run on the kind of machine that the build
is for, the `native` one hands out binaries of the target configuration, which
tests and users build anyway. Otherwise the `cross` one builds them for the
machine that runs the actions. A release has a `prebuilt` one.
"""

load("//rules:providers.bzl", "TpuToolchainInfo")

# As text, and right in other workspaces too.
TOOLCHAIN_TYPE = str(Label("//rules/toolchain:toolchain_type"))

_TOOLS = {
    "model_deploy": "Compiles the top dialect to a .bmodel.",
    "model_eval": "Scores networks on data sets.",
    "model_runner": "Runs a model on one input.",
    "model_tool": "Looks into .bmodel files.",
    "model_transform": "Converts a source format to the top dialect.",
    "npz_tool": "Compares and prints .npz files.",
    "onnxruntime_runner": "Runs an ONNX model with ONNX Runtime.",
    "run_calibration": "Finds the range of each tensor of a network.",
    "run_qtable": "Finds the operations of a network to keep in float.",
}

def _toolchain_impl(ctx):
    tools = {name: getattr(ctx.attr, name)[DefaultInfo].files_to_run for name in _TOOLS}
    return [platform_common.ToolchainInfo(tpu = TpuToolchainInfo(**tools))]

def _toolchain_rule(cfg, doc):
    return rule(
        implementation = _toolchain_impl,
        doc = doc,
        attrs = {
            name: attr.label(
                doc = doc,
                # A file is a program that was built before.
                allow_files = True,
                cfg = cfg,
                executable = True,
                mandatory = True,
            )
            for name, doc in _TOOLS.items()
        },
        incompatible_use_toolchain_transition = True,
    )

tpu_native_toolchain = _toolchain_rule(
    cfg = "target",
    doc = "Compiler binaries in the target configuration.",
)

tpu_cross_toolchain = _toolchain_rule(
    cfg = "exec",
    doc = "Compiler binaries in the configuration of the machine that runs actions.",
)

tpu_prebuilt_toolchain = _toolchain_rule(
    cfg = "exec",
    doc = "Compiler binaries that were built before: files of a release, or of your own.",
)
