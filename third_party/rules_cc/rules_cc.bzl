# SPDX-License-Identifier: Apache-2.0
"""Debian's rules_cc, made to work with Debian's Bazel 4.2.

Two of its files load `use_cpp_toolchain`, which appears in Bazel 5.
"""

load("//third_party:debian.bzl", "children", "link")

_FOLDER = "/usr/share/bazel/rules/cc"
_PACKAGES = ["bazel-rules-cc"]
_REPLACED = "cc/private/rules_impl"

def _rules_cc_impl(rctx):
    top = children(rctx, _FOLDER, _PACKAGES, ["WORKSPACE", "MODULE.bazel", "tests", "tools", "third_party", "cc", "examples"])
    link(rctx, _PACKAGES, top)
    for folder, leave_out in [("cc", ["private"]), ("cc/private", ["rules_impl"])]:
        entries = children(rctx, _FOLDER + "/" + folder, _PACKAGES, leave_out)
        link(rctx, _PACKAGES, {k: folder + "/" + v for k, v in entries.items()})
    for path, name in children(rctx, _FOLDER + "/" + _REPLACED, _PACKAGES, []).items():
        destination = _REPLACED + "/" + name
        if not name.endswith(".bzl"):
            rctx.symlink(path, destination)
            continue
        text = rctx.read(path)
        text = text.replace(', "use_cpp_toolchain"', "")
        text = text.replace("use_cpp_toolchain()", '["@bazel_tools//tools/cpp:toolchain_type"]')
        rctx.file(destination, text, executable = False)

rules_cc_repository = repository_rule(
    implementation = _rules_cc_impl,
    doc = "rules_cc of the package bazel-rules-cc.",
    local = True,
)
