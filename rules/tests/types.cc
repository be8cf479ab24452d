// SPDX-License-Identifier: Apache-2.0
// What a generated header lets a program do, and what not; rules/tests.
#include <array>
#include <utility>

#include "rules/tests/product_cc.h"

namespace product = tpuc::test::product;
using Product = product::ProductStage0;

void Use(Product::Inputs& inputs, Product::Outputs& outputs) {
  static_assert(decltype(Product::Outputs::y)::kShape[0] == 8);
  inputs.x(1, 3) = 2.5f;
  float* data = inputs.x.data();
  data[0] = outputs.y[0];
#ifdef WRONG_TYPE
  int* integers = inputs.x.data();
  (void)integers;
#endif
#ifdef WRONG_NAME
  inputs.picture(0, 0) = 1;
#endif
#ifdef WRONG_RANK
  inputs.x(0) = 1;
#endif
#ifdef WRONG_INDEX
  inputs.x(0, 1.5) = 1;
#endif
#ifdef WRONG_SHAPE
  inputs.x = outputs.y;
#endif
#ifdef WRONG_SIZE
  inputs.x = decltype(inputs.x)(std::array<float, 9>());
#endif
#ifdef WRONG_STAGE
  product::ProductStage1::Inputs other;
  auto runner = tpuc::runtime::TypedRunner<Product>::Create(nullptr);
  runner->Run(other, outputs).IgnoreError();
#endif
#ifdef WRONG_LIFETIME
  auto runner = tpuc::runtime::TypedRunner<Product>::Create(nullptr);
  runner->RunAsync(Product::Inputs(), outputs).IgnoreError();
#endif
#ifdef WRONG_DIRECTION
  auto runner = tpuc::runtime::TypedRunner<Product>::Create(nullptr);
  runner->Run(outputs, inputs).IgnoreError();
#endif
}
