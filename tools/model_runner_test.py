#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""model_runner on a bmodel of several nets and stages.

    model_runner_test.py MODEL_RUNNER MODEL.bmodel

The model is //runtime:test_model: y = x * (1, 2, .. 8), x [2, 4] or [2, 2].
"""
import array
import os
import subprocess
import sys
import zipfile

model_runner, model = sys.argv[1:]
scratch = os.environ["TEST_TMPDIR"]


def write_npy(name, shape, values):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }" % ", ".join(map(str, shape))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path = os.path.join(scratch, name + ".npy")
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + array.array("f", values).tobytes())
    return path


def run(*arguments, **settings):
    """Exit code, values of y (None: nothing was written), messages."""
    path = os.path.join(scratch, "y.npz")
    if os.path.exists(path):
        os.remove(path)
    result = subprocess.run([model_runner, "--model", model, "--output", path] + list(arguments),
                            env=dict(os.environ, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            universal_newlines=True)
    values = None
    if os.path.exists(path):
        with zipfile.ZipFile(path) as archive:
            data = archive.read("y.npy")
        values = list(array.array("f", data[10 + int.from_bytes(data[8:10], "little"):]))
    return result.returncode, values, result.stderr


def check_error(message, *arguments, **settings):
    code, values, errors = run(*arguments, **settings)
    assert code == 1 and values is None and message in errors and errors.count("\n") == 1, (arguments, code, values, errors)


eight, four, three = (write_npy("x%d" % n, shape, [3] * n) for n, shape in ((8, (2, 4)), (4, (2, 2)), (3, (3,))))
products = [3.0 * i for i in range(1, 9)]
for arguments, expected in (
        (("--input", eight), products),
        (("--input", four), products[:4]),
        (("--input", eight, "--net", "other"), products),
):
    code, values, errors = run(*arguments, TPU_DEVICE="simulator")
    assert code == 0 and values == expected, (arguments, code, values, errors)
check_error("must have shape (2, 4), found (3)", "--input", three)
check_error("must have shape (2, 4), found (2, 2)", "--input", four, "--net", "other")
check_error("no net is called 'sum'; there is product, other", "--input", eight, "--net", "sum")
check_error("TPU_DEVICE is \"abacus\"; it may be simulator, bmrt or bmrt:N", "--input", eight, TPU_DEVICE="abacus")
check_error("/does/not/exist/libbmlib.so.0", "--input", eight, TPU_DEVICE="bmrt", TPU_LIBRARY_PATH="/does/not/exist")
