# SPDX-License-Identifier: Apache-2.0
"""The version of a release."""

TPUC_VERSION = "0.1.0"
