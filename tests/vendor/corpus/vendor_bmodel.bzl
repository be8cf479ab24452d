# SPDX-License-Identifier: Apache-2.0
"""Actions that run the vendor's software: bmodels of its compiler, and what its runtime computes with them.

Their targets are tagged `vendor`, so that only `--config=vendor` builds them.
The vendor's files hold a time stamp: an action that runs again gives other
bytes, but the same instructions.
"""

_ORACLE_ATTRS = {
    "_home": attr.label(
        default = Label("@oracle//:home.txt"),
        allow_single_file = True,
    ),
    "_oracle": attr.label(default = Label("//tools/oracle:files")),
    "_run": attr.label(
        default = Label("//tests/vendor/corpus:run_oracle.sh"),
        allow_single_file = True,
    ),
}

def _run_oracle(ctx, arguments, inputs, outputs, mnemonic, message):
    ctx.actions.run(
        outputs = outputs,
        inputs = depset(
            inputs + [ctx.file._home, ctx.file._run],
            transitive = [ctx.attr._oracle[DefaultInfo].files],
        ),
        executable = ctx.file._run,
        arguments = [ctx.file._home.path] + arguments,
        mnemonic = mnemonic,
        progress_message = message,
    )

def _vendor_generated_impl(ctx):
    args = ["python", ctx.file.src.path] + ctx.attr.args + [f.path for f in ctx.outputs.outs]
    _run_oracle(ctx, args, [ctx.file.src], ctx.outputs.outs, "VendorPython", "Generating %s" % ctx.label)
    return [DefaultInfo(files = depset(ctx.outputs.outs))]

vendor_generated = rule(
    implementation = _vendor_generated_impl,
    doc = "Files that a Python program writes under the vendor's Python, which has onnx and numpy.",
    attrs = dict(
        _ORACLE_ATTRS,
        args = attr.string_list(doc = "Arguments before the paths of the outputs."),
        outs = attr.output_list(
            doc = "The files.",
            mandatory = True,
        ),
        src = attr.label(
            doc = "The program.",
            allow_single_file = [".py"],
            mandatory = True,
        ),
    ),
)

def _vendor_bmodel_impl(ctx):
    model = ctx.file.model
    table = []
    if ctx.attr.quantize == "INT8":
        if not ctx.files.samples:
            fail("%s: INT8 needs samples." % ctx.label)
        cali = ctx.actions.declare_file(ctx.label.name + ".table")
        args = ["calibrate", model.path, "--data", ",".join([f.path for f in ctx.files.samples]), "-o", cali.path]
        if ctx.attr.shapes:
            args += ["--shapes", ctx.attr.shapes]
        _run_oracle(ctx, args, [model] + ctx.files.samples, [cali], "VendorCalibrate", "Calibrating %s with the vendor's tool" % ctx.label)
        table = [cali]
    bmodel = ctx.actions.declare_file(ctx.label.name + ".bmodel")
    profile = ctx.actions.declare_file(ctx.label.name + ".bmodel.cycles.txt")
    args = ["compile", model.path, "--quantize", ctx.attr.quantize, "--name", "net", "-o", bmodel.path]
    if ctx.attr.shapes:
        args += ["--shapes", ctx.attr.shapes]
    for file in table:
        args += ["--calibration", file.path]
    _run_oracle(ctx, args, [model] + table, [bmodel, profile], "VendorCompile", "Compiling %s with the vendor's compiler" % ctx.label)

    outputs = ctx.actions.declare_file(ctx.label.name + "_outputs.npz")
    args = ["run", bmodel.path, "--input", ctx.file.input.path, "-o", outputs.path]
    _run_oracle(ctx, args, [bmodel, ctx.file.input], [outputs], "VendorRun", "Running %s on the vendor's runtime" % ctx.label)
    return [
        DefaultInfo(files = depset([bmodel]), runfiles = ctx.runfiles([bmodel])),
        OutputGroupInfo(
            outputs = depset([outputs]),
            profile = depset([profile]),
        ),
    ]

vendor_bmodel = rule(
    implementation = _vendor_bmodel_impl,
    doc = "`<name>.bmodel` by the vendor's compiler. Output groups: `outputs`, what the vendor's runtime " +
          "computes from `input`; `profile`, the compiler's own cycle profile.",
    attrs = dict(
        _ORACLE_ATTRS,
        input = attr.label(
            doc = "The inputs by name, .npz.",
            allow_single_file = [".npz"],
            mandatory = True,
        ),
        model = attr.label(
            doc = "The source, an .onnx file.",
            allow_single_file = [".onnx"],
            mandatory = True,
        ),
        quantize = attr.string(
            doc = "The arithmetic.",
            values = ["F32", "F16", "BF16", "INT8"],
            mandatory = True,
        ),
        samples = attr.label_list(
            doc = "Inputs to calibrate INT8 with, .npz files.",
            allow_files = [".npz"],
        ),
        shapes = attr.string(doc = "The shapes of the inputs: `[[1,3,48,192]]`."),
    ),
)
