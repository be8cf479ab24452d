# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_cc_library."""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")

_DOC = """A C++ library that holds a compiled network.

The .bmodel becomes part of the program. The header `<name>.h` has a struct for
each net, with its inputs and outputs as tensors whose element types and shapes
the compiler checks.

```starlark
load("@rules_cc//cc:defs.bzl", "cc_binary")
load("@tpuc//rules:defs.bzl", "tpu_cc_library")

tpu_cc_library(
    name = "classifier",
    bmodel = ":classifier_f16",
)

cc_binary(
    name = "application",
    srcs = ["application.cc"],
    deps = [":classifier"],
)
```
"""

_ATTRS = {
    "bmodel": attr.label(
        doc = "The compiled network: a `tpu_bmodel`, or a .bmodel file.",
        allow_single_file = [".bmodel"],
        mandatory = True,
    ),
    "cc_namespace": attr.string(
        doc = "The namespace of the header's names, such as `ocr::det`. The target's name by default.",
    ),
    "_cc_toolchain": attr.label(default = Label("@bazel_tools//tools/cpp:current_cc_toolchain")),
    "_embed": attr.label(
        default = Label("//rules/private:embed.S"),
        allow_single_file = True,
    ),
    "_runtime": attr.label(
        default = Label("//runtime:typed_runner"),
        providers = [CcInfo],
    ),
}

def _symbol(label):
    """A C name for the target; the hash tells a/b_c from a_b/c."""
    text = str(label)
    safe = "".join([c if c.isalnum() else "_" for c in text.elems()])
    return "tpuc_bmodel_%s_%d" % (safe.strip("_"), hash(text) & 0x7fffffff)

def _tpu_cc_library_impl(ctx):
    name = ctx.label.name
    bmodel = ctx.file.bmodel
    symbol = _symbol(ctx.label)
    header = ctx.actions.declare_file(name + ".h")
    args = ctx.actions.args()
    args.add("header")
    args.add(bmodel)
    args.add("--namespace", ctx.attr.cc_namespace or name)
    args.add("--symbol", symbol)
    args.add("-o", header)
    ctx.actions.run(
        outputs = [header],
        inputs = [bmodel],
        executable = ctx.toolchains[TOOLCHAIN_TYPE].tpu.model_tool,
        arguments = [args],
        mnemonic = "BmodelHeader",
        progress_message = "Generating the C++ header of %s" % bmodel.short_path,
    )

    cc_toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = cc_toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    runtime = ctx.attr._runtime[CcInfo]
    compilation_context, objects = cc_common.compile(
        name = name,
        actions = ctx.actions,
        feature_configuration = features,
        cc_toolchain = cc_toolchain,
        srcs = [ctx.file._embed],
        public_hdrs = [header],
        additional_inputs = [bmodel],
        user_compile_flags = [
            "-DTPUC_FILE=\"%s\"" % bmodel.path,
            "-DTPUC_SYMBOL=" + symbol,
            "-DTPUC_SYMBOL_END=" + symbol + "_end",
        ],
        compilation_contexts = [runtime.compilation_context],
    )
    linking_context, linked = cc_common.create_linking_context_from_compilation_outputs(
        name = name,
        actions = ctx.actions,
        feature_configuration = features,
        cc_toolchain = cc_toolchain,
        compilation_outputs = objects,
        linking_contexts = [runtime.linking_context],
        disallow_dynamic_library = True,
    )
    library = linked.library_to_link
    return [
        DefaultInfo(files = depset([header] + [
            f
            for f in [library.static_library, library.pic_static_library]
            if f
        ])),
        CcInfo(
            compilation_context = compilation_context,
            linking_context = linking_context,
        ),
    ]

tpu_cc_library = rule(
    implementation = _tpu_cc_library_impl,
    doc = _DOC,
    attrs = _ATTRS,
    provides = [CcInfo],
    fragments = ["cpp"],
    toolchains = [
        TOOLCHAIN_TYPE,
        "@bazel_tools//tools/cpp:toolchain_type",
    ],
    incompatible_use_toolchain_transition = True,
)
