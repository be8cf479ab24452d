# SPDX-License-Identifier: Apache-2.0
"""Real networks, each in several arithmetics."""

load("//rules:defs.bzl", "tpu_bmodel", "tpu_bmodel_test", "tpu_calibration", "tpu_model", "tpu_qtable")

FLOAT_MODES = ["f32", "f16", "bf16"]

# With symmetric ranges, and with zero points.
INTEGER_MODES = ["int8", "int8_asym"]

MODES = FLOAT_MODES + INTEGER_MODES

# Of the outputs. Within a network single tensors of a few numbers may be far
# off; a task's accuracy is what counts (//models:accuracy).
INTEGER_OUTPUT_TOLERANCE = "0.9,0.5"

# The networks of this folder that stand for those that users have. Each has
# the targets <label>_<mode>, a bmodel, and <label>_input, the test's input.
NETWORKS = {
    "digits": "//models/digits:digits",
    "inception_v1": "//models/seeded:inception_v1",
    "mobilenet_v2": "//models/seeded:mobilenet_v2",
    "ppocr_cls": "//models/ppocr:cls",
    "ppocr_det": "//models/ppocr:det",
    "ppocr_rec": "//models/ppocr:rec",
    "resnet18": "//models/seeded:resnet18",
    "resnet50": "//models/seeded:resnet50",
    "shufflenet": "//models/seeded:shufflenet",
    "squeezenet": "//models/seeded:squeezenet",
    "yolov5s": "//models/seeded:yolov5s",
}

def network(
        name,
        model,
        test_input,
        calibration = None,
        calibration_options = {},
        input_shapes = None,
        model_name = None,
        output_names = [],
        preprocessing = {},
        size = "small",
        quantize_tolerances = {},
        integer_excepts = [],
        **kwargs):
    """A tpu_model and, for each mode, `<name>_<mode>` and `<name>_<mode>_test`.

    Args:
      name: the tpu_model.
      model: the .onnx file.
      test_input: as of tpu_model.
      calibration: images that the ranges of INT8 are found with; without any
        there are no targets for INT8.
      calibration_options: attributes of tpu_calibration; its method is "mse"
        where they don't say another.
      input_shapes: as of tpu_model.
      model_name: as of tpu_model.
      output_names: as of tpu_model. End a network before its last softmax: that
        hides differences.
      preprocessing: attributes of tpu_model that say how an input is made of
        `test_input`, then an image; the target `<name>_input` has the input.
      size: of the tests.
      quantize_tolerances: quantize_tolerance of the tests by mode, where the
        default does not do.
      integer_excepts: tensors that the tests of INT8 leave out.
      **kwargs: more attributes of the tests.
    """
    tpu_model(
        name = name,
        input_shapes = input_shapes,
        model = model,
        model_name = model_name,
        output_names = output_names,
        test_input = test_input,
        **preprocessing
    )
    if preprocessing:
        native.filegroup(
            name = name + "_input",
            srcs = [":" + name],
            output_group = "inputs",
        )
    if calibration:
        tpu_calibration(
            name = name + "_calibration",
            data = calibration,
            model = ":" + name,
            **dict({"method": "mse"}, **calibration_options)
        )
    for mode in MODES if calibration else FLOAT_MODES:
        is_integer = mode in INTEGER_MODES
        limits = dict(kwargs)
        if is_integer:
            limits["excepts"] = kwargs.get("excepts", []) + integer_excepts
            limits["output_tolerance"] = INTEGER_OUTPUT_TOLERANCE

            # Steps of 1/127 leave few values of a function that is steep.
            limits["min_distinct"] = 2
        tpu_bmodel(
            name = "%s_%s" % (name, mode),
            asymmetric = mode == "int8_asym",
            calibration = ":%s_calibration" % name if is_integer else None,
            model = ":" + name,
            quantize = "INT8" if is_integer else mode.upper(),
        )
        tpu_bmodel_test(
            name = "%s_%s_test" % (name, mode),
            size = size,
            bmodel = ":%s_%s" % (name, mode),
            quantize_tolerance = quantize_tolerances.get(mode, ""),
            **limits
        )

def mixed(name, network, data, expected_cos, expected_euclidean, shards = 1):
    """A `network` in INT8, but for the operations that lose most.

    Targets: `<network>_qtable` and the bmodel `name`. The search takes a while, so
    that building the folder leaves them out.

    Args:
      name: `<network>_int8_mixed`.
      network: the network, which has a calibration.
      data: samples to compare the results on.
      expected_cos: as of tpu_qtable.
      expected_euclidean: as of tpu_qtable.
      shards: as of tpu_qtable.
    """
    if name != network + "_int8_mixed":
        fail("mixed: name is \"%s\"; it must be \"%s_int8_mixed\"." % (name, network))
    tpu_qtable(
        name = network + "_qtable",
        calibration = ":%s_calibration" % network,
        data = data,
        expected_cos = expected_cos,
        expected_euclidean = expected_euclidean,
        shards = shards,
        tags = ["manual"],
    )
    tpu_bmodel(
        name = name,
        calibration = ":%s_calibration" % network,
        model = ":" + network,
        qtable = ":%s_qtable" % network,
        quantize = "INT8",
        tags = ["manual"],
    )
