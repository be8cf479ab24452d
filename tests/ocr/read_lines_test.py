#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""A compiled text recogniser reads what ONNX Runtime reads.

    read_lines_test.py RUNTIME.so MODEL.onnx MODEL.bmodel COUNT SEED FONT.ttf...

Draws COUNT lines of text, as PP-OCR gets them: 48 pixels high, bytes scaled to
[-1, 1], BGR, filled up with zeros on the right. Both read each line: the most
probable class of each column, repetitions once, blanks dropped, in the
alphabet that the model carries. The test fails where they differ, and when
ONNX Runtime reads fewer than four of five lines as they were written: the
pictures would not be of text then.
"""

import ctypes
import os
import random
import sys

RUNFILES = os.environ.get("RUNFILES_DIR") or os.environ["TEST_SRCDIR"]
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(RUNFILES, "onnxruntime_py", "py"), os.path.join(RUNFILES, "pillow_py", "py")]
import numpy  # noqa: E402
import onnxruntime  # noqa: E402
from PIL import Image, ImageDraw, ImageFont  # noqa: E402

HEIGHT, WIDTH = 48, 320
WORDS = """about after again amount answer bank before between bottle bridge change city cloud coffee colour
country credit doctor early engine evening family figure flour garden glass green harbour height invoice journey
kitchen ladder letter light market message minute morning mountain number office orange paper people picture
platform question quiet railway receipt river school second silver station street summer ticket total travel
village water weather window winter yellow""".split()


def draw_text(generator):
    """What to write: words, numbers, prices, dates, codes."""
    word = lambda: generator.choice([str.lower, str.title, str.upper])(generator.choice(WORDS))
    digits = lambda count: "".join(generator.choice("0123456789") for _ in range(count))
    return generator.choice([
        lambda: word() + " " + word(),
        lambda: word() + " " + digits(generator.randrange(2, 6)),
        lambda: word() + ": " + digits(3) + "." + digits(2),
        lambda: digits(2) + "." + digits(2) + ".20" + digits(2),
        lambda: word()[:3].upper() + "-" + digits(5),
        lambda: word() + ", " + word(),
    ])()


def draw_line(generator, fonts):
    """(text, picture [3, 48, 320])"""
    text = draw_text(generator)
    font = ImageFont.truetype(generator.choice(fonts), generator.randrange(26, 44))
    left, top, right, bottom = font.getbbox(text)
    margin = generator.randrange(3, 9)
    size = (right - left + 2 * margin, bottom - top + 2 * margin)
    dark = tuple(generator.randrange(0, 90) for _ in range(3))
    bright = tuple(generator.randrange(170, 256) for _ in range(3))
    ink, paper = (dark, bright) if generator.random() < 0.8 else (bright, dark)
    image = Image.new("RGB", size, paper)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=ink, font=font)
    width = min(WIDTH, -(-HEIGHT * size[0] // size[1]))
    pixels = numpy.asarray(image.resize((width, HEIGHT), Image.BILINEAR), dtype=numpy.float32)
    pixels = pixels[:, :, ::-1].transpose(2, 0, 1) / numpy.float32(127.5) - 1
    line = numpy.zeros((1, 3, HEIGHT, WIDTH), numpy.float32)
    line[0, :, :, :width] = pixels
    return text, line


class TensorInfo(ctypes.Structure):
    """tpu_tensor_info"""
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int), ("rank", ctypes.c_int),
                ("shape", ctypes.c_int64 * 8), ("bytes", ctypes.c_size_t), ("scale", ctypes.c_float),
                ("zero_point", ctypes.c_int32)]


class Buffer(ctypes.Structure):
    """tpu_buffer"""
    _fields_ = [("data", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


class Bmodel:
    """The first net of a file on our runtime."""

    def __init__(self, library, path):
        self.api = ctypes.CDLL(os.path.abspath(library))
        self.api.tpu_last_error.restype = ctypes.c_char_p
        self.model, self.runner = ctypes.c_void_p(), ctypes.c_void_p()
        self.check(self.api.tpu_model_load(path.encode(), None, ctypes.byref(self.model)))
        self.check(self.api.tpu_runner_create(self.model, None, ctypes.byref(self.runner)))
        self.output = TensorInfo()
        self.check(self.api.tpu_model_output(self.model, 0, 0, 0, ctypes.byref(self.output)))

    def check(self, status):
        if status != 0:
            sys.exit("read_lines_test: " + self.api.tpu_last_error().decode())

    def run(self, array):
        result = numpy.empty(self.output.shape[:self.output.rank], numpy.float32)
        if result.nbytes != self.output.bytes:
            sys.exit("read_lines_test: the output is not float32")
        buffers = [Buffer(a.ctypes.data, a.nbytes) for a in (array, result)]
        self.check(self.api.tpu_runner_run(self.runner, ctypes.byref(buffers[0]), 1, ctypes.byref(buffers[1]), 1))
        return result


def read(probabilities, alphabet):
    """The text of [1, columns, classes]; class 0 is the blank."""
    text, last = "", 0
    for index in probabilities[0].argmax(axis=1):
        if index not in (0, last):
            text += alphabet[index]
        last = index
    return text


def main():
    library, onnx, bmodel, count, seed, *fonts = sys.argv[1:]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    alphabet = ["", *characters, " "]
    device = Bmodel(library, bmodel)
    generator = random.Random(int(seed))
    as_written = failures = 0
    for number in range(int(count)):
        text, line = draw_line(generator, fonts)
        expected = read(session.run(None, {session.get_inputs()[0].name: line})[0], alphabet)
        found = read(device.run(line), alphabet)
        as_written += expected == text
        if found != expected:
            failures += 1
            print("line %d, written %r: ONNX Runtime reads %r, the bmodel %r" % (number, text, expected, found))
    print("%d of %s lines read as ONNX Runtime reads them; it reads %d as written" % (int(count) - failures, count, as_written))
    if failures or as_written < 4 * int(count) // 5:
        sys.exit(1)


if __name__ == "__main__":
    main()
