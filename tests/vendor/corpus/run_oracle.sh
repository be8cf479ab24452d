#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run_oracle.sh HOME_FILE COMMAND ARG...: runs the oracle installed in the
# folder that HOME_FILE names; prints what it says only when it fails.
set -euo pipefail

ORACLE_HOME=$(<"$1")
shift
export ORACLE_HOME
if [[ ! -d $ORACLE_HOME ]]; then
  echo "The vendor's software is not in $ORACLE_HOME; type: tools/oracle/setup.sh" >&2
  exit 1
fi

# The vendor's tools write scratch files to the home folder.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch TMPDIR=$scratch

# A list of samples becomes the folder that the calibrator wants.
args=()
while (($#)); do
  if [[ $1 == --data ]]; then
    mkdir "$scratch/samples"
    IFS=, read -r -a samples <<<"$2"
    for i in "${!samples[@]}"; do
      cp "${samples[i]}" "$scratch/samples/$i.npz"
    done
    args+=(--data "$scratch/samples")
    shift 2
  else
    args+=("$1")
    shift
  fi
done

if ! tools/oracle/oracle "${args[@]}" >"$scratch/log" 2>&1; then
  cat "$scratch/log" >&2
  exit 1
fi
