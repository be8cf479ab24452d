# SPDX-License-Identifier: Apache-2.0
"""The handwritten digits of scikit-learn, and how they are divided."""

import gzip

EXTENT = 8  # pixels, each 0 to 16
HELD_OUT = 600  # the last ones; the network is trained with the others
CALIBRATION = 200  # the first ones


def read(path):
    """[([64 pixels], digit)], in the file's order."""
    with gzip.open(path, "rt") as file:
        rows = [[int(float(number)) for number in line.split(",")] for line in file]
    return [(row[:-1], row[-1]) for row in rows]


def part(digits, name):
    """calibration, held_out, or training."""
    if name == "held_out":
        return digits[-HELD_OUT:]
    return digits[:CALIBRATION] if name == "calibration" else digits[:-HELD_OUT]
