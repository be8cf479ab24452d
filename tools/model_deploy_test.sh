#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# model_deploy_test.sh MODEL_DEPLOY: its command line, its errors, a network
# without weights, and that errors leave no file.
set -uo pipefail

tool=$PWD/$1
cd "$TEST_TMPDIR" || exit 1
failures=0

# expect EXIT_CODE TEXT ARGUMENTS...: TEXT must be among what the tool prints.
expect() {
  local code=$1 text=$2 output
  shift 2
  output=$("$tool" "$@" 2>&1)
  local found=$?
  if [[ $found != "$code" || $output != *"$text"* ]]; then
    echo "FAILED: $*: exit code $found, expected $code with '$text':"
    echo "$output"
    failures=$((failures + 1))
  fi
}

network() {  # FILE OPERATION: a network of one operation, 1x4x6x6 to the same
  cat > "$1" <<END
module attributes {module.name = "net", module.state = "TOP_F32"} {
  func.func @main(%arg: tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32> {
    %x = top.Input %arg : tensor<1x4x6x6xf32> loc("x")
    %y = $2 : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32> loc("y")
    return %y : tensor<1x4x6x6xf32>
  }
}
END
}

network exp.mlir '"top.Exp"(%x)'
network pool.mlir '"top.MaxPool"(%x) <{kernel_shape = array<i64: 33, 1>, strides = array<i64: 1, 1>, pads = array<i64: 16, 0, 16, 0>}>'
to=(--chip bm1684x --model out.bmodel)

expect 0 "usage: model_deploy --mlir FILE --quantize TYPE" --help
expect 1 "missing: --quantize TYPE" --mlir exp.mlir "${to[@]}"
expect 1 "unknown flag --quantise" --mlir exp.mlir --quantise F32 "${to[@]}"
expect 1 "--chip needs a value" --mlir exp.mlir --quantize F32 --model out.bmodel --chip
expect 1 "--quantize INT4 is not supported" --mlir exp.mlir --quantize INT4 "${to[@]}"
expect 1 "--quantize INT8 needs --calibration_table" --mlir exp.mlir --quantize INT8 "${to[@]}"
expect 1 "--chip bm1684 is not supported" --mlir exp.mlir --quantize F32 --chip bm1684 --model out.bmodel
expect 1 "cannot open 'none.txt'" --mlir exp.mlir --quantize INT8 "${to[@]}" --calibration_table none.txt
expect 1 "--test_reference needs --test_input" --mlir exp.mlir --quantize F32 "${to[@]}" --test_reference r.npz
expect 1 "absent.mlir" --mlir absent.mlir --quantize F32 "${to[@]}"
expect 1 "absent.npz" --mlir exp.mlir --quantize F32 "${to[@]}" --test_input absent.npz
expect 1 "pool.mlir: 'y': " --mlir pool.mlir --quantize F32 "${to[@]}"
echo 'func.func @main(' > broken.mlir
expect 1 "broken.mlir" --mlir broken.mlir --quantize F32 "${to[@]}"
if [[ -e out.bmodel ]]; then
  echo "FAILED: an error left out.bmodel"
  failures=$((failures + 1))
fi

expect 0 "" --mlir exp.mlir --quantize=f16 "${to[@]}"
mv out.bmodel first.bmodel
mkdir -p elsewhere && cp exp.mlir elsewhere/net.mlir
expect 0 "" --mlir elsewhere/net.mlir --quantize F16 "${to[@]}"
if ! cmp first.bmodel out.bmodel; then
  echo "FAILED: the same network from another place gives other bytes"
  failures=$((failures + 1))
fi

# 8-bit inputs and outputs are checked with the same float test input.
printf 'x 3 -3 2\ny 21 0 21\n' > ranges.txt
python3 - <<'END'
import struct
values = [(i * 37 % 97) / 20 - 2.5 for i in range(144)]
header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4, 6, 6), }"
header += b" " * (117 - len(header)) + b"\n"
with open("x.npy", "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<144f", *values))
END
integers=(--quantize INT8 --calibration_table ranges.txt --quant_input --quant_output --test_input x.npy)
expect 0 "tensors compared, equal bits" --mlir exp.mlir "${to[@]}" "${integers[@]}"
expect 0 "tensors compared, equal bits" --mlir exp.mlir "${to[@]}" "${integers[@]}" --asymmetric
exit $((failures > 0))
