// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "compiler/quantization/calibration_table.h"
#include "compiler/quantization/quantize_table.h"

namespace tpuc {

// In what arithmetic a network is computed.
struct LoweringOptions {
  std::string mode = "F32";  // F32, F16, BF16 or INT8
  bool asymmetric = false;   // zero points where there are negative numbers
  // The network takes, or gives, 8-bit integers instead of f32.
  bool quantized_inputs = false, quantized_outputs = false;
  // Needed where something is INT8; `calibration_file` is its name in errors.
  quantization::CalibrationTable calibration;
  std::string calibration_file;
  // Modes of single operators, by the names of their results.
  quantization::QuantizeTable quantize_table;
};

}  // namespace tpuc
