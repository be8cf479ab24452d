#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Decoded and resized images against OpenCV's: equal bytes.

    opencv_test.py WRITE_ARRAY [--draws N] [--seed N]

Draws an image file of a random kind (PNG of every colour type, depth and
interlacing, with transparency; JPEG of every subsampling, progressive, with
restarts; EXIF orientation in both) and a size to resize it to, up or down.
"""
import argparse
import os
import random
import struct
import subprocess
import sys
import zlib

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.abspath("../%s/py" % name) for name in ("onnxruntime_py", "opencv_py")]
import cv2  # noqa: E402
import numpy  # noqa: E402

# Colour type -> channels, depths (PNG specification, table 11.1).
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
PNG_TYPES = {
    GREY: (1, (1, 2, 4, 8, 16)),
    COLOUR: (3, (8, 16)),
    PALETTE: (1, (1, 2, 4, 8)),
    GREY_ALPHA: (2, (8, 16)),
    COLOUR_ALPHA: (4, (8, 16)),
}
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
SAMPLINGS = {
    "4:1:1": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
    "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "4:4:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440,
    "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
}


def picture(generator, height, width, channels):
    """Slopes, edges and noise in 0 to 1."""
    noise = numpy.random.RandomState(generator.randrange(1 << 32))
    y, x = numpy.mgrid[0:height, 0:width]
    planes = []
    for _ in range(channels):
        plane = numpy.sin(x * generator.uniform(0, 0.5) + y * generator.uniform(0, 0.5))
        plane += ((x // generator.randrange(1, 40) + y // generator.randrange(1, 40)) % 2) * generator.uniform(0, 1)
        plane += noise.standard_normal((height, width)) * generator.choice((0, 0.1, 0.5))
        planes.append(plane / 4 + 0.4)
    return numpy.clip(numpy.stack(planes, -1), 0, 1)


def exif(generator, orientation):
    """A TIFF header and a directory that has the orientation among others."""
    order = generator.choice("<>")
    entries = [(0x010F, 2, 4, b"abc\0")] if generator.random() < 0.5 else []
    entries.append((0x0112, 3, 1, struct.pack(order + "HH", orientation, 0)))
    data = (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, len(entries))
    for tag, kind, count, value in entries:
        data += struct.pack(order + "HHI", tag, kind, count) + value
    return data + bytes(4)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed_rows(samples, depth):
    """Unfiltered PNG rows of [height, width, channels]."""
    rows = b""
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            data = row.astype(">u2").tobytes()
        else:
            bits = "".join(format(int(v), "0%db" % depth) for v in row)
            bits += "0" * (-len(bits) % 8)
            data = int(bits, 2).to_bytes(len(bits) // 8, "big")
        rows += b"\0" + data
    return rows


def make_png(generator, height, width):
    kind = generator.choice(sorted(PNG_TYPES))
    channels, depths = PNG_TYPES[kind]
    depth = generator.choice(depths)
    interlaced = generator.random() < 0.3
    samples = numpy.rint(picture(generator, height, width, channels) * ((1 << depth) - 1)).astype(int)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
    if generator.random() < 0.2:
        data += chunk(b"gAMA", struct.pack(">I", generator.choice((45455, 100000))))
    if kind == PALETTE:
        data += chunk(b"PLTE", bytes(generator.randrange(256) for _ in range(3 << depth)))
    transparent = kind in (GREY, COLOUR, PALETTE) and generator.random() < 0.3
    if transparent:
        size = {GREY: 2, COLOUR: 6, PALETTE: 1 << depth}[kind]
        data += chunk(b"tRNS", bytes(size) if kind != PALETTE else bytes(generator.randrange(256) for _ in range(size)))
    orientation = generator.randrange(9) if generator.random() < 0.3 else None
    if orientation is not None:
        data += chunk(b"eXIf", exif(generator, orientation))
    rows = b""
    for top, left, down, across in ADAM7 if interlaced else ((0, 0, 1, 1),):
        part = samples[top::down, left::across]
        if part.size:
            rows += packed_rows(part, depth)
    data += chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    what = "PNG colour type %d, depth %d%s%s, orientation %s" % (
        kind, depth, ", interlaced" * interlaced, ", tRNS" * transparent, orientation)
    return data, what, kind == COLOUR_ALPHA and depth == 8


def make_jpeg(generator, height, width):
    grey = generator.random() < 0.2
    samples = numpy.rint(picture(generator, height, width, 1 if grey else 3) * 255).astype(numpy.uint8)
    sampling = generator.choice(sorted(SAMPLINGS))
    progressive = generator.random() < 0.4
    settings = [
        cv2.IMWRITE_JPEG_QUALITY, generator.randrange(5, 101),
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[sampling],
        cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive),
        cv2.IMWRITE_JPEG_RST_INTERVAL, generator.choice((0, 0, 1, 5)),
    ]
    data = cv2.imencode(".jpg", samples, settings)[1].tobytes()
    orientation = generator.randrange(9) if generator.random() < 0.5 else None
    if orientation is not None:
        content = b"Exif\0\0" + exif(generator, orientation)
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + data[2:]
    return data, "JPEG %s%s, orientation %s" % (
        "grey" if grey else sampling, ", progressive" * progressive, orientation), False


def draw_size(generator, height, width):
    kind = generator.randrange(6)
    if kind == 0:
        return max(height // 2, 1), max(width // 2, 1)  # OpenCV takes means
    if kind == 1:
        return height * 2, width * 2
    return generator.randrange(1, 300), generator.randrange(1, 300)


def differences(ours, theirs):
    if ours.shape != theirs.shape:
        return "shape %s, OpenCV's %s" % (ours.shape, theirs.shape)
    if (ours == theirs).all():
        return None
    apart = numpy.abs(ours.astype(int) - theirs)
    return "%d of %d bytes differ, by up to %d; first at %s" % (
        (apart != 0).sum(), apart.size, apart.max(), tuple(int(i) for i in numpy.argwhere(apart)[0]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("write_array")
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print("seed %d, OpenCV %s" % (options.seed, cv2.__version__))
    folder = os.environ["TEST_TMPDIR"]
    failures = compared = 0
    for draw in range(options.draws):
        generator = random.Random(options.seed * 1000003 + draw)
        height, width = (generator.randrange(1, 200) for _ in range(2))
        make = generator.choice((make_png, make_jpeg))
        data, what, has_alpha = make(generator, height, width)
        path = os.path.join(folder, "%d.%s" % (draw, make.__name__[5:]))
        with open(path, "wb") as file:
            file.write(data)
        modes = {"bgr": cv2.IMREAD_COLOR, "gray": cv2.IMREAD_GRAYSCALE}
        if has_alpha:
            modes["bgra"] = cv2.IMREAD_UNCHANGED
        cases, words = [], []
        for channels, mode in modes.items():
            theirs = cv2.imread(path, mode)
            theirs = theirs.reshape(theirs.shape[0], theirs.shape[1], -1)
            size = draw_size(generator, *theirs.shape[:2])
            resized = cv2.resize(theirs, size[::-1], interpolation=cv2.INTER_LINEAR)
            for reference, how in ((theirs, ()), (resized.reshape(*size, -1), size)):
                result = os.path.join(folder, "%d.npy" % len(cases))
                words += ["--"] * bool(words) + [channels, path, result] + [str(extent) for extent in how]
                cases.append((result, reference, "%s %s%s" % (channels, theirs.shape, how and " to %s" % (how,))))
        subprocess.run([options.write_array] + words, check=True)
        for result, reference, how in cases:
            compared += 1
            wrong = differences(numpy.load(result), reference)
            if wrong:
                failures += 1
                print("draw %d, %s, %s: %s" % (draw, what, how, wrong))
    print("%d images compared, %d differ" % (compared, failures))
    sys.exit(1 if failures or compared < 2 * options.draws else 0)


if __name__ == "__main__":
    main()
