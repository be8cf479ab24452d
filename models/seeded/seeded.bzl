# SPDX-License-Identifier: Apache-2.0
"""Networks whose graph is real and whose parameters are made up."""

load("//models:networks.bzl", "network")
load("//tools/testing:test_image.bzl", "test_image")

# How a network's pixels are usually normalized: (pixel - mean) * scale.
NORMALIZATIONS = {
    # As Caffe's networks take it.
    "caffe": {
        "mean": [104, 117, 123],
        "pixel_format": "bgr",
        "scale": [1, 1, 1],
    },
    # Mean and deviation of ImageNet's channels.
    "imagenet": {
        "mean": [123.675, 116.28, 103.53],
        "pixel_format": "rgb",
        "scale": [0.0171247538, 0.0175070028, 0.0174291939],
    },
    # [0, 1].
    "unit": {
        "mean": [0, 0, 0],
        "pixel_format": "rgb",
        "scale": [0.00392156863, 0.00392156863, 0.00392156863],
    },
}

CALIBRATION_IMAGES = 8

def _made_up_parameters_impl(ctx):
    args = ctx.actions.args()
    args.add(ctx.file.graph or ctx.attr.graph_name)
    args.add(ctx.attr.seed)
    args.add(ctx.file.picture)
    args.add(ctx.outputs.out)
    ctx.actions.run(
        outputs = [ctx.outputs.out],
        inputs = [ctx.file.picture] + ([ctx.file.graph] if ctx.file.graph else []),
        executable = ctx.executable._generate,
        arguments = [args],
        mnemonic = "MadeUpParameters",
        progress_message = "Making up parameters of %s" % ctx.outputs.out.short_path,
    )

# No genrule: that would compile the importer and the interpreter once more, for
# the configuration of tools.
made_up_parameters = rule(
    implementation = _made_up_parameters_impl,
    doc = "Writes a network with parameters that are seeded and measured on a picture.",
    attrs = {
        "graph": attr.label(
            doc = "An .onnx file, whose parameters are replaced.",
            allow_single_file = [".onnx"],
        ),
        "graph_name": attr.string(doc = "Or a graph that generate knows."),
        "out": attr.output(mandatory = True),
        "picture": attr.label(allow_single_file = [".npz"], mandatory = True),
        "seed": attr.int(mandatory = True),
        "_generate": attr.label(
            default = Label("//models/seeded:generate"),
            executable = True,
            cfg = "target",
        ),
    },
)

def seeded_network(name, graph, input_name, normalization, seed, extent = 224, **kwargs):
    """A `network` of 1x3x`extent`x`extent` pixels with seeded parameters.

    Its parameters are made for one picture, and it is tested on another one.

    Args:
      name: the network; `<name>.onnx` is the model.
      graph: the label of an .onnx file, or the name of one of generate's graphs.
      input_name: the network's input.
      normalization: a key of NORMALIZATIONS.
      seed: of parameters and pictures.
      extent: height and width.
      **kwargs: more arguments of `network`.
    """
    preprocessing = NORMALIZATIONS[normalization]
    shape = [1, 3, extent, extent]
    test_image(
        name = name + "_parameters",
        input_name = input_name,
        kind = "scene",
        mean = preprocessing["mean"],
        scale = preprocessing["scale"],
        seed = 1000 + seed,
        shape = shape,
    )
    test_image(
        name = name + "_image",
        kind = "scene",
        seed = seed,
        shape = shape,
    )
    calibration = ["%s_calibration_%d" % (name, i) for i in range(CALIBRATION_IMAGES)]
    for i, image in enumerate(calibration):
        test_image(
            name = image,
            kind = "scene",
            seed = 100 * (i + 1) + seed,
            shape = shape,
        )
    is_file = ":" in graph
    made_up_parameters(
        name = name + "_onnx",
        graph = graph if is_file else None,
        graph_name = "" if is_file else graph,
        out = name + ".onnx",
        picture = ":%s_parameters" % name,
        seed = seed,
    )
    network(
        name = name,
        calibration = [":%s.png" % image for image in calibration],
        model = ":%s.onnx" % name,
        preprocessing = preprocessing,
        test_input = ":%s_image" % name,
        **kwargs
    )
