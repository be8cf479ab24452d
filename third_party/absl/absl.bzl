# SPDX-License-Identifier: Apache-2.0
"""@com_google_absl from Debian's libabsl-dev, under upstream's labels.

The dependency graph comes from the pkg-config files; the packages of the
labels follow upstream's folders.
"""

load("//third_party:debian.bzl", "link", "missing")

_PACKAGES = ["libabsl-dev"]
_LIBRARIES = "/usr/lib/x86_64-linux-gnu"

# Upstream's package -> its targets; "label=name" where pkg-config has another
# name. Targets of other packages are internal to Abseil.
_LABELS = {
    "algorithm": ["algorithm", "container=algorithm_container"],
    "base": ["base", "config", "core_headers", "dynamic_annotations", "endian", "log_severity", "prefetch"],
    "cleanup": ["cleanup"],
    "container": [
        "btree",
        "fixed_array",
        "flat_hash_map",
        "flat_hash_set",
        "inlined_vector",
        "node_hash_map",
        "node_hash_set",
    ],
    "debugging": ["failure_signal_handler", "leak_check", "stacktrace", "symbolize"],
    "flags": [
        "commandlineflag=flags_commandlineflag",
        "config=flags_config",
        "flag=flags",
        "marshalling=flags_marshalling",
        "parse=flags_parse",
        "reflection=flags_reflection",
        "usage=flags_usage",
    ],
    "functional": ["any_invocable", "bind_front", "function_ref"],
    "hash": ["hash"],
    "memory": ["memory"],
    "meta": ["type_traits"],
    "numeric": ["bits", "int128"],
    "random": ["random=random_random", "distributions=random_distributions"],
    "status": ["status", "statusor"],
    "strings": ["cord", "str_format", "strings"],
    "synchronization": ["synchronization"],
    "time": ["time"],
    "types": ["any", "compare", "optional", "span", "variant"],
    "utility": ["utility"],
}

def _parse(text):
    """Dependencies and archives of one pkg-config file."""
    deps, libs = [], []
    for line in text.split("\n"):
        if line.startswith("Requires:"):
            for item in line[len("Requires:"):].split(","):
                if item.strip():
                    deps.append(item.strip().split(" ")[0])
        elif line.startswith("Libs:"):
            libs = [w[2:] for w in line.split(" ") if w.startswith("-labsl_")]
    return deps, libs

def _absl_impl(rctx):
    link(rctx, _PACKAGES, {"/usr/include/absl": "include/absl"})
    out = [
        "load(\"@rules_cc//cc:defs.bzl\", \"cc_library\")",
        "package(default_visibility = [\"//absl:__subpackages__\"])",
        """cc_library(
    name = "headers",
    hdrs = glob(["include/**/*.h", "include/**/*.inc"]),
    includes = ["include"],
    linkopts = ["-pthread"],
)""",
    ]
    configs = rctx.path(_LIBRARIES + "/pkgconfig")
    for entry in sorted([str(e) for e in configs.readdir() if e.basename.startswith("absl_")]):
        name = entry.split("/")[-1][:-len(".pc")]
        deps, libs = _parse(rctx.read(entry))
        archives = ["lib/lib%s.a" % lib for lib in libs]
        for archive in archives:
            rctx.symlink("%s/%s" % (_LIBRARIES, archive[len("lib/"):]), archive)

        # Debian's archives can't be part of a shared library. There the
        # linker takes Abseil's own shared libraries, by this script.
        scripts = []
        for lib in libs:
            scripts.append("lib/lib%s.pic.a" % lib)
            rctx.file(scripts[-1], "INPUT(-l%s)\n" % lib, executable = False)
        out.append("cc_library(name = %s, srcs = select(%s), linkstatic = True, deps = %s)" % (
            repr(name),
            repr({
                "@tpuc//tools/toolchains/aarch64": ["@debian_arm64//:" + a for a in archives],
                "//conditions:default": archives + scripts,
            }),
            repr([":headers"] + [":" + d for d in deps]),
        ))
    rctx.file("BUILD.bazel", "\n".join(out))
    for package, labels in _LABELS.items():
        text = ["package(default_visibility = [\"//visibility:public\"])"]
        for label in labels:
            name, _, actual = label.partition("=")
            actual = "absl_" + (actual or name)
            if not rctx.path("%s/pkgconfig/%s.pc" % (_LIBRARIES, actual)).exists:
                missing(_PACKAGES, "%s/pkgconfig/%s.pc" % (_LIBRARIES, actual))
            text.append("alias(name = %s, actual = \"//:%s\")" % (repr(name), actual))
        rctx.file("absl/%s/BUILD.bazel" % package, "\n".join(text))
    rctx.file("absl/BUILD.bazel", "")

absl_repository = repository_rule(
    implementation = _absl_impl,
    doc = "Abseil of Debian, statically linked into programs.",
    local = True,
)
