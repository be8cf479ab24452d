#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# npz_tool_test.sh NPZ_TOOL MAKE_TEST_IMAGE
set -euo pipefail

npz_tool=$1
image=$2
scratch=$TEST_TMPDIR

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# refuses TEXT COMMAND...: the command fails with exit code 1 and says TEXT.
refuses() {
  local text=$1 output status=0
  shift
  output=$("$@" 2>&1) || status=$?
  ((status == 1)) || fail "$*: exit code $status, not 1"
  [[ $output == *"$text"* ]] || fail "$*: no '$text' in: $output"
}

"$image" --name a --shape 1,2,8,9 --seed 1 --output "$scratch/one.npz"
"$image" --name a --shape 1,2,8,9 --seed 1 --output "$scratch/again.npz"
"$image" --name a --shape 1,2,8,9 --seed 2 --output "$scratch/two.npz"
"$image" --name b --shape 1,2,8,9 --seed 1 --output "$scratch/other.npz"
cmp "$scratch/one.npz" "$scratch/again.npz" || fail "the same seed gave other bytes"

"$npz_tool" compare "$scratch/one.npz" "$scratch/again.npz" --exact
refuses "'a'" "$npz_tool" compare "$scratch/one.npz" "$scratch/two.npz" --tolerance 0.99,0.99
refuses "'a'" "$npz_tool" compare "$scratch/one.npz" "$scratch/two.npz" --tolerance 0,0 --exact
"$npz_tool" compare "$scratch/one.npz" "$scratch/two.npz" --tolerance 0,0
refuses "nothing was compared" "$npz_tool" compare "$scratch/one.npz" "$scratch/other.npz"
refuses "nothing was compared" "$npz_tool" compare "$scratch/one.npz" "$scratch/again.npz" --excepts a
refuses "'b'" "$npz_tool" compare "$scratch/other.npz" "$scratch/one.npz" --whole_target
row='"count": 3, "non_finite": 0, "equal": false, "euclidean": "0.97", "max_abs_difference": "1", "max_abs_difference_index": 2'
echo '{"targets": 2, "references": 1, "only_target": ["b"], "rows": [{"name": "a", "cosine": "0.98", '"$row"'}]}' >"$scratch/alike.json"
"$npz_tool" compare "$scratch/alike.json" --tolerance 0.98,0.97
refuses "'a'" "$npz_tool" compare "$scratch/alike.json" --tolerance 0.98,0.98
refuses "'a'" "$npz_tool" compare "$scratch/alike.json" --tolerance 0.98,0.97 --exact
refuses "'b'" "$npz_tool" compare "$scratch/alike.json" --tolerance 0,0 --whole_target
refuses "nothing was compared" "$npz_tool" compare "$scratch/alike.json" --excepts a
refuses "no/such.json" "$npz_tool" compare no/such.json
refuses "no/such.npz" "$npz_tool" compare "$scratch/one.npz" no/such.npz

# one.npz: 144 values of a picture.
[[ $("$npz_tool" spread "$scratch/one.npz" --min_distinct 10) == *"'a': "*"different values among 144"* ]] || fail "spread"
refuses "'a' hardly varies" "$npz_tool" spread "$scratch/one.npz" --min_distinct 144
refuses "'a' hardly varies" "$npz_tool" spread "$scratch/one.npz" --min_distinct 10 --min_deviation 5
refuses "no tensor to check" "$npz_tool" spread "$scratch/one.npz" --excepts a
refuses "it takes a count" "$npz_tool" spread "$scratch/one.npz" --min_distinct some
refuses "it takes a number" "$npz_tool" spread "$scratch/one.npz" --min_deviation -1

[[ $("$npz_tool" dump "$scratch/one.npz") == *"(1, 2, 8, 9)"* ]] || fail "dump gives no shape"
refuses "'c'" "$npz_tool" dump "$scratch/one.npz" c
"$npz_tool" rename "$scratch/again.npz" a c
refuses "nothing was compared" "$npz_tool" compare "$scratch/one.npz" "$scratch/again.npz"
"$npz_tool" extract "$scratch/again.npz" "$scratch/extracted.npz" c
"$npz_tool" compare "$scratch/extracted.npz" "$scratch/again.npz" --exact
refuses "'a'" "$npz_tool" extract "$scratch/again.npz" "$scratch/none.npz" a
[[ ! -e $scratch/none.npz ]] || fail "extract left a file behind an error"
"$npz_tool" to_dat "$scratch/one.npz" "$scratch/one.dat"
[[ $(stat -c %s "$scratch/one.dat") == $((4 * 2 * 8 * 9)) ]] || fail "to_dat wrote another size"
