#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# profile_test.sh MODEL_RUNNER MODEL_TOOL MODEL.bmodel [TEXT]: --profile needs no
# inputs, writes a JSON trace, the same every time, and prints a summary that
# holds TEXT; its total is that of `model_tool cycles`.
set -uo pipefail

runner=$1 tool=$2 model=$3 text=${4:-}
tmp=$TEST_TMPDIR
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

"$runner" --profile "$tmp/a.json" --model "$model" >"$tmp/summary" || fail "no profile"
cat "$tmp/summary"
"$runner" --profile="$tmp/b.json" --model="$model" >"$tmp/again" || fail "no second profile"
cmp "$tmp/a.json" "$tmp/b.json" || fail "traces differ"
cmp "$tmp/summary" "$tmp/again" || fail "summaries differ"
grep -qF -- "$text" "$tmp/summary" || fail "the summary lacks '$text'"

total=$("$tool" cycles "$model" | sed -n 's/^total \([0-9]*\) cycles$/\1/p')
grep -q ": $total cycles, " "$tmp/summary" || fail "model_tool counts $total cycles"
python3 - "$tmp/a.json" "$total" <<'EOF' || fail "not a trace of $total cycles"
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
slices = [e for e in events if e["ph"] == "X"]
end = max(round(1000 * (e["ts"] + e["dur"])) for e in slices)
tracks = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
sys.exit(not (end == int(sys.argv[2]) and tracks == {"TIU", "GDMA"} and len(slices) > 100))
EOF

# refuse TEXT ARGUMENT...
refuse() {
  local what=$1 output
  shift
  output=$("$runner" "$@" 2>&1) && fail "$* is accepted"
  [[ $output == *"$what"* ]] || fail "$*: $output"
  [[ ! -e $tmp/c.json ]] || fail "$* leaves a file"
}
refuse "missing: --output FILE" --profile "$tmp/c.json" --model "$model" --input x.npz
refuse "missing: --input FILE, --output FILE" --model "$model"
refuse "--profile is for .bmodel files" --profile "$tmp/c.json" --model x.mlir
refuse "missing.bmodel" --profile "$tmp/c.json" --model "$tmp/missing.bmodel"
exit $((failures != 0))
