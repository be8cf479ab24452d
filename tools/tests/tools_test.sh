#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command-line tools on a real network: results, exit codes, messages, and
# that a failure leaves no file.
set -uo pipefail

transform=$1 runner=$2 npz=$3 model=$4 image=$5
work=$TEST_TMPDIR
failures=0

fail() {
  echo "FAIL: $*"
  failures=$((failures + 1))
}

# expect CODE PATTERN COMMAND...: exit code, and a line of the output.
expect() {
  local code=$1 pattern=$2 output
  shift 2
  output=$("$@" 2>&1)
  local actual=$?
  ((actual == code)) || fail "exit code $actual, expected $code: $*: $output"
  grep -qe "$pattern" <<<"$output" || fail "no '$pattern' from $*: $output"
}

convert=("$transform" --model_name cls --model_def "$model")
shapes="--input_shapes=[[1,3,48,192]]"

for tool in "$transform" "$runner" "$npz"; do
  expect 0 usage "$tool" --help
done

# Conversion, with the comparison.
expect 0 "tensors compared" "${convert[@]}" "$shapes" --mlir "$work/cls.mlir" \
  --test_input "$image" --test_result "$work/top.npz" \
  --input_npz "$work/in.npz" --tolerance 0.9999,0.999
for file in cls.mlir cls_weight.npz top.npz in.npz; do
  [[ -s $work/$file ]] || fail "$file is missing"
done

# The same bytes again, at another path.
mkdir "$work/other"
expect 0 "" "${convert[@]}" "$shapes" --mlir "$work/other/cls.mlir"
cmp "$work/cls.mlir" "$work/other/cls.mlir" || fail "cls.mlir differs"
cmp "$work/cls_weight.npz" "$work/other/cls_weight.npz" || fail "weights differ"

# Running both, and comparing the outputs.
expect 0 "" "$runner" --model "$work/cls.mlir" --input "$image" \
  --output "$work/a.npz"
expect 0 "" "$runner" --model "$model" --input "$image" --output "$work/b.npz"
expect 0 "1 tensors compared" "$npz" compare "$work/a.npz" "$work/b.npz" \
  --tolerance 0.9999,0.999
expect 0 "equal bits" "$npz" compare "$work/a.npz" "$work/top.npz" --exact -v
expect 1 "nothing was compared" "$npz" compare "$work/a.npz" "$work/in.npz"

# npz_tool's other commands.
name=$("$npz" dump "$work/a.npz" | cut -d' ' -f1)
expect 0 "(1, 2)  f32" "$npz" dump "$work/a.npz"
expect 0 "^$name" "$npz" dump "$work/a.npz" output
expect 0 "" "$npz" rename "$work/a.npz" "$name" renamed
expect 0 "^renamed" "$npz" dump "$work/a.npz"
expect 0 "" "$npz" extract "$work/top.npz" "$work/one.npz" x
expect 0 "^x  (1, 3, 48, 192)" "$npz" dump "$work/one.npz"
expect 0 "" "$npz" to_dat "$work/one.npz" "$work/one.dat"
[[ $(stat -c %s "$work/one.dat") == $((3 * 48 * 192 * 4)) ]] || fail "to_dat"
expect 1 "has no array 'typo'" "$npz" extract "$work/top.npz" "$work/z" typo

# Bad input: a message, exit code 1, no file.
bad=(--mlir "$work/bad.mlir")
expect 1 "give it with --input_shapes" "${convert[@]}" "${bad[@]}"
expect 1 "has rank 4" "${convert[@]}" "${bad[@]}" --input_shapes "[[1,3]]"
expect 1 "post-processing" "${convert[@]}" "${bad[@]}" --add_postprocess yolov5
expect 1 "no node computes 'typo'" "${convert[@]}" "$shapes" "${bad[@]}" \
  --output_names typo
expect 1 "absent.onnx" "$transform" --model_name cls --model_def absent.onnx \
  "${bad[@]}"
head -c 5000 "$model" >"$work/cut.onnx"
expect 1 "not an ONNX model" "$transform" --model_name cls --model_def \
  "$work/cut.onnx" "${bad[@]}"
expect 1 "absent.npz" "${convert[@]}" "$shapes" "${bad[@]}" \
  --test_input absent.npz
compgen -G "$work/bad*" && fail "a failure left files"
compgen -G "$work/*tmp*" && fail "a temporary file is left"

((failures == 0))
