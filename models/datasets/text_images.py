#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Draws images of text, and writes what they show.

    text_images.py --kind lines|directions|pages --part calibration|held_out --seed S
        --labels LABELS.txt --font A.ttf --font B.ttf IMAGE.png...

lines: a line of text, 48 x 320 pixels. directions: 48 x 192, half of them
upside down. pages: some lines of text, 320 x 320. What is right of a line is
grey, the zero of PP-OCR's networks.

LABELS.txt has a line for each image: its path beside the labels, a tab, and the
text; 0 or 1 (upside down); or, of a page, PaddleOCR's JSON list of the lines
with their corners from the left top one clockwise.

The two parts have no word in common. Fonts, sizes, colours, contrast, slopes, blur and
noise vary. The same arguments and fonts give the same bytes.
"""

import argparse
import json
import math
import os
import random
import sys

sys.dont_write_bytecode = True
runfiles = os.environ.get("RUNFILES_DIR") or os.path.abspath(sys.argv[0]) + ".runfiles"
sys.path[:0] = [os.path.join(runfiles, path) for path in ("tpuc/models/datasets", "onnxruntime_py/py", "pillow_py/py")]
import numpy  # noqa: E402
import png  # noqa: E402
from PIL import Image, ImageDraw, ImageFilter, ImageFont  # noqa: E402

GREY = (127, 127, 127)
WORDS = """about account address after again airport amount answer autumn avenue balance bank basket before between
bottle branch bread bridge builder butter cabinet camera carpet castle change chapter cheese church city cloud coffee
colour comfort copper corner country credit cushion customer date dealer delivery department desk dinner doctor dollar
early east edition engine evening exit family feather figure finger fish floor flour flower forest fortune fresh garden
general glass gold green grocer guide hammer harbour heart height holiday honey hotel house image income insurance
invoice island jacket journal journey juice kettle kitchen ladder lamp lawyer leather letter library light lunch
machine market matter medicine member message metal minute monday money month morning mountain museum needle north
number ocean office onion open orange order owner packet paper parcel people pepper picture planet platform pocket
police postage price prize project quality quarter question quiet railway receipt record red repair report river rocket
round salad sample saturday school second service shadow silver single smooth soap spring square station stone street
sugar summer sunday supply table tax tea ticket tomato total tower traffic travel treasure tuesday umbrella union value
vegetable velvet village visitor voucher wagon wallet water weather wednesday weekend west wheel window winter wood
worker world yard year yellow yesterday zebra zone""".split()


class Writer:
    """Texts of one part."""

    def __init__(self, generator, part):
        self.generator = generator
        self.words = WORDS[0 if part == "calibration" else 1::2]

    def word(self):
        return self.generator.choice([str.lower, str.title, str.upper])(self.generator.choice(self.words))

    def digits(self, count):
        return "".join(self.generator.choice("0123456789") for _ in range(count))

    def text(self):
        """Words, numbers, prices, dates, codes."""
        word, digits, draw = self.word, self.digits, self.generator
        return draw.choice([
            lambda: word() + " " + word(),
            lambda: word() + " " + digits(draw.randrange(2, 6)),
            lambda: word() + ": " + digits(draw.randrange(1, 4)) + "." + digits(2),
            lambda: digits(2) + "." + digits(2) + ".20" + digits(2),
            lambda: word()[:3].upper() + "-" + digits(5),
            lambda: word() + ", " + word(),
            lambda: word() + " & " + word(),
            lambda: digits(2) + ":" + digits(2) + " " + word(),
            word,
        ])()


def colours(generator, contrast):
    """(ink, paper); their brightness differs by `contrast` of 256 at least."""
    dark = generator.randrange(0, 110)
    bright = generator.randrange(dark + contrast, 256)
    tint = lambda level: tuple(min(max(level + generator.randrange(-24, 25), 0), 255) for _ in range(3))
    return (tint(dark), tint(bright)) if generator.random() < 0.75 else (tint(bright), tint(dark))


def load_font(generator, fonts, least, most):
    return ImageFont.truetype(generator.choice(fonts), generator.randrange(least, most), layout_engine=ImageFont.Layout.BASIC)


def disturb(generator, image, blurs, amplitudes):
    """Blur (tenths of a pixel) and noise of the whole image, as an array."""
    if generator.random() < 0.4:
        image = image.filter(ImageFilter.GaussianBlur(generator.choice(blurs) / 10))
    pixels = numpy.asarray(image, dtype=numpy.int32)
    amplitude = generator.choice(amplitudes)
    if amplitude:
        # Sums of four uniform numbers: nearly a normal distribution, and integer.
        noise = numpy.frombuffer(generator.randbytes(4 * pixels.size), numpy.uint8).astype(numpy.int32)
        noise = noise.reshape(pixels.shape + (4,)).sum(axis=-1) - 510
        pixels = pixels + noise * amplitude // 256
    return numpy.clip(pixels, 0, 255).astype(numpy.uint8)


def draw_strip(generator, writer, fonts, contrast):
    """(text, image) of one line, cut out a little askew."""
    text = writer.text()
    font = load_font(generator, fonts, 24, 48)
    left, top, right, bottom = font.getbbox(text)
    margin = generator.randrange(2, 8)
    ink, paper = colours(generator, contrast)
    image = Image.new("RGB", (right - left + 2 * margin, bottom - top + 2 * margin), paper)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=ink, font=font)
    slope = generator.randrange(-20, 21) / 10
    # Longer lines slope less, or they would leave the strip.
    slope = slope * min(1, 200 / image.width)
    return text, image.rotate(slope, Image.Resampling.BICUBIC, fillcolor=paper)


def fit(image, height, width):
    """The strip as high as an input, and no wider."""
    return image.resize((min(width, -(-height * image.width // image.height)), height), Image.Resampling.BILINEAR)


def pad(strip, width):
    """The strip at the left of an input."""
    pixels = numpy.empty((strip.shape[0], width, 3), numpy.uint8)
    pixels[:] = GREY
    pixels[:, :strip.shape[1]] = strip
    return pixels


def draw_line(generator, writer, fonts):
    text, image = draw_strip(generator, writer, fonts, 64)
    strip = disturb(generator, fit(image, 48, 320), range(3, 10), [0, 4, 8, 16, 24])
    return text, pad(strip, 320)


def draw_direction(generator, writer, fonts):
    _, image = draw_strip(generator, writer, fonts, 32)
    turned = generator.randrange(2)
    if turned:
        image = image.transpose(Image.Transpose.ROTATE_180)
    # The classifier reads the worst of them.
    strip = disturb(generator, fit(image, 48, 192), range(5, 25), [4, 8, 16, 32, 64])
    return str(turned), pad(strip, 192)


def place_lines(generator, writer, fonts, size):
    """(text, font, left, top, box) of lines one below the other."""
    lines, top = [], generator.randrange(14, 60)
    for _ in range(generator.randrange(2, 7)):
        text, font = writer.text(), load_font(generator, fonts, 13, 32)
        left, above, right, below = font.getbbox(text)
        width, height = right - left, below - above
        if width > size - 40 or top + height > size - 20:
            continue
        x = generator.randrange(20, size - 20 - width + 1)
        lines.append((text, font, x - left, top - above, (x, top, x + width, top + height)))
        top += height + generator.randrange(height // 2 + 6, 2 * height + 20)
    return lines


def draw_page(generator, writer, fonts):
    size = 320
    lines = []
    while not lines:
        lines = place_lines(generator, writer, fonts, size)
    ink, paper = colours(generator, 40)
    image = Image.new("RGB", (size, size), paper)
    for text, font, x, y, _ in lines:
        ImageDraw.Draw(image).text((x, y), text, fill=ink, font=font)
    degrees = generator.randrange(-50, 51) / 10
    image = image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=paper)
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))

    def turned(x, y):
        x, y = x - size / 2, y - size / 2
        return [round(x * cosine + y * sine + size / 2, 1), round(y * cosine - x * sine + size / 2, 1)]

    label = []
    for text, _, _, _, (left, top, right, bottom) in lines:
        left, top, right, bottom = left - 1, top - 1, right + 1, bottom + 1
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        label.append({"transcription": text, "points": [turned(x, y) for x, y in corners]})
    return json.dumps(label), disturb(generator, image, range(3, 14), [0, 8, 16, 32])


KINDS = {"lines": draw_line, "directions": draw_direction, "pages": draw_page}


def main():
    parser = argparse.ArgumentParser(description="Draws images of text.")
    parser.add_argument("--kind", choices=sorted(KINDS), required=True)
    parser.add_argument("--part", choices=["calibration", "held_out"], required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--font", action="append", required=True)
    parser.add_argument("images", nargs="+")
    options = parser.parse_args()
    labels = ""
    for number, path in enumerate(options.images):
        # Each image has numbers of its own: more images change none.
        generator = random.Random("%s %s %d %d" % (options.kind, options.part, options.seed, number))
        label, pixels = KINDS[options.kind](generator, Writer(generator, options.part), options.font)
        with open(path, "wb") as file:
            file.write(png.encode([row.tobytes() for row in pixels], pixels.shape[1]))
        labels += "%s\t%s\n" % (os.path.relpath(path, os.path.dirname(options.labels)), label)
    with open(options.labels, "w") as file:
        file.write(labels)


if __name__ == "__main__":
    main()
