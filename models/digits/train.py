#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Trains the network of generate.cc and writes its weights.

    ./bazelw run //models/digits:train -- $PWD/models/digits/weights.npz

Adam on softmax and cross entropy, in f64; images are moved by up to a pixel.
"""

import os
import sys

sys.dont_write_bytecode = True
runfiles = os.environ.get("RUNFILES_DIR") or os.path.abspath(sys.argv[0]) + ".runfiles"
sys.path[:0] = [os.path.join(runfiles, name) for name in ("tpuc/models/datasets", "onnxruntime_py/py")]
import digits  # noqa: E402
import numpy as np  # noqa: E402

EPOCHS, BATCH, RATE = 60, 32, 2e-3


def columns(x):
    """[N, C, H, W] -> [N, H * W, C * 9], the windows of a 3 x 3 convolution."""
    n, c, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    taps = [padded[:, :, i:i + h, j:j + w] for i in range(3) for j in range(3)]
    return np.stack(taps, axis=2).reshape(n, c * 9, h * w).transpose(0, 2, 1)


def images_of(gradient, shape):
    """The reverse of `columns`."""
    n, c, h, w = shape
    taps = gradient.transpose(0, 2, 1).reshape(n, c, 9, h, w)
    padded = np.zeros((n, c, h + 2, w + 2))
    for k in range(9):
        padded[:, :, k // 3:k // 3 + h, k % 3:k % 3 + w] += taps[:, :, k]
    return padded[:, :, 1:-1, 1:-1]


def convolve(x, weight, bias):
    n, _, h, w = x.shape
    y = columns(x) @ weight.reshape(len(weight), -1).T + bias
    return y.transpose(0, 2, 1).reshape(n, -1, h, w)


def forward(p, x):
    """(scores [N, 10], what backward needs)"""
    y1 = np.maximum(convolve(x, p["conv1.filter"], p["conv1.bias"]), 0)
    n, c, h, w = y1.shape
    windows = y1.reshape(n, c, h // 2, 2, w // 2, 2)
    pooled = windows.max(axis=(3, 5))
    y2 = np.maximum(convolve(pooled, p["conv2.filter"], p["conv2.bias"]), 0)
    flat = y2.reshape(n, -1)
    return flat @ p["fc.right"] + p["fc.bias"], (x, y1, windows, pooled, y2, flat)


def backward(p, kept, gradient):
    x, y1, windows, pooled, y2, flat = kept
    g = {"fc.right": flat.T @ gradient, "fc.bias": gradient.sum(axis=0)}

    def convolution(name, source, output, down):
        down = (down * (output > 0)).reshape(len(output), output.shape[1], -1)
        g[name + ".filter"] = np.einsum("nop,npi->oi", down, columns(source)).reshape(p[name + ".filter"].shape)
        g[name + ".bias"] = down.sum(axis=(0, 2))
        weight = p[name + ".filter"].reshape(output.shape[1], -1)
        return images_of(down.transpose(0, 2, 1) @ weight, source.shape)

    down = convolution("conv2", pooled, y2, (gradient @ p["fc.right"].T).reshape(y2.shape))
    largest = windows == pooled[:, :, :, None, :, None]
    share = largest / largest.sum(axis=(3, 5), keepdims=True)
    convolution("conv1", x, y1, (share * down[:, :, :, None, :, None]).reshape(y1.shape))
    return g


def moved(generator, x):
    result = np.zeros_like(x)
    for i, (dy, dx) in enumerate(generator.integers(-1, 2, (len(x), 2))):
        result[i] = np.roll(x[i], (dy, dx), axis=(1, 2))
    return result


def train(x, labels):
    generator = np.random.default_rng(1)
    normal = lambda *shape, fan_in: generator.normal(0, np.sqrt(2 / fan_in), shape)
    p = {
        "conv1.filter": normal(16, 1, 3, 3, fan_in=9), "conv1.bias": np.zeros(16),
        "conv2.filter": normal(32, 16, 3, 3, fan_in=144), "conv2.bias": np.zeros(32),
        "fc.right": normal(512, 10, fan_in=512), "fc.bias": np.zeros(10),
    }
    first = {name: np.zeros_like(value) for name, value in p.items()}
    second = {name: np.zeros_like(value) for name, value in p.items()}
    step = 0
    for epoch in range(EPOCHS):
        order = generator.permutation(len(x))
        rate = RATE * (1 - epoch / EPOCHS)
        for start in range(0, len(x), BATCH):
            chosen = order[start:start + BATCH]
            scores, kept = forward(p, moved(generator, x[chosen]))
            odds = np.exp(scores - scores.max(axis=1, keepdims=True))
            gradient = odds / odds.sum(axis=1, keepdims=True)
            gradient[np.arange(len(chosen)), labels[chosen]] -= 1
            step += 1
            for name, g in backward(p, kept, gradient / len(chosen)).items():
                g = g + 1e-4 * p[name]
                first[name] = 0.9 * first[name] + 0.1 * g
                second[name] = 0.999 * second[name] + 0.001 * g * g
                p[name] -= rate * first[name] / (1 - 0.9 ** step) / (np.sqrt(second[name] / (1 - 0.999 ** step)) + 1e-8)
    return p


def arrays(samples):
    x = np.array([pixels for pixels, _ in samples], dtype=np.float64).reshape(-1, 1, digits.EXTENT, digits.EXTENT) / 16
    return x, np.array([label for _, label in samples])


def main():
    data = digits.read(os.path.join(runfiles, "scikit_learn/sklearn/datasets/data/digits.csv.gz"))
    p = train(*arrays(digits.part(data, "training")))
    p = {name: value.astype(np.float32) for name, value in p.items()}
    x, labels = arrays(digits.part(data, "held_out"))
    right = (forward(p, x)[0].argmax(axis=1) == labels).sum()
    print("%d of %d images that were held out are read right" % (right, len(labels)))
    np.savez(sys.argv[1], **p)


if __name__ == "__main__":
    main()
