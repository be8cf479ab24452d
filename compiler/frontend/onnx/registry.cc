// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {

const Registry& Converters() {
  static const Registry* const registry = [] {
    auto* r = new Registry;
    RegisterActivations(*r);
    RegisterConvolutions(*r);
    RegisterElementwise(*r);
    RegisterMatrixProducts(*r);
    RegisterMovements(*r);
    RegisterNormalizations(*r);
    RegisterPools(*r);
    RegisterReductions(*r);
    RegisterResizes(*r);
    RegisterShapes(*r);
    return r;
  }();
  return *registry;
}

}  // namespace tpuc::onnx_import
