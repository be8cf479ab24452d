# SPDX-License-Identifier: Apache-2.0
"""What the WORKSPACE of another workspace calls.

```starlark
local_repository(
    name = "tpuc",
    path = "../tpuc",
)

load("@tpuc//rules:workspace.bzl", "tpuc_workspace")

tpuc_workspace()
```
"""

load("//rules/toolchain:register.bzl", "register_tpu_toolchains")
load("//third_party:repositories.bzl", "tpuc_dependencies")

# buildifier: disable=unnamed-macro
def tpuc_workspace():
    """Declares the repositories that the rules need, and registers the compiler."""
    tpuc_dependencies()
    register_tpu_toolchains()
