# SPDX-License-Identifier: Apache-2.0
"""Repositories made of Python wheels, pinned by hash.

Wheels are fetched by `pip download` with the caller's pip settings, and kept
by hash in ${XDG_CACHE_HOME:-$HOME/.cache}/tpuc/wheels, so that another
checkout, or one without a network, finds them there.
"""

_PYTHON = "/usr/bin/python3"

# Some files of a wheel.
_UNPACK = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2], sys.argv[3:])"

def _keep_folder(rctx):
    env = rctx.os.environ
    if env.get("XDG_CACHE_HOME"):
        return env["XDG_CACHE_HOME"] + "/tpuc/wheels"
    if env.get("HOME"):
        return env["HOME"] + "/.cache/tpuc/wheels"
    return None

def _execute(rctx, arguments, what):
    result = rctx.execute(arguments, timeout = 900)
    if result.return_code != 0:
        fail("%s failed:\n%s%s" % (what, result.stdout, result.stderr))
    return result.stdout

def _fetch(rctx, requirement, sha256):
    """Puts the wheel at wheels/<sha256>.zip."""
    destination = "wheels/%s.zip" % sha256
    keep = _keep_folder(rctx)
    kept = keep + "/" + sha256 + ".whl" if keep else None
    if kept and rctx.path(kept).exists:
        # The copy is checked again: a folder in the home directory may rot.
        found = _execute(rctx, ["sha256sum", kept], "Reading " + kept).split(" ")[0]
        if found == sha256:
            _execute(rctx, ["cp", kept, str(rctx.path(destination))], "Copying " + kept)
            return destination
    rctx.file("requirements.txt", "%s --hash=sha256:%s\n" % (requirement, sha256))
    _execute(rctx, [
        _PYTHON,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--dest=download",
        "--requirement=requirements.txt",
    ], "Downloading %s (apt-get install python3-pip, if pip is missing)" % requirement)
    wheel = [e for e in rctx.path("download").readdir() if e.basename.endswith(".whl")][0]
    _execute(rctx, ["mv", str(wheel), str(rctx.path(destination))], "Moving " + requirement)
    if kept:
        # Not every caller may write there; the wheel is in place either way.
        rctx.execute(["sh", "-c", "mkdir -p \"$1\" && cp \"$2\" \"$3.$$\" && mv \"$3.$$\" \"$3\"", "sh", keep, str(rctx.path(destination)), kept])
    return destination

def _wheels_impl(rctx):
    rctx.file("wheels/README", "")
    for requirement, sha256 in rctx.attr.wheels.items():
        wheel = _fetch(rctx, requirement, sha256)
        if rctx.attr.keep:
            _execute(rctx, [_PYTHON, "-c", _UNPACK, wheel, rctx.attr.folder or "."] + rctx.attr.keep, "Unpacking " + requirement)
        else:
            rctx.extract(wheel, output = rctx.attr.folder)
        rctx.delete(wheel)
    rctx.delete("wheels")
    rctx.delete("download")
    for path in rctx.attr.leave_out:
        rctx.delete(path)
    rctx.symlink(rctx.attr.build_file, "BUILD.bazel")

python_wheels = repository_rule(
    implementation = _wheels_impl,
    doc = "A repository of the files in some wheels.",
    attrs = {
        "build_file": attr.label(
            doc = "Becomes the repository's BUILD.bazel.",
            allow_single_file = True,
            mandatory = True,
        ),
        "folder": attr.string(doc = "Where the wheels are unpacked."),
        "keep": attr.string_list(doc = "The only paths that are unpacked; everything without it."),
        "leave_out": attr.string_list(doc = "Paths that are deleted after unpacking."),
        "wheels": attr.string_dict(
            doc = "\"name==version\" -> SHA-256 of the wheel.",
            mandatory = True,
        ),
    },
)
