#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# model_tool_test.sh MODEL_TOOL MODEL.bmodel: its command line. The model has
# the nets "product", of two stages, and "other".
set -uo pipefail

tool=$1
model=$2
tmp=$TEST_TMPDIR
failures=0

# expect EXIT_CODE TEXT COMMAND...: TEXT must be among what the command prints.
expect() {
  local code=$1 text=$2 output
  shift 2
  output=$("$@" 2>&1)
  local found=$?
  if [[ $found != "$code" || $output != *"$text"* ]]; then
    echo "FAILED: $*: exit code $found, expected $code with '$text':"
    echo "$output"
    failures=$((failures + 1))
  fi
}

expect 0 "usage: model_tool info FILE" "$tool" --help
expect 0 "usage: model_tool info FILE" "$tool" asm --help
expect 1 "which command?" "$tool"
expect 1 "unknown command 'dis'" "$tool" dis x
expect 1 "unknown option --net" "$tool" info --net x
expect 1 "info takes one file, found 2" "$tool" info a b
expect 1 "-o needs a value" "$tool" disasm a -o
expect 1 "asm needs --into FILE and -o OUT" "$tool" asm a
expect 1 "$tmp/missing" "$tool" info "$tmp/missing"
echo "no bmodel" >"$tmp/text"
expect 1 "$tmp/text: bmodel: this is not a bmodel file" "$tool" info "$tmp/text"
expect 1 "$tmp/text: bmodel: this is not" "$tool" disasm "$tmp/text" -o "$tmp/out"
printf '.group net=0 stage=0 group=0\n.tiu\nsAR.plus\n' >"$tmp/bad.asm"
expect 1 "$tmp/bad.asm:3:5: sAR has no sub-opcode 'plus'" \
  "$tool" asm "$tmp/bad.asm" --into "$tmp/text" -o "$tmp/out"

# Files taken apart and put together.
for part in product:0 product:1 other:0; do
  expect 0 "" "$tool" extract "$model" --net "${part%:*}" --stage "${part#*:}" \
    -o "$tmp/$part"
done
expect 0 "" "$tool" combine "$tmp/product:0" "$tmp/product:1" "$tmp/other:0" \
  -o "$tmp/whole"
expect 0 "" cmp "$model" "$tmp/whole"
expect 0 "" "$tool" --combine "$tmp/product:0" "$tmp/other:0" -o "$tmp/two"
expect 0 "" "$tool" --extract "$tmp/two" --net other -o "$tmp/other"
expect 0 "" cmp "$tmp/other" "$tmp/other:0"
expect 0 "" "$tool" extract "$tmp/other" -o "$tmp/same"
expect 0 "" cmp "$tmp/other" "$tmp/same"
expect 0 "net other, address mode 0" "$tool" --info "$tmp/two"
expect 1 "combine needs -o OUT" "$tool" combine "$model"
expect 1 "combine takes files, found none" "$tool" combine -o "$tmp/out"
expect 1 "net 'product' with input shapes [2, 4] is in $tmp/product:0 and in $model" \
  "$tool" combine "$tmp/product:0" "$model" -o "$tmp/out"
expect 1 "$tmp/text: bmodel: this is not" "$tool" combine "$model" "$tmp/text" -o "$tmp/out"
expect 1 "$tmp/missing" "$tool" combine "$tmp/missing" -o "$tmp/out"
expect 1 "holds several nets; choose one with --net: product, other" \
  "$tool" extract "$model" -o "$tmp/out"
expect 1 "there is no net 'x'" "$tool" extract "$model" --net x -o "$tmp/out"
expect 1 "--stage is '-1'" "$tool" extract "$model" --net other --stage -1 -o "$tmp/out"
expect 1 "extract needs -o OUT" "$tool" extract "$model" --net other
expect 1 "header needs --namespace" "$tool" header "$model" -o "$tmp/out"
expect 1 "'a::1b' is no name of a C++ namespace" \
  "$tool" header "$model" --namespace a::1b --symbol s -o "$tmp/out"
expect 1 "'class' is no C++ name" \
  "$tool" header "$model" --namespace a --symbol class -o "$tmp/out"
if [[ -e $tmp/out ]]; then
  echo "FAILED: an output was written in spite of an error"
  failures=$((failures + 1))
fi
exit $((failures != 0))
