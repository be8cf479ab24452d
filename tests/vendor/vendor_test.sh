#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# vendor_test.sh PROGRAM ARG...: see vendor.bzl.
set -euo pipefail

ORACLE_HOME=$(<../oracle/home.txt)
if [[ ! -d $ORACLE_HOME ]]; then
  echo "The vendor's software is not in $ORACLE_HOME; type: tools/oracle/setup.sh" >&2
  exit 1
fi
export ORACLE_HOME
export ORACLE=$PWD/tools/oracle/oracle
# The vendor's tools write scratch files to the home folder.
export HOME=$TEST_TMPDIR TMPDIR=$TEST_TMPDIR

exec "$ORACLE" exec "$@"
