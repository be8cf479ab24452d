#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finds the programs to compare and starts simulator.py.
set -euo pipefail

ORACLE_HOME=$(<../oracle/home.txt)
export ORACLE_HOME
export ORACLE=$PWD/tools/oracle/oracle
export MODEL_RUNNER=$PWD/tools/model_runner

exec python3 benchmarks/simulator.py "$@"
