#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Both examples find what model_runner computes, and refuse what is no image.

    classify_test.py CLASSIFY CLASSIFY_C MODEL.bmodel MODEL_RUNNER
"""
import array
import os
import subprocess
import sys
import zipfile

classify, classify_c, model, model_runner = sys.argv[1:]
scratch = os.environ["TEST_TMPDIR"]
HEIGHT, WIDTH = 48, 192


def run(*command):
    settings = dict(os.environ, TPU_DEVICE="simulator")
    result = subprocess.run(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    return result.returncode, result.stdout, result.stderr


def write_ppm(path, pixels):
    with open(path, "wb") as file:
        file.write(b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + pixels)
    return path


def scores_of(pixels):
    """The outputs of the network by model_runner."""
    values = array.array("f", [pixels[3 * i + c] / 127.5 - 1 for c in range(3) for i in range(HEIGHT * WIDTH)])
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, %d, %d), }" % (HEIGHT, WIDTH)
    header += " " * (-(len(header) + 11) % 64) + "\n"
    inputs, outputs = os.path.join(scratch, "in.npz"), os.path.join(scratch, "out.npz")
    with zipfile.ZipFile(inputs, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes())
    code, _, errors = run(model_runner, "--model", model, "--input", inputs, "--output", outputs)
    assert code == 0, errors
    with zipfile.ZipFile(outputs) as archive:
        (name,) = archive.namelist()
        data = archive.read(name)
    return array.array("f", data[10 + int.from_bytes(data[8:10], "little"):])


def image(shade, stripes):
    """Dark upright strokes of a width that differs from image to image."""
    return bytes((shade if x // stripes % 3 == 1 and 10 < y < 38 else 230) - 7 * c
                 for y in range(HEIGHT) for x in range(WIDTH) for c in range(3))


for number, pixels in enumerate([image(20, 4), image(60, 11), bytes(3 * HEIGHT * WIDTH)]):
    path = write_ppm(os.path.join(scratch, "image%d.ppm" % number), pixels)
    scores = scores_of(pixels)
    best = max(range(len(scores)), key=lambda i: scores[i])
    for program in (classify, classify_c):
        code, text, errors = run(program, model, path)
        assert code == 0, errors
        words = text.split()
        assert words[0] == "class" and words[2] == "score", text
        assert int(words[1].rstrip(",")) == best, (text, scores)
        assert abs(float(words[3]) - scores[best]) < 1e-5, (text, scores)
        print(os.path.basename(program), text.strip())

for program in (classify, classify_c):
    for arguments, message in (
            ([model], "usage"),
            (["none.bmodel", path], "none.bmodel"),
            ([path, path], "bmodel"),
            ([model, model], "no PPM"),
    ):
        code, text, errors = run(program, *arguments)
        assert code == 1 and not text and message in errors, (program, arguments, code, text, errors)
