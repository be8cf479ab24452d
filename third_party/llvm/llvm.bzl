# SPDX-License-Identifier: Apache-2.0
"""@llvm-project from Debian's LLVM and MLIR 19, under upstream's labels.

The dependency graph comes from the CMake export files that the packages
carry. Each static library becomes a target named like it, less the prefix
`MLIR` or `LLVM`; where upstream's name differs there is an alias.
"""

load("//third_party:debian.bzl", "link", "missing")

_ROOT = "/usr/lib/llvm-19"
_PACKAGES = ["libmlir-19-dev", "mlir-19-tools", "llvm-19-dev", "llvm-19-tools"]

# Upstream's label -> name derived from the library.
_MLIR_ALIASES = {
    "BytecodeOpInterface": "IR",
    "CallOpInterfaces": "CallInterfaces",
    "CastOpInterfaces": "CastInterfaces",
    "DialectUtils": "DialectUtils",
    "InliningUtils": "TransformUtils",
    "MlirOptLib": "OptLib",
    "MlirTranslateMain": "TranslateLib",
    "OpAsmInterface": "IR",
    "QuantOps": "QuantDialect",
    "Rewrite": "Rewrite",
    "ToLLVMIRTranslation": "TargetLLVMIRExport",
}

# MLIR's export file names the single shared library LLVM; these are the
# static libraries that MLIR uses from it.
_LLVM_FOR_MLIR = [
    "Analysis",
    "AsmParser",
    "BitReader",
    "BitWriter",
    "Core",
    "FrontendOpenMP",
    "IRReader",
    "Support",
    "TargetParser",
    "TransformUtils",
]

_SYSTEM_LINKOPTS = {
    "ZLIB::ZLIB": "-lz",
    "dl": "-ldl",
    "m": "-lm",
    "rt": "-lrt",
    # The development package is not needed for a library that only
    # libLLVMSupport calls.
    "zstd::libzstd_shared": "-l:libzstd.so.1",
}

_MLIR_TOOLS = ["mlir-tblgen", "mlir-opt", "mlir-translate"]
_LLVM_TOOLS = ["FileCheck", "not", "split-file"]

def _parse_exports(text):
    """Library -> list of its link dependencies, from a CMake export file."""
    libraries = {}
    current = None
    for line in text.split("\n"):
        if line.startswith("add_library("):
            words = line[len("add_library("):].split(" ")
            current = words[0] if words[1] == "STATIC" else None
            if current:
                libraries[current] = []
        elif line.startswith("add_executable("):
            current = None
        elif current and line.startswith("  INTERFACE_LINK_LIBRARIES \""):
            libraries[current] = line.split("\"")[1].split(";")
    return libraries

def _unique(items):
    return {item: None for item in items}.keys()

def _library(headers, name, file, deps, linkopts):
    lines = ["cc_library(", "    name = \"%s\"," % name]
    if file:
        lines.append("    srcs = [\"lib/%s\"]," % file)
    lines.append("    linkopts = %s," % repr(linkopts))
    lines.append("    linkstatic = True,")
    lines.append("    deps = [%s] + %s," % (repr(headers), repr(deps)))
    lines.append(")\n")
    return "\n".join(lines)

def _build_text(rctx, package, prefix, libraries, aliases, tools):
    """BUILD text of one package, and links the archives that exist."""
    out = [
        "load(\"@rules_cc//cc:defs.bzl\", \"cc_library\")",
        "package(default_visibility = [\"//visibility:public\"])",
    ]
    if package == "mlir":
        out.append("load(\":tblgen.bzl\", \"td_library\")")
    names = {}
    for library, requires in libraries.items():
        archive = "lib" + library + ".a"
        if not library.startswith(prefix) or not rctx.path(_ROOT + "/lib/" + archive).exists:
            continue
        name = library[len(prefix):]
        if not name or name in tools or name in names:
            continue
        names[name] = True
        rctx.symlink(_ROOT + "/lib/" + archive, package + "/lib/" + archive)
        deps, linkopts = [], []
        for required in requires:
            required = required.replace("\\$<LINK_ONLY:", "").replace(">", "")
            if required in _SYSTEM_LINKOPTS:
                linkopts.append(_SYSTEM_LINKOPTS[required])
            elif required == "LLVM" and package == "mlir":
                deps.append("@llvm-project//llvm:for_mlir")
            elif required in libraries and required != library and rctx.path(_ROOT + "/lib/lib" + required + ".a").exists:
                deps.append(":" + required[len(prefix):])
            elif required.startswith("LLVM") and required != "LLVM" and package == "mlir":
                deps.append("@llvm-project//llvm:" + required[len("LLVM"):])
        out.append(_library(":headers", name, archive, _unique(deps), _unique(linkopts)))
    for alias, actual in aliases.items():
        if alias not in names and actual in names:
            out.append("alias(name = \"%s\", actual = \":%s\")" % (alias, actual))
    for tool in tools:
        path = _ROOT + "/bin/" + tool
        if not rctx.path(path).exists:
            missing(_PACKAGES, path)
        rctx.symlink(path, package + "/bin/" + tool)
        out.append("filegroup(name = \"%s\", srcs = [\"bin/%s\"])" % (tool, tool))
    return out

def _headers(globs, deps):
    return """cc_library(
    name = "headers",
    hdrs = glob(%s),
    includes = ["include"],
    deps = %s,
)
""" % (repr(globs), repr(deps))

def _llvm_project_impl(rctx):
    link(rctx, _PACKAGES, {
        _ROOT + "/include/llvm": "llvm/include/llvm",
        _ROOT + "/include/llvm-c": "llvm/include/llvm-c",
        _ROOT + "/include/mlir": "mlir/include/mlir",
        _ROOT + "/include/mlir-c": "mlir/include/mlir-c",
    })
    exports = {}
    for package, path in {
        "llvm": _ROOT + "/lib/cmake/llvm/LLVMExports.cmake",
        "mlir": _ROOT + "/lib/cmake/mlir/MLIRTargets.cmake",
    }.items():
        if not rctx.path(path).exists:
            missing(_PACKAGES, path)
        exports[package] = _parse_exports(rctx.read(path))

    llvm = _build_text(rctx, "llvm", "LLVM", exports["llvm"], {}, _LLVM_TOOLS)
    llvm.append(_headers(["include/**/*.h", "include/**/*.def", "include/**/*.inc", "include/**/*.gen"], []))
    llvm.append(_library(":headers", "for_mlir", None, [":" + name for name in _LLVM_FOR_MLIR], []))
    rctx.file("llvm/BUILD.bazel", "\n".join(llvm))

    mlir = _build_text(rctx, "mlir", "MLIR", exports["mlir"], _MLIR_ALIASES, _MLIR_TOOLS)
    mlir.append(_headers(["include/**/*.h", "include/**/*.def", "include/**/*.inc"], ["@llvm-project//llvm:headers"]))
    mlir.append("""td_library(
    name = "TdFiles",
    srcs = glob(["include/**/*.td"]),
    includes = ["include"],
)
""")

    # Upstream splits the .td files into many libraries; here they are one.
    for name in rctx.attr.td_libraries:
        mlir.append("alias(name = \"%s\", actual = \":TdFiles\")" % name)
    rctx.file("mlir/BUILD.bazel", "\n".join(mlir))
    rctx.symlink(rctx.attr._tblgen, "mlir/tblgen.bzl")
    rctx.file("BUILD.bazel", "")

llvm_project = repository_rule(
    implementation = _llvm_project_impl,
    doc = "LLVM and MLIR 19 of Debian, statically linked.",
    local = True,
    attrs = {
        "td_libraries": attr.string_list(
            doc = "Upstream's names of libraries of .td files.",
            default = [
                "ArithOpsTdFiles",
                "AttrTdFiles",
                "BuiltinDialectTdFiles",
                "CallInterfacesTdFiles",
                "CastInterfacesTdFiles",
                "ControlFlowInterfacesTdFiles",
                "DestinationStyleOpInterfaceTdFiles",
                "FuncTdFiles",
                "FunctionInterfacesTdFiles",
                "InferTypeOpInterfaceTdFiles",
                "LoopLikeInterfaceTdFiles",
                "OpBaseTdFiles",
                "PassBaseTdFiles",
                "QuantizationOpsTdFiles",
                "RewritePassBaseTdFiles",
                "SideEffectInterfacesTdFiles",
                "TilingInterfaceTdFiles",
                "ViewLikeInterfaceTdFiles",
            ],
        ),
        "_tblgen": attr.label(
            default = Label("//third_party/llvm:tblgen.bzl"),
            allow_single_file = True,
        ),
    },
)
