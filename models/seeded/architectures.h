// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "onnx/onnx-ml.pb.h"

namespace tpuc::models {

// Graphs of published networks, at their published sizes, with batch
// normalization as nodes of their own, as exporters leave it when they don't
// fold. A parameter has a shape and no values yet: it is a ConstantOfShape, as
// in the light models that come with onnx. SeedParameters gives it values.

// ResNet-18 (He et al., arXiv:1512.03385): 1x3x224x224 to 1000 logits.
onnx::ModelProto ResNet18();

// MobileNet v2, width 1 (Sandler et al., arXiv:1801.04381): 1x3x224x224 to
// 1000 logits.
onnx::ModelProto MobileNetV2();

// YOLOv5s (release 6): depth 0.33, width 0.50, 80 classes, 1x3x640x640. The
// outputs are the three raw heads, [1, 3, rows, columns, 85].
onnx::ModelProto Yolov5s();

}  // namespace tpuc::models
