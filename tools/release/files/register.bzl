# SPDX-License-Identifier: Apache-2.0
"""Registers the compiler of this release."""

# buildifier: disable=unnamed-macro
def register_tpu_toolchains():
    """Registers the toolchain, for the WORKSPACE of another workspace."""
    native.register_toolchains("@tpuc//rules/toolchain:prebuilt")
