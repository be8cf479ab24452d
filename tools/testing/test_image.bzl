# SPDX-License-Identifier: Apache-2.0
"""test_image: a made-up picture as a network's test input."""

def _numbers(values):
    return ",".join([str(v) for v in values])

def test_image(name, shape, input_name = None, kind = "text", seed = 0, lines = 1, mean = None, scale = None, **kwargs):
    """Writes `<name>.npz` with one float32 array, or `<name>.png`.

    Args:
      name: the target; also the file's name without `.npz` or `.png`.
      shape: [N, C, H, W]; of a PNG [1, 3, H, W] or [1, 1, H, W].
      input_name: the network's input, the array's name in the file. Without it
        a PNG is written, for a `tpu_model` that says how it is preprocessed.
      kind: "text", lines of text one below the other, a blank line's height
        between two; or "scene", shapes and textures in colour with lines of
        text across.
      seed: another one gives another picture.
      lines: of text.
      mean: for each channel, as text: what is taken off pixels of 0 to 255.
      scale: for each channel, as text: what multiplies them then. Without
        `mean` and `scale` values lie in [-1, 1].
      **kwargs: visibility and other common attributes.
    """
    if type(shape) != "list" or len(shape) != 4:
        fail("%s: shape is %s; it must be a list [N, C, H, W]." % (name, repr(shape)))
    flags = {
        "--kind": kind,
        "--lines": lines,
        "--output": "$@",
        "--seed": seed,
        "--shape": _numbers(shape),
    }
    if input_name:
        flags["--name"] = input_name
    if mean:
        flags["--mean"] = _numbers(mean)
    if scale:
        flags["--scale"] = _numbers(scale)
    native.genrule(
        name = name,
        outs = [name + (".npz" if input_name else ".png")],
        cmd = " ".join(["$(execpath //tools/testing:make_test_image)"] +
                       ["%s=%s" % flag for flag in flags.items()]),
        exec_tools = ["//tools/testing:make_test_image"],
        message = "Drawing a test image",
        **kwargs
    )
