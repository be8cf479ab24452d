# SPDX-License-Identifier: Apache-2.0
"""Tests of the race check on whole programs."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def race_test(name, bmodels, size = "medium", **kwargs):
    """Programs have no race, but without any one of their waits they have one.

    Every wait is deleted, and made one older: the check must find a race
    exactly when two instructions that share memory lose their order. Also, the
    compiler's footprints must cover the bytes that the simulator uses.

    Args:
      name: the test.
      bmodels: labels of .bmodel files.
      size: of the test.
      **kwargs: tags, visibility and other common attributes.
    """
    cc_test(
        name = name,
        size = size,
        srcs = ["//tests/races:race_test.cc"],
        args = ["$(rootpath %s)" % bmodel for bmodel in bmodels],
        copts = ["-O2"],
        data = bmodels,
        deps = [
            "//compiler/bmodel",
            "//compiler/isa:codes",
            "//compiler/support:file",
            "//compiler/target/bm1684x:footprint",
            "//runtime/races:program_races",
            "//runtime/races:waits",
            "//runtime/simulator",
            "@com_google_absl//absl/status:statusor",
            "@com_google_absl//absl/strings",
            "@com_google_googletest//:gtest",
        ],
        **kwargs
    )
