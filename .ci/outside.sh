#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# outside.sh EVENTS: makes a release, unpacks it, and tests examples/ocr beside
# it, as a user would: no code of the compiler may be compiled, and a change of
# the application must not compile a model. Bazel's events of the tests go to
# the file EVENTS. Exit code: Bazel's, or 4 where one of these facts is wrong.
set -uo pipefail

events=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./bazelw build --noshow_progress //tools/release || exit

# A folder of its own, the same each time, so that Bazel finds its results.
top=${XDG_CACHE_HOME:-${HOME:-~}/.cache}/tpuc/outside
rm -rf "$top"
mkdir -p "$top/examples"
archives=(bazel-bin/tools/release/tpuc-*-linux-x86_64.tar.gz)
tar --extract --gzip --strip-components=1 --directory="$top" --file="${archives[0]}" || exit
cp -r examples/ocr "$top/examples/ocr"
cd "$top/examples/ocr" || exit
bazelw=$top/bazelw
trap '"$bazelw" shutdown' EXIT

"$bazelw" test --noshow_progress --build_event_json_file="$events" //...
status=$?
((status == 0 || status == 3)) || exit $status

actions=$("$bazelw" aquery --noshow_progress 'deps(//...)') || exit
if [[ $actions != *"Mnemonic: ModelDeploy"* || $actions == *llvm-project* ]]; then
  echo "outside.sh: models are not compiled with the release alone" >&2
  exit 4
fi

"$bazelw" build --noshow_progress //:ocr || exit
echo "// Changed." >>main.cc
executed=$("$bazelw" build --noshow_progress --subcommands //:ocr 2>&1 | grep '^SUBCOMMAND')
if [[ -z $executed ]] || grep -v 'SUBCOMMAND: # //:ocr ' <<<"$executed"; then
  echo "outside.sh: a change of main.cc runs other actions than its own" >&2
  exit 4
fi
exit $status
