# SPDX-License-Identifier: Apache-2.0
"""Tests of what the rules do at analysis time."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//rules:defs.bzl", "TpuBmodelInfo", "TpuCalibrationInfo", "TpuModelInfo", "tpu_accuracy", "tpu_accuracy_test", "tpu_bmodel", "tpu_bmodel_test", "tpu_calibration", "tpu_cc_library", "tpu_model", "tpu_qtable")
load("//rules/private:tpu_calibration.bzl", "shard_of")

def _names(files):
    return [f.basename for f in files]

def _mnemonics(target_actions):
    return {action.mnemonic: action for action in target_actions}

def _model_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[TpuModelInfo]
    asserts.equals(env, "small", info.model_name)
    asserts.equals(env, "subject_model_weight.npz", info.weights.basename)
    asserts.equals(env, "input.npz", info.inputs.basename)
    asserts.equals(
        env,
        ["subject_model.mlir", "subject_model_weight.npz"],
        sorted(_names(target[DefaultInfo].files.to_list())),
    )
    actions = _mnemonics(analysistest.target_actions(env))
    argv = actions["ModelTransform"].argv
    asserts.equals(env, "[[1,3,8,8],[2,4]]", argv[argv.index("--input_shapes") + 1])
    asserts.equals(env, "a,b", argv[argv.index("--output_names") + 1])
    for part in argv[1:]:
        asserts.false(env, part.startswith("/"), "an absolute path is in a command: " + part)
    asserts.true(env, "ModelRunner" in actions)
    return analysistest.end(env)

_model_test = analysistest.make(_model_impl)

def _image_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(env, "subject_image_in_f32.npz", target[TpuModelInfo].inputs.basename)
    actions = _mnemonics(analysistest.target_actions(env))
    argv = actions["ModelTransform"].argv
    asserts.equals(env, "300,400", argv[argv.index("--resize_dims") + 1])
    asserts.equals(env, "114", argv[argv.index("--pad_value") + 1])
    for flag in ["--keep_aspect_ratio", "--mean=-1,0.5,127.5", "--pixel_format=rgb", "--pad_type=normal"]:
        asserts.true(env, flag in argv, "%s is not in %s" % (flag, argv))
    for flag in argv:
        asserts.false(env, flag.startswith("--scale"), "an attribute that isn't set is in " + flag)
    image = actions["PreprocessImage"]
    asserts.equals(env, ["subject_image_in_f32.npz"], _names(image.outputs.to_list()))
    asserts.true(env, "photo.jpg" in _names(image.inputs.to_list()))
    asserts.true(env, "subject_image_in_f32.npz" in _names(actions["ModelRunner"].inputs.to_list()))
    return analysistest.end(env)

_image_test = analysistest.make(_image_impl)

def _plain_image_impl(ctx):
    env = analysistest.begin(ctx)
    actions = _mnemonics(analysistest.target_actions(env))
    asserts.true(env, "--pixel_format=bgr" in actions["ModelTransform"].argv)
    return analysistest.end(env)

_plain_image_test = analysistest.make(_plain_image_impl)

def _bmodel_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[TpuBmodelInfo]
    asserts.equals(env, "BF16", info.quantize)
    asserts.equals(env, "bm1684x", info.chip)
    asserts.equals(env, "small", info.model.model_name)
    asserts.equals(env, ["subject_bmodel.bmodel"], _names(target[DefaultInfo].files.to_list()))
    action = _mnemonics(analysistest.target_actions(env))["ModelDeploy"]
    asserts.equals(env, "BF16", action.argv[action.argv.index("--quantize") + 1])
    asserts.true(env, "subject_model_weight.npz" in _names(action.inputs.to_list()))
    return analysistest.end(env)

_bmodel_test = analysistest.make(_bmodel_impl)

def _calibration_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(env, "subject_calibration.table", target[TpuCalibrationInfo].table.basename)
    shards = [a for a in analysistest.target_actions(env) if a.mnemonic == "CalibrationStatistics"]
    seen = []
    for action in shards:
        samples = [f for f in action.inputs.to_list() if f.extension == "png"]
        asserts.equals(env, 1, len({shard_of(f.short_path, 3): None for f in samples}))
        seen += _names(samples)
    asserts.equals(env, _SAMPLES, sorted(seen))
    table = _mnemonics(analysistest.target_actions(env))["CalibrationTable"]
    asserts.equals(env, _SAMPLES[:2], [f.basename for f in table.inputs.to_list() if f.extension == "png"])
    statistics = table.argv[table.argv.index("--statistics") + 1].split(",")
    asserts.equals(env, len(shards), len(statistics))
    asserts.equals(env, "mse", table.argv[table.argv.index("--cali_method") + 1])
    return analysistest.end(env)

_calibration_test = analysistest.make(_calibration_impl)

def _qtable_impl(ctx):
    env = analysistest.begin(ctx)
    actions = analysistest.target_actions(env)
    shards = [a for a in actions if a.mnemonic == "LayerLosses"]
    asserts.equals(env, ["1/3", "2/3", "3/3"], [a.argv[a.argv.index("--shard") + 1] for a in shards])
    table = _mnemonics(actions)["QuantizeTable"]
    asserts.equals(env, _SAMPLES[:2], [f.basename for f in table.inputs.to_list() if f.extension == "png"])
    asserts.equals(env, 3, len(table.argv[table.argv.index("--losses") + 1].split(",")))
    asserts.equals(env, "0.995", table.argv[table.argv.index("--expected_cos") + 1])
    asserts.true(env, "subject_calibration.table" in _names(table.inputs.to_list()))
    return analysistest.end(env)

_qtable_test = analysistest.make(_qtable_impl)

def _no_inputs_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(env, None, target[TpuBmodelInfo].bmodel_outputs)
    asserts.equals(env, ["ModelDeploy"], [a.mnemonic for a in analysistest.target_actions(env)])
    return analysistest.end(env)

_no_inputs_test = analysistest.make(_no_inputs_impl)

def _cc_library_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    actions = _mnemonics(analysistest.target_actions(env))
    argv = actions["BmodelHeader"].argv
    asserts.equals(env, "subject_cc", argv[argv.index("--namespace") + 1])
    symbol = argv[argv.index("--symbol") + 1]
    asserts.true(env, "rules_tests_subject_cc" in symbol, "the symbol doesn't name the target: " + symbol)

    # The network is an input of the object; nothing else of the library is.
    compile = actions["CppCompile"]
    asserts.true(env, "subject_bmodel.bmodel" in _names(compile.inputs.to_list()))
    asserts.true(env, "subject_cc.h" in _names(target[CcInfo].compilation_context.headers.to_list()))
    return analysistest.end(env)

_cc_library_test = analysistest.make(_cc_library_impl)

def _accuracy_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(env, ["subject_accuracy.json"], _names(target[DefaultInfo].files.to_list()))
    action = _mnemonics(analysistest.target_actions(env))["ModelEval"]
    argv = action.argv
    asserts.equals(env, "5", argv[argv.index("--limit") + 1])
    asserts.true(env, argv[argv.index("--model") + 1].endswith("subject_bmodel.bmodel"))
    asserts.true(env, argv[argv.index("--preprocessing") + 1].endswith("subject_model.mlir"))
    asserts.true(env, argv[argv.index("--characters") + 1].endswith("model.onnx"))
    inputs = _names(action.inputs.to_list())
    for name in ["subject_bmodel.bmodel", "subject_model_weight.npz", "model.onnx", "list.txt", "photo.png"]:
        asserts.true(env, name in inputs, "%s is not among %s" % (name, inputs))
    return analysistest.end(env)

_accuracy_test = analysistest.make(_accuracy_impl)

def _failure_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, ctx.attr.message)
    return analysistest.end(env)

_failure_test = analysistest.make(
    _failure_impl,
    attrs = {"message": attr.string(doc = "What the error must say.")},
    expect_failure = True,
)

_SAMPLES = ["%d.png" % i for i in range(8)]

# What is wrong with a calibration, and what the error says.
_BAD_CALIBRATIONS = {
    "bins": (dict(data = ["0.png"], histogram_bin_num = 100), "histogram_bin_num is 100; it must be from 128 to 8192"),
    "empty": (dict(data = []), "data holds no file"),
    "shards": (dict(data = ["0.png"], shards = 0), "shards is 0; it must be at least 1"),
    "tune": (dict(data = ["0.png"], tune_num = 2), "it must be from 0 to the number of samples in data, 1"),
}

def _calibration_tests(tags):
    tpu_calibration(
        name = "subject_calibration",
        data = reversed(_SAMPLES),
        method = "mse",
        model = ":subject_without_input",
        shards = 3,
        tune_num = 2,
        tags = tags,
    )
    _calibration_test(name = "calibration_test", target_under_test = ":subject_calibration")
    for what, (attributes, message) in _BAD_CALIBRATIONS.items():
        tpu_calibration(
            name = "subject_calibration_" + what,
            model = ":subject_without_input",
            tags = tags,
            **attributes
        )
        _failure_test(
            name = "calibration_%s_test" % what,
            message = message,
            target_under_test = ":subject_calibration_" + what,
        )
    tpu_qtable(
        name = "subject_qtable",
        calibration = ":subject_calibration",
        data = _SAMPLES,
        expected_cos = "0.995",
        input_num = 2,
        shards = 3,
        tags = tags,
    )
    _qtable_test(name = "qtable_test", target_under_test = ":subject_qtable")
    tpu_qtable(
        name = "subject_qtable_cos",
        calibration = ":subject_calibration",
        data = _SAMPLES,
        expected_cos = "high",
        tags = tags,
    )
    _failure_test(
        name = "qtable_cos_test",
        message = "expected_cos is \"high\"; it must be a number from 0 to 1",
        target_under_test = ":subject_qtable_cos",
    )
    return ["calibration_test", "qtable_test", "qtable_cos_test"] + ["calibration_%s_test" % what for what in _BAD_CALIBRATIONS]

def rules_test_suite(name):
    """Declares the subjects and their tests.

    Args:
      name: the suite.
    """
    tags = ["manual"]
    tpu_model(
        name = "subject_model",
        model = "model.onnx",
        model_name = "small",
        input_shapes = [[1, 3, 8, 8], [2, 4]],
        output_names = ["a", "b"],
        test_input = "input.npz",
        tags = tags,
    )
    tpu_model(
        name = "subject_image",
        model = "model.onnx",
        test_input = "photo.jpg",
        resize_dims = [300, 400],
        keep_aspect_ratio = True,
        mean = [-1, 0.5, 127.5],
        pad_type = "normal",
        pad_value = 114,
        pixel_format = "rgb",
        tags = tags,
    )
    tpu_model(name = "subject_plain_image", model = "model.onnx", test_input = "photo.png", tags = tags)
    tpu_model(name = "subject_resize", model = "model.onnx", resize_dims = [300], tags = tags)
    tpu_model(name = "subject_pad", model = "model.onnx", pad_value = 114, tags = tags)
    tpu_model(name = "subject_without_input", model = "model.onnx", tags = tags)
    tpu_model(name = "subject_text", model = "model.txt", tags = tags)
    tpu_model(name = "subject_comma", model = "model.onnx", output_names = ["a,b"], tags = tags)
    tpu_bmodel(name = "subject_bmodel", model = ":subject_model", quantize = "BF16", tags = tags)
    tpu_bmodel(
        name = "subject_bmodel_without_input",
        model = ":subject_without_input",
        quantize = "F16",
        tags = tags,
    )
    tpu_bmodel_test(
        name = "subject_test_without_input",
        bmodel = ":subject_bmodel_without_input",
        tags = tags,
    )
    tpu_cc_library(name = "subject_cc", bmodel = ":subject_bmodel", tags = tags)
    for tolerance in ["0.9", "0.9,1.5", "0.9,x"]:
        tpu_bmodel_test(
            name = "subject_tolerance_" + tolerance,
            bmodel = ":subject_bmodel",
            quantize_tolerance = tolerance,
            tags = tags,
        )
        _failure_test(
            name = "tolerance_%s_test" % tolerance,
            message = "it must be two numbers from 0 to 1",
            target_under_test = ":subject_tolerance_" + tolerance,
        )

    tpu_bmodel_test(
        name = "subject_deviation",
        bmodel = ":subject_bmodel",
        min_deviation = "-1",
        tags = tags,
    )
    _failure_test(
        name = "deviation_test",
        message = "it must be a number from 0",
        target_under_test = ":subject_deviation",
    )

    for subject, task in [("subject_accuracy", "text_recognition"), ("subject_other_accuracy", "classification")]:
        tpu_accuracy(
            name = subject,
            data = ["photo.png"],
            dataset = "list.txt",
            limit = 5,
            model = ":subject_bmodel",
            task = task,
            tags = tags,
        )
    _accuracy_test(name = "accuracy_test", target_under_test = ":subject_accuracy")
    for case, message, attributes in [
        ("nothing", "or nothing is checked", {}),
        ("no_reference", "max_drop needs a reference", {"max_drop": {"strings": "1"}}),
        ("number", "min of strings is \"x\"; it must be a number", {"min": {"strings": "x"}}),
        ("task", "is of text_recognition, the reference //rules/tests:subject_other_accuracy of classification", {
            "max_drop": {"strings": "1"},
            "reference": ":subject_other_accuracy",
        }),
    ]:
        tpu_accuracy_test(
            name = "subject_accuracy_" + case,
            accuracy = ":subject_accuracy",
            tags = tags,
            **attributes
        )
        _failure_test(
            name = "accuracy_%s_test" % case,
            message = message,
            target_under_test = ":subject_accuracy_" + case,
        )

    _model_test(name = "model_test", target_under_test = ":subject_model")
    _image_test(name = "image_test", target_under_test = ":subject_image")
    _plain_image_test(name = "plain_image_test", target_under_test = ":subject_plain_image")
    _failure_test(
        name = "resize_test",
        message = "resize_dims is [300]; it must be [height, width]",
        target_under_test = ":subject_resize",
    )
    _failure_test(
        name = "pad_test",
        message = "pad_value and pad_type are for keep_aspect_ratio",
        target_under_test = ":subject_pad",
    )
    _bmodel_test(name = "bmodel_test", target_under_test = ":subject_bmodel")
    _cc_library_test(name = "cc_library_analysis_test", target_under_test = ":subject_cc")
    _no_inputs_test(name = "no_inputs_test", target_under_test = ":subject_bmodel_without_input")
    _failure_test(
        name = "text_test",
        message = "this version reads .onnx files only",
        target_under_test = ":subject_text",
    )
    _failure_test(
        name = "comma_test",
        message = "write a list of names",
        target_under_test = ":subject_comma",
    )
    _failure_test(
        name = "without_input_test",
        message = "has no test_input, so there is nothing to compare",
        target_under_test = ":subject_test_without_input",
    )
    native.test_suite(
        name = name,
        tests = _calibration_tests(tags) + [
            ":bmodel_test",
            ":cc_library_analysis_test",
            ":comma_test",
            ":deviation_test",
            ":image_test",
            ":model_test",
            ":no_inputs_test",
            ":pad_test",
            ":plain_image_test",
            ":resize_test",
            ":text_test",
            ":tolerance_0.9,1.5_test",
            ":tolerance_0.9,x_test",
            ":tolerance_0.9_test",
            ":without_input_test",
        ],
    )
