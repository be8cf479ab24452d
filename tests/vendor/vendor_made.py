# SPDX-License-Identifier: Apache-2.0
"""Bmodels of the vendor's compiler on the vendor's runtime and on ours: equal bits.

    vendor_made.py MODEL_RUNNER MODEL.onnx SHAPES INPUT.npz
"""
import os
import sys

from bmodel import compare, run

model_runner, model, shapes, inputs = sys.argv[1:]
good = True
for quantize in ("F32", "F16"):
    bmodel = os.path.join(os.environ["TEST_TMPDIR"], quantize + ".bmodel")
    run([os.environ["ORACLE"], "compile", model, "--shapes", shapes, "--quantize", quantize, "--name", "net", "-o", bmodel])
    good = compare(model_runner, bmodel, inputs) and good
sys.exit(0 if good else 1)
