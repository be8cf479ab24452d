#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A release has the same bytes wherever it is built.
#
#   release_test.sh ARCHIVE MAKE_ARCHIVE
set -euo pipefail
archive=$1 make_archive=$2
scratch=$TEST_TMPDIR

# No file in it names a folder that it was built in: the workspace, Bazel's
# output base, a sandbox. The runfiles are links to the first two.
workspace=$(realpath "${BASH_SOURCE[0]}")
workspace=${workspace%/tools/release/*}
output=$(realpath "$archive")
folders=("$workspace"/{compiler,runtime,tools}/ "${output%%/execroot/*}/" bazel-sandbox)
mkdir "$scratch/release"
tar --extract --gzip --directory="$scratch/release" --file="$archive"
[[ -x $(echo "$scratch"/release/*/bin/model_deploy) ]] || {
  echo "the release has no bin/model_deploy" >&2
  exit 1
}
for folder in "${folders[@]}"; do
  if grep --recursive --text --fixed-strings --files-with-matches -e "$folder" "$scratch/release"; then
    echo "these files of the release name $folder, where it was built" >&2
    exit 1
  fi
done

# An archive depends on names and contents alone: not on where the files lie,
# when they were written, or who may read them.
make() {
  local folder=$scratch/$1
  mkdir -p "$folder"
  printf 'text\n' >"$folder/$2"
  printf '#!/bin/sh\n' >"$folder/$3"
  touch --date="$4" "$folder"/*
  chmod "$5" "$folder"/*
  printf '%s\n' "$folder/out.tar.gz" top a.txt "$folder/$2" tools/b.sh "$folder/$3" >"$folder/parameters"
  "$make_archive" "$folder/parameters"
}
make one a b "2001-01-01" 644
make two/deeper x y "2021-12-31 23:59:59" 755
cmp "$scratch/one/out.tar.gz" "$scratch/two/deeper/out.tar.gz"
