# SPDX-License-Identifier: Apache-2.0
"""A file of several nets and stages, put together by the vendor's tool, and by ours, from its programs and one of ours.

    several_nets.py MODEL_RUNNER MODEL_TOOL MODEL.onnx OUR.bmodel VENDOR.bmodel INPUT.npz

Its net "net" has VENDOR.bmodel's stage and one for pictures of half the width; its other net is ours. Each runs on our
simulator as in a file of its own, and the vendor's runtime, which chooses stages itself, gives the same bits. So does
a stage that our tool extracts.
"""
import os
import shutil
import sys

import numpy

from bmodel import difference, run

model_runner, model_tool, onnx, our, vendor, inputs = sys.argv[1:]
scratch = os.environ["TEST_TMPDIR"]
oracle = os.environ["ORACLE"]
plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_", "TPU_"))}
on_bmrt = dict(plain, TPU_DEVICE="bmrt", TPU_LIBRARY_PATH=os.path.join(os.environ["ORACLE_HOME"], "site", "tpu_mlir", "lib"))

narrow, together, combined, extracted, half = (
    os.path.join(scratch, name) for name in ("narrow.bmodel", "together.bmodel", "combined.bmodel", "extracted.bmodel", "half.npz"))
picture = numpy.load(inputs)["x"]
numpy.savez(half, x=picture[..., ::2])
shape = "[[%s]]" % ",".join(map(str, picture[..., ::2].shape))
run([oracle, "compile", onnx, "--shapes", shape, "--quantize", "F16", "--name", "net", "-o", narrow])
# The vendor's tool opens what it reads for writing too.
parts = [shutil.copyfile(path, os.path.join(scratch, "part%d.bmodel" % i)) for i, path in enumerate([vendor, narrow, our])]
run([oracle, "tool", "model_tool", "--combine"] + parts + ["-o", together])
run([model_tool, "combine", vendor, narrow, our, "-o", combined], plain)
run([oracle, "tool", "model_tool", "--info", shutil.copyfile(combined, os.path.join(scratch, "info.bmodel"))])
run([model_tool, "extract", combined, "--net", "net", "--stage", "1", "-o", extracted], plain)


def outputs(settings, bmodel, *arguments):
    path = os.path.join(scratch, "out.npz")
    run([model_runner, "--model", bmodel, "--output", path] + list(arguments), settings)
    file = numpy.load(path)
    return {name: file[name] for name in file.files}


good = True
for path, what, alone, arguments in [
        (path, what, alone, arguments)
        for path in (together, combined)
        for what, alone, arguments in (
            ("net, stage 0", vendor, ["--input", inputs, "--net", "net"]),
            ("net, stage 1", narrow, ["--input", half, "--net", "net"]),
            ("ppocr_cls", our, ["--input", inputs, "--net", "ppocr_cls"]),
        )
] + [(extracted, "extracted", narrow, ["--input", half])]:
    found = outputs(plain, path, *arguments)
    for other, expected in (("alone", outputs(plain, alone, *arguments)), ("vendor's runtime", outputs(on_bmrt, path, *arguments))):
        wrong = [difference(found[n], expected[n]) for n in expected] if sorted(found) == sorted(expected) else ["other outputs"]
        wrong = [w for w in wrong if w]
        print("%s: %s, %s: %s" % (os.path.basename(path), what, other, wrong or "equal bits"))
        good = good and not wrong
sys.exit(0 if good else 1)
