#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# command_line_test.sh MODEL_RUNNER MODEL_TOOL BMODEL INPUT: model_runner
# --check-races on the program, and on copies that lack a wait.
set -uo pipefail

runner=$1 tool=$2 bmodel=$3 input=$4
tmp=$TEST_TMPDIR
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# check EXIT_CODE PATTERN BMODEL
check() {
  local output
  output=$("$runner" --check-races --model "$3" --input "$input" \
    --output "$tmp/out.npz" 2>&1)
  local found=$?
  ((found == $1)) || fail "exit code $found, expected $1: $3: $output"
  grep -qe "$2" <<<"$output" || fail "no '$2' for $3: $output"
  if (($1 == 0)); then
    [[ -s $tmp/out.npz ]] || fail "no outputs"
  else
    [[ ! -e $tmp/out.npz ]] || fail "outputs in spite of an error"
  fi
  rm -f "$tmp/out.npz"
}

check 0 "" "$bmodel"

# without ENGINE: a copy without the last wait of that engine.
without() {
  "$tool" disasm "$bmodel" |
    awk -v engine="$1" '
      /^\./ { section = $1 }
      { line[NR] = $0; if (section == "." engine && / cmd_id_dep=/) last = NR }
      END {
        sub(/ cmd_id_dep=[0-9]+/, "", line[last])
        for (i = 1; i <= NR; ++i) print line[i]
      }' >"$tmp/$1.asm"
  "$tool" asm "$tmp/$1.asm" --into "$bmodel" -o "$tmp/$1.bmodel" ||
    fail "cannot assemble without a wait of $1"
}

for engine in tiu gdma; do
  without "$engine"
  # Instructions behind it may rely on it, too.
  check 1 "^.*: [1-9] wait.* missing or too old:" "$tmp/$engine.bmodel"
  check 1 "TIU instruction [0-9]* (s.*, at byte 0x.*) and GDMA instruction [0-9]* (DMA.* bytes 0x.* of lanes* .*Let [TG].* wait for" \
    "$tmp/$engine.bmodel"
done

echo >"$tmp/net.mlir"
check 1 "check-races is for .bmodel files" "$tmp/net.mlir"

((failures == 0))
