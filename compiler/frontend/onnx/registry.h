// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "compiler/frontend/onnx/converter.h"

namespace tpuc::onnx_import {

// Builds the top operations of one node. Looks at node().opset() where the
// operator changed over time.
using Converter = absl::Status (*)(NodeContext& context);
using Registry = std::map<std::string, Converter>;  // by ONNX operator type

// All converters. A new family adds its line here and in registry.cc.
const Registry& Converters();

void RegisterActivations(Registry& registry);
void RegisterConvolutions(Registry& registry);
void RegisterElementwise(Registry& registry);
void RegisterMatrixProducts(Registry& registry);
void RegisterMovements(Registry& registry);
void RegisterNormalizations(Registry& registry);
void RegisterPools(Registry& registry);
void RegisterReductions(Registry& registry);
void RegisterResizes(Registry& registry);
void RegisterShapes(Registry& registry);

}  // namespace tpuc::onnx_import
