# SPDX-License-Identifier: Apache-2.0
"""Tests against the vendor's software, selected by `--config=vendor`.

    vendor_test(
        name = "cls_f32_test",
        src = "run_model.py",
        args = ["$(rootpath //models/ppocr:cls_f32)"],
        data = ["//models/ppocr:cls_f32"],
    )

`./bazelw test --config=vendor //...` runs them; without that configuration
they are left out.
"""

def vendor_test(name, src, args = [], data = [], size = "large", tags = [], **kwargs):
    """A Python program that runs under `tools/oracle/oracle exec`.

    The working folder is the workspace's runfiles, so that `$(rootpath ...)`
    in `args` are paths the program can open. It may `import oracle_cmodel`,
    and write below $TEST_TMPDIR. $ORACLE names the oracle command.

    Args:
      name: the test.
      src: the program; it fails by an exit code other than zero.
      args: its arguments; `$(rootpath ...)` is expanded.
      data: files that it reads, binaries that it runs.
      size: of the test.
      tags: more tags.
      **kwargs: shard_count, visibility and other common attributes.
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//tests/vendor:vendor_test.sh"],
        args = ["$(rootpath %s)" % src] + args,
        data = [
            src,
            "//tools/oracle:files",
            "@oracle//:home.txt",
        ] + data,
        tags = ["vendor"] + tags,
        **kwargs
    )

def vendor_bmodel_test(name, bmodel, input, **kwargs):
    """Runs a bmodel on the vendor's runtime and on ours; every output must have equal bits.

    Args:
      name: the test.
      bmodel: label of one .bmodel file.
      input: label of an .npz with an array for each input of the network.
      **kwargs: attributes of `vendor_test`.
    """
    files = ["//tools:model_runner", "//tools:model_tool", bmodel, input]
    vendor_test(
        name = name,
        src = "//tests/vendor:bmodel.py",
        args = ["$(rootpath %s)" % label for label in files],
        data = files,
        **kwargs
    )
