# SPDX-License-Identifier: Apache-2.0
"""Static libraries of Debian packages for 64-bit ARM.

apt-get downloads the packages with a package index of its own; the system and
its list of architectures stay as they are, and no rights of root are needed.
"""

def _run(rctx, what, arguments):
    result = rctx.execute(arguments, environment = {"LC_ALL": "C"}, timeout = 600)
    if result.return_code != 0:
        fail("@%s: %s failed:\n%s%s" % (rctx.name, what, result.stdout, result.stderr))
    return result.stdout

def _version(rctx, package):
    """The installed version for this machine, whose headers are used."""
    return _run(rctx, "asking for the version of " + package, [
        "dpkg-query",
        "--show",
        "--showformat=${Version}",
        package,
    ])

def _debian_arm64_impl(rctx):
    index = str(rctx.path("index"))
    apt = ["apt-get", "--quiet"]
    for option in [
        "APT::Architecture=arm64",
        "APT::Architectures::=arm64",
        "APT::Sandbox::User=root",
        "Dir::Cache=" + index + "/cache",
        "Dir::State=" + index + "/state",
        "Dir::State::status=" + index + "/status",
        "Debug::NoLocking=true",
    ]:
        apt += ["--option", option]
    _run(rctx, "making folders", [
        "mkdir",
        "-p",
        index + "/cache/archives/partial",
        index + "/state/lists/partial",
    ])
    rctx.file("index/status", "")
    _run(rctx, "fetching the index of packages for arm64", apt + ["update"])
    for package in rctx.attr.packages + rctx.attr.newest:
        what, name = "downloading %s for arm64" % package, package
        if package in rctx.attr.packages:
            version = _version(rctx, package)
            what += " in version %s (there is another? upgrade %s first)" % (version, package)
            name += "=" + version
        folder = "packages/" + package
        _run(rctx, "making a folder", ["mkdir", "-p", folder])
        _run(rctx, what, ["sh", "-c", "cd \"$0\" && exec \"$@\"", folder] + apt + ["download", name])
        _run(rctx, "unpacking " + package, ["sh", "-c", "dpkg-deb --extract \"$0\"/*.deb .", folder])
    for rest in ["index", "packages", "usr/include", "usr/share"]:
        rctx.delete(rest)
    rctx.file("BUILD.bazel", """
package(default_visibility = ["//visibility:public"])

exports_files(glob(["lib/*.a"]))
""")
    rctx.symlink("usr/lib/aarch64-linux-gnu", "lib")

debian_arm64_repository = repository_rule(
    implementation = _debian_arm64_impl,
    doc = "The static libraries of packages, as //:lib/NAME.a.",
    attrs = {
        "newest": attr.string_list(
            doc = "Packages of a stable binary interface, in the newest version: security " +
                  "updates replace the earlier ones. Headers are those of this machine.",
        ),
        "packages": attr.string_list(
            doc = "Packages, which must be installed for this machine too: " +
                  "the version is the same, and so are the headers.",
            mandatory = True,
        ),
    },
)
