# SPDX-License-Identifier: Apache-2.0
"""Tests written as comments of their input, checked with FileCheck.

    filecheck_test(
        name = "canonicalize_test",
        src = "canonicalize.mlir",
    )

The source holds one or more lines

    // RUN: tpuc-opt %s -canonicalize | FileCheck %s

each a shell command that must succeed. A line that ends in a backslash goes
on in the next RUN line. In a command, %s is the source, %S its folder and %t
a path that the test may write to. FileCheck, not, split-file and the tool
are on the PATH.
"""

def filecheck_test(name, src, tool = "//tools:tpuc-opt", tools = [], data = [], size = "small", **kwargs):
    """Runs the RUN lines of one file.

    Args:
      name: the test.
      src: the file that holds the RUN lines.
      tool: the binary under test; RUN lines call it by its target's name.
      tools: more binaries that RUN lines call.
      data: files that the commands read, found beside %s.
      size: of the test.
      **kwargs: tags, visibility and other common attributes.
    """
    binaries = [tool] + tools + [
        "@llvm-project//llvm:FileCheck",
        "@llvm-project//llvm:not",
        "@llvm-project//llvm:split-file",
    ]
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//tools/testing:filecheck.sh"],
        args = ["$(rootpath %s)" % src] + ["$(rootpath %s)" % b for b in binaries],
        data = [src] + binaries + data,
        **kwargs
    )

def filecheck_tests(srcs, **kwargs):
    """One filecheck_test for each file: `a.mlir` gives `a_mlir_test`.

    Args:
      srcs: the files, usually a glob.
      **kwargs: attributes of filecheck_test.
    """
    for src in srcs:
        filecheck_test(
            name = src.replace(".", "_").replace("/", "_") + "_test",
            src = src,
            **kwargs
        )
