#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Writes an .npz or a .png with one made-up picture, as a network's test input.

    make_test_image.py --name x --shape 1,3,48,192 --seed 1 --output x.npz
    make_test_image.py --name data --shape 1,3,224,224 --kind scene --seed 1 \\
        --mean 123.675,116.28,103.53 --scale 0.0171,0.0175,0.0174 --output data.npz
    make_test_image.py --shape 1,3,48,192 --seed 1 --output x.png

Kind "text": dark strokes on a bright uneven ground, a little noise. Kind
"scene": textures and shapes in colour on a gradient, a line of text, a little
noise. Noise alone would leave most of a trained network's channels at rest.
Pixels are integers throughout, 0 to 255: the same bytes everywhere. Values are
(pixel - mean) * scale of the channel, without these two in [-1, 1]; those of a
.png are the pixels, the channels R, G, B.
"""

import argparse
import array
import os
import random
import struct
import sys
import zipfile
import zlib


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


def text_picture(generator, channels, height, width, lines):
    """The channels' pixels."""
    planes = []
    plane = text_plane(generator, height, width, lines)
    for channel in range(channels):
        # Ink and paper have a tint, so that no two channels are alike.
        gain, offset = 96 + (channel * 7) % 32, (channel * 11) % 24
        levels = [level * gain // 128 + offset + generator.randrange(9) - 4 for level in plane]
        planes.append([min(max(level, 0), 255) for level in levels])
    return planes


def gradient(corners, height, width):
    """Levels between those of the four corners."""
    rows = []
    for y in range(height):
        left = corners[0] + (corners[2] - corners[0]) * y // height
        right = corners[1] + (corners[3] - corners[1]) * y // height
        rows.append([left + (right - left) * x // width for x in range(width)])
    return rows


# Textures: 0 to 255 at (x, y), from a period.
TEXTURES = [
    lambda x, y, p: 255 * (x // p % 2),
    lambda x, y, p: 255 * ((x + y) // p % 2),
    lambda x, y, p: 255 * ((x // p + y // p) % 2),
    lambda x, y, p: 255 * abs(y % (2 * p) - p) // p,
    lambda x, y, p: 255 * abs((x - y) % (2 * p) - p) // p,
    lambda x, y, p: (x * x + y * y) // p % 256,
    lambda x, y, p: (x * 2654435761 ^ y * 2246822519) >> 11 & 255,
]

# Shapes: whether (x, y) lies inside, from -size to size.
SHAPES = [
    lambda x, y, size: x * x + y * y < size * size,
    lambda x, y, size: size * size // 3 < x * x + y * y < size * size,
    lambda x, y, size: abs(x) + abs(y) < size,
    lambda x, y, size: y > -size * 2 // 3 and abs(x) * 2 < size - y,
    lambda x, y, size: abs(x) < size and abs(y) < size * 2 // 3,
]


def draw_shape(generator, planes, height, width):
    """A shape in one colour or with a texture between two."""
    size = max(min(height, width) * (6 + generator.randrange(20)) // 100, 2)
    center_x, center_y = generator.randrange(width), generator.randrange(height)
    shape, texture = generator.choice(SHAPES), generator.choice(TEXTURES)
    period = 2 + generator.randrange(max(size // 4, 1))
    plain = generator.randrange(3) == 0
    colours = [(generator.randrange(256), generator.randrange(256)) for _ in planes]
    for y in range(max(center_y - size, 0), min(center_y + size, height)):
        for x in range(max(center_x - size, 0), min(center_x + size, width)):
            if shape(x - center_x, y - center_y, size):
                level = 0 if plain else texture(x, y, period)
                for plane, (dark, bright) in zip(planes, colours):
                    plane[y][x] = dark + (bright - dark) * level // 255


def scene_picture(generator, channels, height, width, lines):
    """The channels' pixels."""
    planes = [gradient([generator.randrange(256) for _ in range(4)], height, width) for _ in range(channels)]
    for _ in range(24):
        draw_shape(generator, planes, height, width)
    dot = max(min(height, width) // 120, 1)
    for line in range(lines):
        ink = [generator.randrange(256) for _ in planes]
        mask = [0] * (height * width)
        draw_line(generator, mask, height, width, generator.randrange(max(height - 7 * dot, 1)), dot)
        for i, marked in enumerate(mask):
            if marked:
                for plane, level in zip(planes, ink):
                    plane[i // width][i % width] = level
    result = []
    for plane in planes:
        levels = [level for row in plane for level in row]
        noise = generator.getrandbits(8 * len(levels)).to_bytes(len(levels), "little")
        result.append([min(max(level + (n & 15) - 8, 0), 255) for level, n in zip(levels, noise)])
    return result


PICTURES = {"text": text_picture, "scene": scene_picture}


def arrays(options, batch, channels, height, width):
    generator = random.Random(options.seed)
    values = array.array("f")
    for _ in range(batch):
        planes = PICTURES[options.kind](generator, channels, height, width, options.lines)
        for channel, plane in enumerate(planes):
            if options.mean is None:
                table = [(2 * pixel - 255) / 256 for pixel in range(256)]
            else:
                table = [(pixel - options.mean[channel]) * options.scale[channel] for pixel in range(256)]
            values.extend(map(table.__getitem__, plane))
    return values


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(options, channels, height, width):
    planes = PICTURES[options.kind](random.Random(options.seed), channels, height, width, options.lines)
    rows = b""
    for y in range(height):
        pixels = zip(*(plane[y * width:(y + 1) * width] for plane in planes))
        rows += b"\0" + bytes(level for pixel in pixels for level in pixel)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    # Uncompressed: the same bytes from every version of zlib.
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) +
            chunk(b"IEND", b""))


def npy(shape, values):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }" % ", ".join(map(str, shape))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    if sys.byteorder == "big":
        values.byteswap()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes()


def numbers(text, kind):
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        return []


def main():
    parser = argparse.ArgumentParser(description="Writes a made-up picture.")
    parser.add_argument("--name", help="the network's input; of an .npz")
    parser.add_argument("--shape", required=True, help="N,C,H,W")
    parser.add_argument("--kind", choices=sorted(PICTURES), default="text", help="what it shows")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=int, default=1, help="lines of text")
    parser.add_argument("--mean", help="a number for each channel, taken off the pixels")
    parser.add_argument("--scale", help="a number for each channel, which then multiplies them")
    parser.add_argument("--output", required=True, help="the .npz or .png to write")
    options = parser.parse_args()
    shape = numbers(options.shape, int)
    if len(shape) != 4 or min(shape) < 1:
        sys.exit("make_test_image: --shape is %s; it takes four extents N,C,H,W" % options.shape)
    if not 1 <= options.lines <= shape[2]:
        sys.exit("make_test_image: --lines is %d; a height of %d takes 1 to %d" % (options.lines, shape[2], shape[2]))
    if (options.mean is None) != (options.scale is None):
        sys.exit("make_test_image: --mean and --scale belong together")
    if options.mean is not None:
        for flag in ("mean", "scale"):
            text = getattr(options, flag)
            setattr(options, flag, numbers(text, float))
            if len(getattr(options, flag)) != shape[1]:
                sys.exit("make_test_image: --%s is %s; it takes %d numbers" % (flag, text, shape[1]))

    is_png = options.output.endswith(".png")
    if is_png and (shape[0] != 1 or shape[1] not in (1, 3) or options.mean is not None):
        sys.exit("make_test_image: a .png takes one picture of 1 or 3 channels, and no --mean or --scale")
    if not is_png and options.name is None:
        sys.exit("make_test_image: an .npz needs --name")

    temporary = options.output + ".tmp"
    if is_png:
        with open(temporary, "wb") as file:
            file.write(png(options, *shape[1:]))
    else:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            info = zipfile.ZipInfo(options.name + ".npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(info, npy(shape, arrays(options, *shape)))
    os.replace(temporary, options.output)


if __name__ == "__main__":
    main()
