#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every network of models/networks.bzl in every arithmetic on the vendor's
# runtime and on ours, compares the outputs' bits, and prints a table. Arguments
# go to Bazel. What was run before and hasn't changed is not run again.
#
#   tests/vendor/networks.sh --local_test_jobs=1
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
status=0
./bazelw test --config=vendor --keep_going "$@" //tests/vendor:networks || status=$?

format='%-22s %12s %10s %10s  %s\n'
# shellcheck disable=SC2059
printf "\n$format" network "our cycles" "ours, s" "vendor's, s" "outputs' bits"
for test in $(./bazelw query 'tests(//tests/vendor:networks)' 2>/dev/null | sort); do
  log=bazel-testlogs/tests/vendor/${test#*:}/test.log
  row=$(grep -h '^row: ' "$log" 2>/dev/null | cut -d' ' -f2-)
  # shellcheck disable=SC2059,SC2086
  printf "$format" ${row:-${test#*:} - - - "not compared"}
done
exit "$status"
