// SPDX-License-Identifier: Apache-2.0
// write_test_model FILE: a bmodel with the nets "product", of two stages, and
// "other", of one.
#include <iostream>

#include "compiler/support/file.h"
#include "runtime/test_models.h"

int main(int argc, char** argv) {
  using namespace tpuc::runtime;
  if (argc != 2) return 1;
  ProductOptions four;
  four.size = 4;
  tpuc::bmodel::Model model =
      ProductModel({ProductStage(), ProductStage(four)});
  model.nets.push_back(model.nets[0]);
  model.nets[1].name = "other";
  model.nets[1].stages.pop_back();
  const absl::Status status =
      tpuc::WriteFileAtomically(argv[1], BytesOf(model));
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
