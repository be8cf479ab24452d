# SPDX-License-Identifier: Apache-2.0
"""Data sets that are made when they are needed."""

# Three families, from Debian.
FONTS = [
    "@dejavu_fonts//:DejaVuSans.ttf",
    "@dejavu_fonts//:DejaVuSans-Bold.ttf",
    "@dejavu_fonts//:DejaVuSansMono.ttf",
    "@dejavu_fonts//:DejaVuSerif.ttf",
    "@freefont//:FreeSans.ttf",
    "@freefont//:FreeSansBold.ttf",
    "@freefont//:FreeSerif.ttf",
    "@freefont//:FreeSerifItalic.ttf",
    "@liberation_fonts//:LiberationMono-Regular.ttf",
    "@liberation_fonts//:LiberationSans-Bold.ttf",
    "@liberation_fonts//:LiberationSans-Regular.ttf",
    "@liberation_fonts//:LiberationSansNarrow-Regular.ttf",
    "@liberation_fonts//:LiberationSerif-Italic.ttf",
    "@liberation_fonts//:LiberationSerif-Regular.ttf",
]

def _image_names(name, count):
    return ["%s/%s.png" % (name, "0000"[len(str(i)):] + str(i)) for i in range(count)]

def text_images(name, kind, part, count, seed):
    """Draws images of text: the filegroup `name` of PNGs, and `<name>.txt`, their labels.

    Args:
      name: the images are `<name>/0000.png` and so on.
      kind: `lines`, `directions` or `pages` (text_images.py).
      part: `calibration` or `held_out`: no text of one is in the other.
      count: how many.
      seed: another one gives other images.
    """
    images = _image_names(name, count)
    native.genrule(
        name = name + "_drawn",
        srcs = FONTS,
        outs = [name + ".txt"] + images,
        cmd = " ".join([
            "$(execpath :text_images) --kind=%s --part=%s --seed=%d" % (kind, part, seed),
            "$$(printf -- '--font=%s ' $(SRCS)) --labels=$(OUTS)",
        ]),
        exec_tools = [":text_images"],
        message = "Drawing %d images of text" % count,
    )
    native.filegroup(
        name = name,
        srcs = images,
    )

def digit_images(name, part, count):
    """Writes scikit-learn's digits: the filegroup `name` of PNGs, and `<name>.txt`, their labels.

    Args:
      name: the images are `<name>/0000.png` and so on.
      part: `calibration` or `held_out` (digits.py).
      count: how many there are.
    """
    images = _image_names(name, count)
    native.genrule(
        name = name + "_written",
        srcs = ["@scikit_learn//:digits"],
        outs = [name + ".txt"] + images,
        cmd = "$(execpath :digit_images) $< %s $(OUTS)" % part,
        exec_tools = [":digit_images"],
        message = "Writing %d digits" % count,
    )
    native.filegroup(
        name = name,
        srcs = images,
    )

def first_images(name, count):
    """Images of a set of this package.

    Args:
      name: the set.
      count: how many, from the first on.

    Returns:
      A list of labels.
    """
    return ["//models/datasets:%s/%s.png" % (name, "0000"[len(str(i)):] + str(i)) for i in range(count)]
