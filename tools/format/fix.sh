#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lays out every source file as tools/format/check.sh wants it.
exec "$(dirname "${BASH_SOURCE[0]}")/check.sh" --fix
