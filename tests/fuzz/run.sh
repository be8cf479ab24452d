#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzz tests longer than continuous integration does:
#
#   tests/fuzz/run.sh MUTATIONS [TEST...]     tests: bmodel decoder image onnx
#
# FUZZ_SEED=N in the environment draws other mutations. An input that fails is
# left in the working directory (tests/fuzz/README.md).
set -euo pipefail

if (($# == 0)) || [[ ! $1 =~ ^[0-9]+$ ]]; then
  sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 1
fi
runs=$1
shift
tests=("$@")
((${#tests[@]})) || tests=(bmodel decoder image onnx)
here=$(pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
targets=("${tests[@]/#///tests/fuzz:}")
./bazelw build "${targets[@]/%/_fuzz_test}"
for test in "${tests[@]}"; do
  echo "== $test, $runs mutations"
  (cd "bazel-bin/tests/fuzz/${test}_fuzz_test.runfiles/tpuc" &&
    FUZZ_RUNS=$runs TEST_UNDECLARED_OUTPUTS_DIR=$here \
      "../../${test}_fuzz_test") 2>&1 |
    grep -Ev '^#[0-9]+[[:space:]]+(NEW|REDUCE)|NEW_FUNC'
done
