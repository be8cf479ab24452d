#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# exports_test.sh LIBRARY HEADER: the library exports the header's functions and
# nothing else.
set -euo pipefail

diff <(nm --dynamic --defined-only --format=posix "$1" | cut -d' ' -f1 | sort) \
  <(grep -o '\btpu_[a-z_]*(' "$2" | tr -d '(' | sort -u)
