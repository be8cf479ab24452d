# SPDX-License-Identifier: Apache-2.0
"""Rules that compile networks; the public interface.

```starlark
load("@tpuc//rules:defs.bzl", "tpu_bmodel", "tpu_bmodel_test", "tpu_cc_library", "tpu_model")

tpu_model(
    name = "classifier",
    model = "classifier.onnx",
    input_shapes = [[1, 3, 48, 192]],
    test_input = "sample.npz",
)

tpu_bmodel(
    name = "classifier_f16",
    model = ":classifier",
    quantize = "F16",
)

tpu_bmodel_test(
    name = "classifier_f16_test",
    bmodel = ":classifier_f16",
)

tpu_cc_library(
    name = "classifier_cc",
    bmodel = ":classifier_f16",
)
```

`bazel build :classifier_f16` gives `classifier_f16.bmodel`; `bazel test
:classifier_f16_test` checks every stage of the way against the one before. A
`cc_binary` with `:classifier_cc` among its `deps` includes `classifier_cc.h`
and runs the network.
"""

load("//rules:providers.bzl", _TpuAccuracyInfo = "TpuAccuracyInfo", _TpuBmodelInfo = "TpuBmodelInfo", _TpuCalibrationInfo = "TpuCalibrationInfo", _TpuModelInfo = "TpuModelInfo")
load("//rules/private:tpu_accuracy.bzl", _tpu_accuracy = "tpu_accuracy", _tpu_accuracy_test = "tpu_accuracy_test")
load("//rules/private:tpu_bmodel.bzl", _tpu_bmodel = "tpu_bmodel")
load("//rules/private:tpu_bmodel_test.bzl", _tpu_bmodel_test = "tpu_bmodel_test")
load("//rules/private:tpu_calibration.bzl", _tpu_calibration = "tpu_calibration")
load("//rules/private:tpu_cc_library.bzl", _tpu_cc_library = "tpu_cc_library")
load("//rules/private:tpu_model.bzl", _tpu_model = "tpu_model")
load("//rules/private:tpu_qtable.bzl", _tpu_qtable = "tpu_qtable")

tpu_model = _tpu_model
tpu_bmodel = _tpu_bmodel
tpu_bmodel_test = _tpu_bmodel_test
tpu_calibration = _tpu_calibration
tpu_cc_library = _tpu_cc_library
tpu_qtable = _tpu_qtable
tpu_accuracy = _tpu_accuracy
tpu_accuracy_test = _tpu_accuracy_test

TpuModelInfo = _TpuModelInfo
TpuBmodelInfo = _TpuBmodelInfo
TpuAccuracyInfo = _TpuAccuracyInfo
TpuCalibrationInfo = _TpuCalibrationInfo
