#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""The data sets have the bytes that they had when their scores were written down.

    datasets_test.py LABELS.txt SHA256 ...

The hash is that of all images in the order of the labels, and of the labels.
When another version of a font or of a library changes it on purpose, scores in
docs/accuracy.md and floors of tests must be looked at again.
"""

import hashlib
import os
import sys


def main():
    sets = list(zip(*[iter(sys.argv[1:])] * 2))
    failures = 0
    words = {}
    for labels, expected in sets:
        digest = hashlib.sha256()
        with open(labels, "rb") as file:
            text = file.read()
        for line in text.decode().splitlines():
            image, label = line.split("\t", 1)
            with open(os.path.join(os.path.dirname(labels), image), "rb") as file:
                digest.update(file.read())
            words.setdefault(os.path.basename(labels), set()).update(w.lower() for w in label.split() if len(w) > 3 and w.isalpha())
        digest.update(text)
        if digest.hexdigest() != expected:
            failures += 1
            print("%s: the hash is %s, expected %s" % (labels, digest.hexdigest(), expected))
    both = words["rec_calibration.txt"] & words["rec_held_out.txt"]
    if both or not words["rec_held_out.txt"]:
        failures += 1
        print("words of both parts: %s" % both)
    sys.exit(failures != 0)


main()
