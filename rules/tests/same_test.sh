#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# same_test.sh FILE...: all have the same bytes, and more than none.
set -euo pipefail
[[ $# -gt 1 && -s $1 ]]
for file; do cmp "$1" "$file"; done
