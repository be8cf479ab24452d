#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Draws the lines of a text file, one below the other.

    render_page.py TEXT OUT.png [--turn]

--turn turns the page upside down. The letters are OpenCV's.
"""
import os
import sys

sys.dont_write_bytecode = True
runfiles = os.path.abspath(sys.argv[0]) + ".runfiles"
sys.path[:0] = [os.path.join(runfiles, name, "py") for name in ("onnxruntime_py", "opencv_py")]
import cv2  # noqa: E402
import numpy  # noqa: E402

LINE, MARGIN = 100, 40  # pixels


def main():
    text, out, *turn = sys.argv[1:]
    with open(text) as file:
        lines = file.read().splitlines()
    page = numpy.full((2 * MARGIN + LINE * len(lines), 640, 3), 255, numpy.uint8)
    for i, line in enumerate(lines):
        cv2.putText(page, line, (MARGIN, MARGIN + LINE * i + 60), cv2.FONT_HERSHEY_DUPLEX, 1.8, (40, 30, 20), 3, cv2.LINE_AA)
    if turn:
        page = cv2.rotate(page, cv2.ROTATE_180)
    if not cv2.imwrite(out, page):
        sys.exit("cannot write " + out)


main()
