# SPDX-License-Identifier: Apache-2.0
"""Debian's rules_cc, made to work with Debian's Bazel 4.2.

Two of its files load `use_cpp_toolchain`, which appears in Bazel 5. Newer
versions have CcInfo in a file of its own, where tools look for it.
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
    rctx.file("cc/common/BUILD.bazel", "exports_files([\"cc_info.bzl\"])\n", executable = False)
    rctx.file("cc/common/native.bzl", "native_cc_info = CcInfo\n", executable = False)
    rctx.file(
        "cc/common/cc_info.bzl",
        "load(\":native.bzl\", \"native_cc_info\")\n\nCcInfo = native_cc_info\n",
        executable = False,
    )

rules_cc_repository = repository_rule(
    implementation = _rules_cc_impl,
    doc = "rules_cc of the package bazel-rules-cc.",
    local = True,
)
