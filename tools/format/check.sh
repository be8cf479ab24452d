#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the layout of C and C++ sources (clang-format) and of BUILD and Starlark
# files (buildifier, with its lint). With --fix, changes them.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
fix=false
[[ ${1:-} != --fix ]] || fix=true

mapfile -t cpp < <(git ls-files --cached --others --exclude-standard '*.h' '*.c' '*.cc')
mapfile -t bazel < <(git ls-files --cached --others --exclude-standard \
  'WORKSPACE' '*BUILD.bazel' '*.BUILD' '*.bzl')

# Lints for rules that leave Bazel in version 8, for which Debian has no package.
lint=--warnings=-native-cc-binary,-native-cc-common,-native-cc-library,-native-cc-proto,-native-cc-test,-native-proto,-native-sh-binary,-native-sh-test

buildifier=tools/format/buildifier.sh
status=0
if $fix; then
  clang-format-19 -i "${cpp[@]}"
  "$buildifier" --lint=fix "$lint" "${bazel[@]}"
else
  clang-format-19 --dry-run --Werror "${cpp[@]}" || status=1
  "$buildifier" --mode=check --lint=warn "$lint" "${bazel[@]}" || status=1
  if ((status)); then
    echo "To change the files: tools/format/fix.sh" >&2
  fi
fi
exit $status
