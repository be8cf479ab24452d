# SPDX-License-Identifier: Apache-2.0
"""Implementation of tpu_accuracy and tpu_accuracy_test."""

load("//rules:providers.bzl", "TpuAccuracyInfo", "TpuBmodelInfo", "TpuModelInfo")
load("//rules/toolchain:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":tolerance.bzl", "is_number")

_TASKS = ["classification", "text_recognition", "text_detection", "coco"]

_DOC = """Scores a network on a data set.

The result is `<name>.json`, the metrics of its task in per cent. The build prints
nothing; `tpu_accuracy_test` checks them, and `model_eval --model <name>.json`
prints them, beside those of other networks.

```starlark
load("@tpuc//rules:defs.bzl", "tpu_accuracy")

tpu_accuracy(
    name = "classifier_f16_accuracy",
    data = glob(["held_out/*.png"]),
    dataset = "held_out.txt",
    model = ":classifier_f16",
    task = "classification",
)
```
"""

def _tpu_accuracy_impl(ctx):
    model_eval = ctx.toolchains[TOOLCHAIN_TYPE].tpu.model_eval
    if ctx.attr.limit < 0:
        fail("%s: limit is %d; it must be a number of images, or 0 for all." % (ctx.label, ctx.attr.limit))
    scores = ctx.actions.declare_file(ctx.label.name + ".json")
    args = ctx.actions.args()
    if TpuBmodelInfo in ctx.attr.model:
        info = ctx.attr.model[TpuBmodelInfo]
        network, source = info.bmodel, info.model
        args.add("--preprocessing", source.mlir)
    else:
        source = ctx.attr.model[TpuModelInfo]
        network = source.mlir
    args.add("--model", network)
    args.add("--task", ctx.attr.task)
    args.add("--dataset", ctx.file.dataset)
    if ctx.attr.limit:
        args.add("--limit", ctx.attr.limit)
    inputs = [network, source.mlir, source.weights, ctx.file.dataset]
    if ctx.attr.task == "text_recognition":
        characters = ctx.file.characters or source.model
        args.add("--characters", characters)
        inputs.append(characters)
    elif ctx.file.characters:
        fail("%s: characters is for text_recognition, task is %s." % (ctx.label, ctx.attr.task))
    args.add("--json", scores)
    ctx.actions.run(
        outputs = [scores],
        inputs = depset(inputs, transitive = [depset(ctx.files.data)]),
        executable = model_eval,
        arguments = [args],
        mnemonic = "ModelEval",
        progress_message = "Scoring %s" % network.short_path,
    )
    return [
        DefaultInfo(
            files = depset([scores]),
            runfiles = ctx.runfiles(files = [scores]),
        ),
        TpuAccuracyInfo(
            scores = scores,
            task = ctx.attr.task,
        ),
    ]

tpu_accuracy = rule(
    implementation = _tpu_accuracy_impl,
    doc = _DOC,
    attrs = {
        "characters": attr.label(
            doc = "Of text_recognition: what the classes stand for, an .onnx file or a text file with " +
                  "a character a line. The model's source by default.",
            allow_single_file = True,
        ),
        "data": attr.label_list(
            doc = "The images that the data set lists.",
            allow_files = True,
            mandatory = True,
        ),
        "dataset": attr.label(
            doc = "A list of images and labels, or COCO's JSON file, beside the images.",
            allow_single_file = True,
            mandatory = True,
        ),
        "limit": attr.int(doc = "Score the first images only; 0, the default: all."),
        "model": attr.label(
            doc = "A `tpu_bmodel`, which the simulator runs, or a `tpu_model`, which the interpreter " +
                  "runs in F32. It must say how an input is made of an image.",
            mandatory = True,
            providers = [[TpuModelInfo], [TpuBmodelInfo]],
        ),
        "task": attr.string(
            doc = "classification, text_recognition, text_detection or coco.",
            mandatory = True,
            values = _TASKS,
        ),
    },
    provides = [TpuAccuracyInfo],
    toolchains = [TOOLCHAIN_TYPE],
    incompatible_use_toolchain_transition = True,
)

_TEST_DOC = """Checks how well a network does what it is for.

```starlark
load("@tpuc//rules:defs.bzl", "tpu_accuracy_test")

tpu_accuracy_test(
    name = "classifier_f16_accuracy_test",
    accuracy = ":classifier_f16_accuracy",
    max_drop = {"top1": "1"},
    min = {"top1": "94"},
    reference = ":classifier_accuracy",
)
```
"""

_SCRIPT = """#!/usr/bin/env bash
# Checks the scores of {label}.
exec "{model_eval}" --model "{scores}" {flags}
"""

def _limit_flags(label, attribute, limits):
    for metric, value in limits.items():
        if not is_number(value):
            fail("%s: %s of %s is \"%s\"; it must be a number, such as \"97.5\"." % (label, attribute, metric, value))
    return ["--%s '%s=%s'" % (attribute, metric, value) for metric, value in limits.items()]

def _tpu_accuracy_test_impl(ctx):
    accuracy = ctx.attr.accuracy[TpuAccuracyInfo]
    if not ctx.attr.min and not ctx.attr.max_drop:
        fail("%s: give min or max_drop, or nothing is checked." % ctx.label)
    if ctx.attr.max_drop and not ctx.attr.reference:
        fail("%s: max_drop needs a reference." % ctx.label)
    flags = _limit_flags(ctx.label, "min", ctx.attr.min) + _limit_flags(ctx.label, "max_drop", ctx.attr.max_drop)
    files = [accuracy.scores]
    if ctx.attr.reference:
        reference = ctx.attr.reference[TpuAccuracyInfo]
        if reference.task != accuracy.task:
            fail("%s: %s is of %s, the reference %s of %s." %
                 (ctx.label, ctx.attr.accuracy.label, accuracy.task, ctx.attr.reference.label, reference.task))
        files.append(reference.scores)
        flags.append("--reference '%s'" % reference.scores.short_path)
    model_eval = ctx.toolchains[TOOLCHAIN_TYPE].tpu.model_eval.executable
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        output = script,
        content = _SCRIPT.format(
            flags = " ".join(flags),
            label = ctx.attr.accuracy.label,
            model_eval = model_eval.short_path,
            scores = accuracy.scores.short_path,
        ),
        is_executable = True,
    )
    return [DefaultInfo(executable = script, runfiles = ctx.runfiles(files = files + [model_eval]))]

tpu_accuracy_test = rule(
    implementation = _tpu_accuracy_test_impl,
    doc = _TEST_DOC,
    attrs = {
        "accuracy": attr.label(
            doc = "The scores: a `tpu_accuracy`.",
            mandatory = True,
            providers = [TpuAccuracyInfo],
        ),
        "max_drop": attr.string_dict(
            doc = "For metrics, how many points lower than the reference's they may be.",
        ),
        "min": attr.string_dict(doc = "For metrics, the least value in per cent."),
        "reference": attr.label(
            doc = "The scores of another network on the same data: a `tpu_accuracy`.",
            providers = [TpuAccuracyInfo],
        ),
    },
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
    incompatible_use_toolchain_transition = True,
)
