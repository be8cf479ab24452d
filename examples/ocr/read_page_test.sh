#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# read_page_test.sh OCR PAGE.png TEXT: OCR reads the text of the page, in any
# order of its lines, and draws boxes.
set -uo pipefail

TPU_DEVICE=simulator "$1" "$2" "$TEST_TMPDIR/boxes.png" >"$TEST_TMPDIR/found" || exit 1
cat "$TEST_TMPDIR/found"
diff <(cut -d' ' -f6- "$TEST_TMPDIR/found" | sort) <(sort "$3") || exit 1
if cmp -s "$2" "$TEST_TMPDIR/boxes.png"; then
  echo "no boxes were drawn"
  exit 1
fi
message=$("$1" "$3" 2>&1) && exit 1
[[ $message == "ocr: "*"cannot read the image"* ]] || { echo "another message: $message"; exit 1; }
