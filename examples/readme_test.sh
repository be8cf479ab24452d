#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# readme_test.sh README.md SOURCE...: the README's code blocks are the sources,
# of at most 40 lines each.
set -euo pipefail

readme=$(<"$1")
shift
for source in "$@"; do
  language=${source##*.}
  [[ $language != cc ]] || language=cpp
  text=$(<"$source")
  lines=$(wc -l <"$source")
  if ((lines > 40)); then
    echo "$source has $lines lines; 40 are promised" >&2
    exit 1
  fi
  if [[ $readme != *'```'"$language"$'\n'"$text"$'\n```'* ]]; then
    echo "README.md does not show $source as it is in a block of language $language" >&2
    exit 1
  fi
done
