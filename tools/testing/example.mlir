// RUN: split-file %s %t
// RUN: mlir-opt %t/good.mlir -canonicalize \
// RUN:   | FileCheck %s
// RUN: not mlir-opt %t/bad.mlir 2>&1 | FileCheck %s --check-prefix=BAD

//--- good.mlir
// CHECK-LABEL: func.func @unused
// CHECK-NEXT: return
func.func @unused() {
  %0 = arith.constant 1 : i32
  return
}

//--- bad.mlir
// BAD: custom op 'nothing' is unknown
func.func private @f() { nothing }
