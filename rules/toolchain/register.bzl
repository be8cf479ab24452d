# SPDX-License-Identifier: Apache-2.0
"""Registers the compiler that is built from this repository."""

# buildifier: disable=unnamed-macro
def register_tpu_toolchains():
    """Registers the toolchains, for the WORKSPACE of another workspace."""
    native.register_toolchains(
        "@tpuc//rules/toolchain:native",
        "@tpuc//rules/toolchain:cross",
    )
