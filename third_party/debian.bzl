# SPDX-License-Identifier: Apache-2.0
"""Repositories made of files that Debian packages install.

The files are symbolic links, so that actions declare them as inputs and an
upgrade of the package changes the cache key.
"""

def missing(packages, path):
    """Fails with the command that installs `packages`, which provide `path`."""
    fail("%s is missing. Run ./bazelw, or install it: apt-get install --no-install-recommends %s" % (
        path,
        " ".join(packages),
    ))

def link(rctx, packages, links):
    """Links system files into the repository.

    Args:
      rctx: the repository context.
      packages: Debian packages, named when a file is absent.
      links: dict from absolute path to the path in the repository.
    """
    for source, destination in links.items():
        if not rctx.path(source).exists:
            missing(packages, source)
        rctx.symlink(source, destination)

def _debian_repository_impl(rctx):
    link(rctx, rctx.attr.packages, rctx.attr.links)
    for label, destination in rctx.attr.files.items():
        rctx.symlink(label, destination)
    if rctx.attr.build_file:
        rctx.symlink(rctx.attr.build_file, "BUILD.bazel")

debian_repository = repository_rule(
    implementation = _debian_repository_impl,
    doc = "A repository of links to files of Debian packages.",
    local = True,
    attrs = {
        "build_file": attr.label(
            doc = "Becomes the repository's BUILD.bazel.",
            allow_single_file = True,
        ),
        "files": attr.label_keyed_string_dict(
            doc = "Files of this workspace, and where they go.",
            allow_files = True,
        ),
        "links": attr.string_dict(
            doc = "Absolute path of a system file or folder, and where its link goes.",
        ),
        "packages": attr.string_list(
            doc = "Debian packages that provide the links.",
            mandatory = True,
        ),
    },
)

def children(rctx, folder, packages, leave_out):
    """Absolute path -> name for the entries of a system folder.

    Args:
      rctx: the repository context.
      folder: absolute path.
      packages: named when the folder is absent.
      leave_out: names that are not wanted.

    Returns:
      A dict that `link` accepts.
    """
    path = rctx.path(folder)
    if not path.exists:
        missing(packages, folder)
    return {
        str(folder) + "/" + entry.basename: entry.basename
        for entry in path.readdir()
        if entry.basename not in leave_out
    }

def _debian_rules_impl(rctx):
    link(rctx, rctx.attr.packages, children(
        rctx,
        rctx.attr.folder,
        rctx.attr.packages,
        ["WORKSPACE", "MODULE.bazel", "tests", "tools", "third_party", "gazelle"],
    ))

debian_rules = repository_rule(
    implementation = _debian_rules_impl,
    doc = "A rule set that Debian installs, without its WORKSPACE and tests.",
    local = True,
    attrs = {
        "folder": attr.string(doc = "Where it is installed.", mandatory = True),
        "packages": attr.string_list(doc = "Debian packages that install it.", mandatory = True),
    },
)
