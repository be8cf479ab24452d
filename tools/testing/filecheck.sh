#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# filecheck.sh SOURCE TOOL...: runs the RUN lines of SOURCE; see filecheck.bzl.
set -euo pipefail

source_file=$1
shift
bin=$TEST_TMPDIR/bin
mkdir -p "$bin"
for tool in "$@"; do
  ln -sf "$PWD/$tool" "$bin/${tool##*/}"
done
export PATH=$bin:$PATH
temporary=$TEST_TMPDIR/out

# One command a line, continuation lines joined.
commands=$(sed -n 's/^.*RUN: *//p' "$source_file" |
  sed -e ':a' -e '/\\$/{N;s/\\\n//;ba}')
if [[ -z $commands ]]; then
  echo "$source_file has no RUN line, so it tests nothing" >&2
  exit 1
fi

while IFS= read -r command; do
  command=${command//%s/$source_file}
  command=${command//%S/$(dirname "$source_file")}
  command=${command//%t/$temporary}
  if ! bash -c "set -o pipefail; $command"; then
    echo "failed: $command" >&2
    exit 1
  fi
done <<<"$commands"
