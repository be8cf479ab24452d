# SPDX-License-Identifier: Apache-2.0
"""@oracle: where the vendor's software is installed.

Only tests tagged `vendor` depend on it, and only `--config=vendor` selects
them, so that other builds never fetch it.
"""

def _oracle_impl(rctx):
    environment = rctx.os.environ
    home = environment.get("ORACLE_HOME")
    if not home:
        if not environment.get("HOME"):
            fail("set ORACLE_HOME to the folder of the oracle: HOME is not set either")
        home = environment["HOME"] + "/.cache/tpu-oracle"
    setup = rctx.path(rctx.attr._setup)
    result = rctx.execute([str(setup), "--quiet", "--home", home], timeout = 3600, quiet = False)
    if result.return_code != 0:
        fail(("The vendor's software could not be set up in %s:\n%s%s\n" +
              "Type: apt-get install --no-install-recommends maven python3-pip && tools/oracle/setup.sh\n") %
             (home, result.stdout, result.stderr))
    rctx.file("home.txt", home + "\n", executable = False)
    rctx.file("BUILD.bazel", "exports_files([\"home.txt\"])\n", executable = False)

oracle_repository = repository_rule(
    implementation = _oracle_impl,
    doc = "Runs tools/oracle/setup.sh and holds the folder that it installed to.",
    environ = ["ORACLE_HOME"],
    attrs = {
        "_setup": attr.label(
            default = Label("//tools/oracle:setup.sh"),
            allow_single_file = True,
        ),
    },
)
