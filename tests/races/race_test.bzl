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
    _program_test(name, "race_test.cc", bmodels, size, [
        "//compiler/isa:codes",
        "//compiler/target/bm1684x:footprint",
        "//runtime/races:program_races",
    ], **kwargs)

def access_test(name, bmodels, size = "medium", **kwargs):
    """The bytes that the simulator says an instruction uses are those that it does use.

    Args:
      name: the test.
      bmodels: labels of .bmodel files, whose instructions are tried.
      size: of the test.
      **kwargs: tags, visibility and other common attributes.
    """
    _program_test(name, "access_test.cc", bmodels, size, [
        "//compiler/isa:codes",
        "//compiler/isa:instruction",
        "//runtime/simulator:access_probe",
        "@com_google_absl//absl/status",
    ], **kwargs)

def _program_test(name, src, bmodels, size, deps, **kwargs):
    cc_test(
        name = name,
        size = size,
        srcs = ["//tests/races:" + src],
        args = ["$(rootpath %s)" % bmodel for bmodel in bmodels],
        copts = ["-O2"],
        data = bmodels,
        deps = deps + [
            "//runtime/races:waits",
            "//runtime/simulator",
            "//tests/races:programs",
            "@com_google_absl//absl/strings",
            "@com_google_googletest//:gtest",
        ],
        **kwargs
    )

def no_races_test(name, bmodels, size = "medium", **kwargs):
    """Runs `model_runner --check-races` on bmodels, each with an input.

    Args:
      name: the test.
      bmodels: dictionary: label of a .bmodel file to label of an .npz.
      size: of the test.
      **kwargs: tags, visibility and other common attributes.
    """
    files = [label for pair in bmodels.items() for label in pair]
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//tests/races:no_races_test.sh"],
        args = ["$(rootpath %s)" % label for label in ["//tools:model_runner"] + files],
        data = ["//tools:model_runner"] + bmodels.keys() + [label for label in {label: None for label in bmodels.values()}],
        **kwargs
    )
