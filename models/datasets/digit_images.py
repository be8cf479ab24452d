#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Writes scikit-learn's digits as grey images of 8 x 8 pixels, and a list of them.

    digit_images.py DIGITS.csv.gz calibration|held_out LABELS.txt IMAGE.png...

A pixel is 15 times the number in the file. LABELS.txt has a line for each
image: its path beside the labels, a tab, the digit.
"""

import os
import sys

sys.dont_write_bytecode = True
runfiles = os.environ.get("RUNFILES_DIR") or os.path.abspath(sys.argv[0]) + ".runfiles"
sys.path.insert(0, os.path.join(runfiles, "tpuc/models/datasets"))
import digits  # noqa: E402
import png  # noqa: E402


def main():
    source, part, labels, *images = sys.argv[1:]
    samples = digits.part(digits.read(source), part)
    if len(samples) != len(images):
        sys.exit("digit_images: %d images are to be written, %s has %d" % (len(images), part, len(samples)))
    lines = ""
    for path, (pixels, digit) in zip(images, samples):
        rows = [bytes(15 * level for level in pixels[y:y + digits.EXTENT]) for y in range(0, len(pixels), digits.EXTENT)]
        with open(path, "wb") as file:
            file.write(png.encode(rows, digits.EXTENT, grey=True))
        lines += "%s\t%d\n" % (os.path.relpath(path, os.path.dirname(labels)), digit)
    with open(labels, "w") as file:
        file.write(lines)


if __name__ == "__main__":
    main()
