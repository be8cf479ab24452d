#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# accuracy.sh MODEL_EVAL SCORES.json... -- SCORES.json... --: a table for each
# group of scores.
set -euo pipefail

model_eval=$1
shift
models=()
for word; do
  if [[ $word != -- ]]; then
    models+=(--model "$word")
    continue
  fi
  "$model_eval" "${models[@]}"
  echo
  models=()
done
