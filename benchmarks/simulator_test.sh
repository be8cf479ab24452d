#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
exec python3 benchmarks/simulator_test.py
