#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# runs_alike_test.sh MODEL_RUNNER NPZ_TOOL MODEL.bmodel INPUT.npz OUTPUTS.npz
#
# What our runtime computes has the bits of OUTPUTS, which the vendor's computed.
set -euo pipefail

"$1" --model "$3" --input "$4" --output "$TEST_TMPDIR/ours.npz"
"$2" compare "$TEST_TMPDIR/ours.npz" "$5" --exact --whole_target -v
