# SPDX-License-Identifier: Apache-2.0
"""onnxruntime_images.py MODEL.onnx IMAGES.npz PASSES THREADS

Runs a network of one input on each array of IMAGES.npz, PASSES times, and prints of each pass the seconds on the clock,
those of the processor, and the bytes of memory that the process has had at most.
"""
import os
import resource
import sys
import time

sys.path.insert(0, os.path.abspath("../onnxruntime_py/py"))
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
sys.dont_write_bytecode = True
import numpy  # noqa: E402
import onnxruntime  # noqa: E402


def main():
    model, images, passes, threads = sys.argv[1:]
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = int(threads)
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    arrays = numpy.load(images)
    arrays = [arrays[key] for key in arrays.files]
    for _ in range(int(passes)):
        wall, cpu = time.monotonic(), time.process_time()
        results = [session.run(None, {name: array}) for array in arrays]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(time.monotonic() - wall, time.process_time() - cpu, memory, flush=True)
        del results


main()
