#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finds the programs to compare and starts the benchmark that is named first.
set -euo pipefail

if [[ -f ../oracle/home.txt ]]; then
  ORACLE_HOME=$(<../oracle/home.txt)
  export ORACLE_HOME
fi
export ORACLE=$PWD/tools/oracle/oracle TOOLS=$PWD/tools

benchmark=$1
shift
exec python3 "benchmarks/$benchmark" "$@"
