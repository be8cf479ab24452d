# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_bmodel_test."""

load("//rules:providers.bzl", "TpuBmodelInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":tolerance.bzl", "QUANTIZE_TOLERANCES", "check_tolerance", "is_number")

_DOC = """Checks every stage of a compiled network against the one before.

On the model's test input: ONNX Runtime against the interpreter of the top
dialect, that one against the interpreter of the tpu dialect, and that one
against the simulator, which must give the same bits. Last, the outputs from
end to end. Tensors are matched by name. The test fails when a tensor is less similar than its tolerance, when a
value is not finite, and when nothing was compared; it names the first tensor
that diverges, the tensors around it, and all their similarities. It fails,
too, when an output hardly varies, because all such outputs are alike.

```starlark
load("@tpuc//rules:defs.bzl", "tpu_bmodel_test")

tpu_bmodel_test(
    name = "classifier_f16_test",
    bmodel = ":classifier_f16",
    quantize_tolerance = "0.99,0.95",
)
```
"""

_ATTRS = {
    "bmodel": attr.label(
        doc = "The compiled network: a `tpu_bmodel` whose model has a `test_input`.",
        mandatory = True,
        providers = [TpuBmodelInfo],
    ),
    "excepts": attr.string_list(
        doc = "Names of tensors that are not compared.",
    ),
    "min_deviation": attr.string(
        doc = "Least standard deviation of every output.",
        default = "0.001",
    ),
    "min_distinct": attr.int(
        doc = "Least number of different values in every output; one of fewer " +
              "elements needs as many as it has elements.",
        default = 100,
    ),
    "output_tolerance": attr.string(
        doc = "Least cosine and euclidean similarity of the simulator's outputs with those of ONNX " +
              "Runtime; by default quantize_tolerance.",
    ),
    "quantize_tolerance": attr.string(
        doc = "Least cosine and euclidean similarity of the tpu dialect with the " +
              "top dialect. By default 0.9999,0.999 for F32, 0.99,0.95 for F16, 0.99,0.86 for BF16 and 0.7,0.2 for INT8.",
    ),
    "source_tolerance": attr.string(
        doc = "Least cosine and euclidean similarity of the top dialect with ONNX Runtime.",
        default = "0.9999,0.999",
    ),
}

_SCRIPT = """#!/usr/bin/env bash
# Compares the stages of {label}.
set -uo pipefail
status=0
compare() {{
  echo "== $1"
  shift
  "{npz_tool}" compare "$@" {excepts} || status=1
}}
compare "ONNX Runtime (reference) and top dialect" \\
  "{top_similarities}" --tolerance {source_tolerance}
compare "top dialect (reference) and tpu dialect in {quantize}" \\
  "{tpu_similarities}" --tolerance {quantize_tolerance}
compare "tpu dialect (reference) and simulator, equal bits" \\
  "{bmodel_outputs}" "{expected}" --exact --whole_target
compare "ONNX Runtime (reference) and simulator, the outputs" \\
  "{bmodel_outputs}" "{reference}" --tolerance {output_tolerance} --whole_target
echo "== outputs of the simulator, how much they vary"
"{npz_tool}" spread "{bmodel_outputs}" --min_distinct {min_distinct} \\
  --min_deviation {min_deviation} {excepts} || {{
  echo "(min_distinct and min_deviation of the test are the limits)" >&2
  status=1
}}
exit $status
"""

def _tpu_bmodel_test_impl(ctx):
    info = ctx.attr.bmodel[TpuBmodelInfo]
    model = info.model
    if not model.inputs:
        fail(("%s: the model of %s has no test_input, so there is nothing to compare. " +
              "Give its tpu_model one: an .npz file with the inputs by name.") %
             (ctx.label, ctx.attr.bmodel.label))
    quantize_tolerance = ctx.attr.quantize_tolerance or QUANTIZE_TOLERANCES[info.quantize]
    check_tolerance(ctx.label, "quantize_tolerance", quantize_tolerance)
    output_tolerance = ctx.attr.output_tolerance or quantize_tolerance
    check_tolerance(ctx.label, "output_tolerance", output_tolerance)
    check_tolerance(ctx.label, "source_tolerance", ctx.attr.source_tolerance)

    if not is_number(ctx.attr.min_deviation):
        fail("%s: min_deviation is \"%s\"; it must be a number from 0, such as \"0.001\"." %
             (ctx.label, ctx.attr.min_deviation))

    npz_tool = ctx.toolchains[TOOLCHAIN_TYPE].tpu.npz_tool
    files = {
        "bmodel_outputs": info.bmodel_outputs,
        "expected": info.expected,
        "npz_tool": npz_tool.executable,
        "reference": model.reference,
        "top_similarities": model.similarities,
        "tpu_similarities": info.similarities,
    }
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        output = script,
        content = _SCRIPT.format(
            label = ctx.attr.bmodel.label,
            min_deviation = ctx.attr.min_deviation,
            min_distinct = ctx.attr.min_distinct,
            quantize = info.quantize,
            quantize_tolerance = quantize_tolerance,
            output_tolerance = output_tolerance,
            source_tolerance = ctx.attr.source_tolerance,
            excepts = "--excepts '%s'" % ",".join(ctx.attr.excepts) if ctx.attr.excepts else "",
            **{key: file.short_path for key, file in files.items()}
        ),
        is_executable = True,
    )
    runfiles = ctx.runfiles(files = files.values())
    return [DefaultInfo(executable = script, runfiles = runfiles)]

tpu_bmodel_test = rule(
    implementation = _tpu_bmodel_test_impl,
    doc = _DOC,
    attrs = _ATTRS,
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
    incompatible_use_toolchain_transition = True,
)
