#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# same_bytes_test.sh MODEL_TOOL MODEL.bmodel: the file keeps its bytes through
# disassembly and assembly, and our verifier accepts its instructions.
set -euo pipefail

"$1" verify "$2"
"$1" disasm "$2" -o "$TEST_TMPDIR/listing"
[[ $(grep -c cmd_id "$TEST_TMPDIR/listing") -gt 50 ]]
"$1" asm "$TEST_TMPDIR/listing" --into "$2" -o "$TEST_TMPDIR/again"
cmp "$TEST_TMPDIR/again" "$2"
"$1" disasm "$TEST_TMPDIR/again" | cmp - "$TEST_TMPDIR/listing"
