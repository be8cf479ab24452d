# SPDX-License-Identifier: Apache-2.0
"""What the rules hand to each other; rules of other workspaces may use it."""

TpuModelInfo = provider(
    doc = "A network in the top dialect: what it means, in float, for no chip.",
    fields = {
        "inputs": "File or None: the test inputs by name; of an image, what preprocessing makes of it.",
        "mlir": "File: the module.",
        "model": "File: the source, an .onnx file.",
        "model_name": "string: the network's name in the module.",
        "reference": "File or None: .npz of the outputs that ONNX Runtime computes from the test inputs.",
        "similarities": "File or None: .json, how alike all tensors of the top dialect are to ONNX Runtime's.",
        "source_outputs": "File or None: .npz of every tensor that ONNX Runtime computes from the test inputs.",
        "top_outputs": "File or None: .npz of every tensor that the interpreter of the top dialect computes from them.",
        "weights": "File: .npz of the weights, beside the module.",
    },
)

TpuCalibrationInfo = provider(
    doc = "The ranges of a network's tensors.",
    fields = {
        "model": "TpuModelInfo: what was calibrated.",
        "table": "File: the calibration table.",
    },
)

TpuBmodelInfo = provider(
    doc = "A compiled network.",
    fields = {
        "bmodel": "File: the program and its weights, as the runtime loads them.",
        "bmodel_outputs": "File or None: .npz of what the simulator computes from the test inputs.",
        "chip": "string: the chip, in lower case.",
        "expected": "File or None: .npz of the outputs that the interpreter of the tpu dialect computes.",
        "model": "TpuModelInfo: what was compiled.",
        "quantize": "string: the arithmetic, F32, F16, BF16 or INT8.",
        "similarities": "File or None: .json, how alike all tensors of the tpu dialect are to the top dialect's.",
        "tpu_mlir": "File: the network in the tpu dialect, what the chip computes.",
        "tpu_outputs": "File or None: .npz of every tensor that the interpreter of the tpu dialect computes.",
        "tpu_weights": "File: .npz of its weights.",
    },
)

TpuAccuracyInfo = provider(
    doc = "How well a network does on a data set.",
    fields = {
        "scores": "File: the metrics, as model_eval --json writes them.",
        "task": "string: classification, text_recognition, text_detection or coco.",
    },
)

TpuToolchainInfo = provider(
    doc = "The compiler's binaries.",
    fields = {
        "model_deploy": "FilesToRunProvider: top dialect to .bmodel.",
        "model_eval": "FilesToRunProvider: scores networks on data sets.",
        "model_runner": "FilesToRunProvider: runs a model on one input.",
        "model_tool": "FilesToRunProvider: looks into .bmodel files.",
        "model_transform": "FilesToRunProvider: source format to top dialect.",
        "npz_tool": "FilesToRunProvider: compares and prints .npz files.",
        "onnxruntime_runner": "FilesToRunProvider: runs an ONNX model with ONNX Runtime.",
        "run_calibration": "FilesToRunProvider: finds the range of each tensor.",
        "run_qtable": "FilesToRunProvider: finds the operations to keep in float.",
    },
)
