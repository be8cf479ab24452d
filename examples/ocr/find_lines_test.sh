#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# find_lines_test.sh OCR PAGE.png TEXT ANGLE: OCR finds the lines of the page,
# all turned by the angle, and draws boxes.
set -uo pipefail

TPU_DEVICE=simulator "$1" "$2" "$TEST_TMPDIR/boxes.png" >"$TEST_TMPDIR/found" || exit 1
cat "$TEST_TMPDIR/found"
if (($(grep -c " $4\$" "$TEST_TMPDIR/found") != $(wc -l <"$3"))); then
  echo "not the lines of $3, turned by $4"
  exit 1
fi
if cmp -s "$2" "$TEST_TMPDIR/boxes.png"; then
  echo "no boxes were drawn"
  exit 1
fi
message=$("$1" "$3" 2>&1) && exit 1
[[ $message == "ocr: "*"cannot read the image"* ]] || { echo "another message: $message"; exit 1; }
