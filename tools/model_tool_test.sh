#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# model_tool_test.sh MODEL_TOOL: its command line, without a model.
set -uo pipefail

tool=$1
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
expect 1 "-o needs a file name" "$tool" disasm a -o
expect 1 "asm needs --into FILE and -o OUT" "$tool" asm a
expect 1 "$tmp/missing" "$tool" info "$tmp/missing"
echo "no bmodel" >"$tmp/text"
expect 1 "$tmp/text: bmodel: this is not a bmodel file" "$tool" info "$tmp/text"
expect 1 "$tmp/text: bmodel: this is not" "$tool" disasm "$tmp/text" -o "$tmp/out"
printf '.group net=0 stage=0 group=0\n.tiu\nsAR.plus\n' >"$tmp/bad.asm"
expect 1 "$tmp/bad.asm:3:5: sAR has no sub-opcode 'plus'" \
  "$tool" asm "$tmp/bad.asm" --into "$tmp/text" -o "$tmp/out"
if [[ -e $tmp/out ]]; then
  echo "FAILED: an output was written in spite of an error"
  failures=$((failures + 1))
fi
exit $((failures != 0))
