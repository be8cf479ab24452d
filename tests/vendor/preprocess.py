# SPDX-License-Identifier: Apache-2.0
"""Images preprocessed by the vendor's package and by model_runner: equal floats.

    preprocess.py MODEL_RUNNER [--draws N] [--seed N]
"""
import argparse
import contextlib
import os
import random
import sys

import cv2
import numpy
from utils.preprocess import preprocess

sys.path.insert(0, os.path.abspath("tools/tests"))
import preprocess_test  # noqa: E402


def vendors(path, how, height, width):
    """What the vendor's package makes of an image by the same flags; None for what it refuses."""
    if how["pixel_format"] == "rgba" and "keep_aspect_ratio" in how:
        return None
    channels = preprocess_test.CHANNELS[how["pixel_format"]]
    # Its own defaults are for three channels.
    flags = dict({"mean": [0.0] * channels, "scale": [1.0] * channels}, **how)
    for name in ("mean", "scale", "resize_dims"):
        if name in flags:
            flags[name] = ",".join(map(str, flags[name]))
    shape = [1, height, width, channels] if how.get("channel_format") == "nhwc" else [1, channels, height, width]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        tool = preprocess()
        tool.config(input_shapes=[shape], **flags)
        try:
            return numpy.ascontiguousarray(tool.run(path))
        except cv2.error:
            # A long thin image that would have no pixel left: ours keeps one.
            return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runner", type=os.path.abspath)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print("seed %d" % options.seed)
    compared = sum(
        preprocess_test.compare_draw(options.runner, random.Random(options.seed * 1000003 + draw), vendors)
        for draw in range(options.draws))
    print("%d inputs compared, equal bits" % compared)
    sys.exit(0 if compared > options.draws // 2 else 1)


if __name__ == "__main__":
    main()
