#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Writes an .npz with one made-up picture of text, as a network's test input.

    make_test_image.py --name x --shape 1,3,48,192 --seed 1 --output x.npz

Dark strokes on a bright uneven ground, a little noise; float32 in [-1, 1],
the channels different. Noise alone would leave most of a trained network's
channels at rest. Integer arithmetic throughout: the same bytes everywhere.
"""

import argparse
import array
import os
import random
import sys
import zipfile


# Letters of 5 x 7 dots, a row a number, the leftmost dot its highest bit.
FONT = {
    "A": (14, 17, 17, 31, 17, 17, 17),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "F": (31, 16, 16, 30, 16, 16, 16),
    "H": (17, 17, 17, 31, 17, 17, 17),
    "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
    "Y": (17, 17, 10, 4, 4, 4, 4),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "7": (31, 1, 2, 4, 8, 8, 8),
}


def text_plane(generator, height, width, lines):
    """Grey levels 0 to 255 of lines of letters, dark on an uneven ground."""
    left, right = 190 + generator.randrange(60), 190 + generator.randrange(60)
    image = [left + (right - left) * (i % width) // width for i in range(height * width)]
    pitch = height // lines
    dot = max((pitch * 3 // 4 if lines == 1 else pitch // 2) // 7, 1)
    for line in range(lines):
        draw_line(generator, image, height, width, line * pitch + (pitch - 7 * dot) // 2, dot)
    return image


def draw_line(generator, image, height, width, top, dot):
    """Letters from edge to edge, their tops at row `top`, of dots of `dot` pixels."""
    ink = 10 + generator.randrange(50)
    letters = sorted(FONT)
    x = dot * 2
    while x + 5 * dot < width:
        glyph = FONT[letters[generator.randrange(len(letters))]]
        for row in range(7 * dot):
            for column in range(5 * dot):
                if 0 <= top + row < height and glyph[row // dot] >> (4 - column // dot) & 1:
                    image[(top + row) * width + x + column] = ink
        x += 6 * dot


def picture(seed, batch, channels, height, width, lines):
    generator = random.Random(seed)
    values = array.array("f")
    for _ in range(batch):
        plane = text_plane(generator, height, width, lines)
        for channel in range(channels):
            # Ink and paper have a tint, so that no two channels are alike.
            gain, offset = 96 + (channel * 7) % 32, (channel * 11) % 24
            for level in plane:
                level = level * gain // 128 + offset + generator.randrange(9) - 4
                values.append((2 * min(max(level, 0), 255) - 255) / 256)
    return values


def npy(shape, values):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }" % ", ".join(map(str, shape))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    if sys.byteorder == "big":
        values.byteswap()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes()


def main():
    parser = argparse.ArgumentParser(description="Writes a made-up picture of text.")
    parser.add_argument("--name", required=True, help="the network's input")
    parser.add_argument("--shape", required=True, help="N,C,H,W")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=int, default=1, help="lines of text, one below the other")
    parser.add_argument("--output", required=True, help="the .npz to write")
    options = parser.parse_args()
    try:
        shape = [int(extent) for extent in options.shape.split(",")]
    except ValueError:
        shape = []
    if len(shape) != 4 or min(shape) < 1:
        sys.exit("make_test_image: --shape is %s; it takes four extents N,C,H,W" % options.shape)
    if not 1 <= options.lines <= shape[2]:
        sys.exit("make_test_image: --lines is %d; a height of %d takes 1 to %d" % (options.lines, shape[2], shape[2]))

    temporary = options.output + ".tmp"
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        info = zipfile.ZipInfo(options.name + ".npy", (1980, 1, 1, 0, 0, 0))
        archive.writestr(info, npy(shape, picture(options.seed, *shape, options.lines)))
    os.replace(temporary, options.output)


if __name__ == "__main__":
    main()
