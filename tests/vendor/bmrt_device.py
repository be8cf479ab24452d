# SPDX-License-Identifier: Apache-2.0
"""TPU_DEVICE=bmrt: bmodels by our runtime on the vendor's libraries, and on our simulator: equal bits.

    bmrt_device.py MODEL_RUNNER INPUT.npz C_TEST TEST_MODEL.bmodel MODEL.bmodel...

The test of the C interface runs there too, with its runners in several threads.
"""
import os
import subprocess
import sys
import zipfile

from bmodel import run

model_runner, inputs, c_test, test_model = sys.argv[1:5]
bmodels = sys.argv[5:]
scratch = os.environ["TEST_TMPDIR"]
# The process that opens the vendor's libraries is ours: without the settings of the vendor's programs.
plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_", "TPU_"))}
libraries = os.path.join(os.environ["ORACLE_HOME"], "site", "tpu_mlir", "lib")
on_bmrt = dict(plain, TPU_DEVICE="bmrt", TPU_LIBRARY_PATH=libraries)


def outputs(bmodel, name, settings):
    path = os.path.join(scratch, name)
    run([model_runner, "--model", bmodel, "--input", inputs, "--output", path], settings)
    with zipfile.ZipFile(path) as archive:
        return {n: archive.read(n) for n in archive.namelist()}


def check_error(settings, *parts):
    """running fails with one line that holds the parts, and writes nothing"""
    path = os.path.join(scratch, "never.npz")
    result = subprocess.run([model_runner, "--model", bmodels[0], "--input", inputs, "--output", path],
                            env=settings, capture_output=True, text=True)
    if result.returncode != 1 or os.path.exists(path) or not all(part in result.stderr for part in parts):
        sys.exit("expected an error with %s:\n%d %s" % (parts, result.returncode, result.stderr))


good = True
for bmodel in bmodels:
    ours, theirs = outputs(bmodel, "ours.npz", plain), outputs(bmodel, "theirs.npz", on_bmrt)
    equal = ours == theirs and len(ours) > 0
    print("%s: %s" % (os.path.basename(bmodel), "%d outputs, equal bits" % len(ours) if equal else "outputs differ"))
    good = good and equal

check_error(dict(on_bmrt, TPU_LIBRARY_PATH=scratch), scratch, "libbmlib.so", "TPU_LIBRARY_PATH")
check_error(dict(on_bmrt, TPU_DEVICE="bmrt:7"), "device 7")
run([c_test, test_model, "bmrt", libraries], plain)
sys.exit(0 if good else 1)
