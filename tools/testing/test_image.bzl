# SPDX-License-Identifier: Apache-2.0
"""test_image: a made-up picture of text as a network's test input."""

def test_image(name, input_name, shape, seed = 0, lines = 1, **kwargs):
    """Writes `<name>.npz` with one float32 array in [-1, 1].

    Args:
      name: the target; also the file's name without `.npz`.
      input_name: the network's input, the array's name in the file.
      shape: [N, C, H, W].
      seed: another one gives another picture.
      lines: of text, one below the other; a blank line's height lies between two.
      **kwargs: visibility and other common attributes.
    """
    if type(shape) != "list" or len(shape) != 4:
        fail("%s: shape is %s; it must be a list [N, C, H, W]." % (name, repr(shape)))
    native.genrule(
        name = name,
        outs = [name + ".npz"],
        cmd = "$(execpath //tools/testing:make_test_image) --name %s --shape %s --seed %d --lines %d --output $@" % (
            input_name,
            ",".join([str(e) for e in shape]),
            seed,
            lines,
        ),
        exec_tools = ["//tools/testing:make_test_image"],
        message = "Drawing a test image",
        **kwargs
    )
