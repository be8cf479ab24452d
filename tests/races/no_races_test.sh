#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# no_races_test.sh MODEL_RUNNER BMODEL INPUT [BMODEL INPUT]...: the whole check,
# interleavings and patterns in local memory included, finds nothing.
set -uo pipefail

runner=$1
shift
failures=0
while (($# > 0)); do
  "$runner" --check-races --model "$1" --input "$2" \
    --output "$TEST_TMPDIR/out.npz" || failures=$((failures + 1))
  shift 2
done
((failures == 0))
