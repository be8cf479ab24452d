# SPDX-License-Identifier: Apache-2.0
"""Rules that run mlir-tblgen, with the interface of upstream's rules.

    td_library(
        name = "TopOpsTdFiles",
        srcs = ["TopDialect.td", "TopOps.td"],
        deps = ["@llvm-project//mlir:OpBaseTdFiles"],
    )

    gentbl_cc_library(
        name = "TopOpsIncGen",
        tbl_outs = [
            (["-gen-op-decls"], "TopOps.h.inc"),
            (["-gen-op-defs"], "TopOps.cc.inc"),
        ],
        td_file = "TopOps.td",
        deps = [":TopOpsTdFiles"],
    )

Paths of `include` statements start at the workspace or at an include folder
of a `td_library`.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")

TdInfo = provider(
    doc = "TableGen sources with what they include.",
    fields = {
        "includes": "depset of include folders",
        "sources": "depset of files",
    },
)

def _folder(ctx, include):
    parts = [p for p in [ctx.label.workspace_root, ctx.label.package, include] if p]
    return "/".join(parts)

def _td_library_impl(ctx):
    sources = depset(
        ctx.files.srcs,
        transitive = [d[TdInfo].sources for d in ctx.attr.deps],
    )
    return [
        DefaultInfo(files = sources),
        TdInfo(
            sources = sources,
            includes = depset(
                [_folder(ctx, i) for i in ctx.attr.includes],
                transitive = [d[TdInfo].includes for d in ctx.attr.deps],
            ),
        ),
    ]

td_library = rule(
    implementation = _td_library_impl,
    doc = "A set of TableGen files that others include.",
    attrs = {
        "deps": attr.label_list(doc = "Libraries that these files include.", providers = [TdInfo]),
        "includes": attr.string_list(doc = "Include folders, relative to the package."),
        "srcs": attr.label_list(doc = "The .td files.", allow_files = [".td"]),
    },
)

def _gentbl_impl(ctx):
    includes = depset(transitive = [d[TdInfo].includes for d in ctx.attr.deps])
    sources = depset(ctx.files.td_srcs, transitive = [d[TdInfo].sources for d in ctx.attr.deps])
    args = ctx.actions.args()
    args.add_all(ctx.attr.opts)
    args.add(ctx.file.td_file)

    # Paths from the root of the workspace that the target is in.
    root = ctx.label.workspace_root
    args.add("-I" + (root or "."))
    args.add_all(includes, format_each = "-I%s")
    args.add("-I" + "/".join([p for p in [ctx.bin_dir.path, root] if p]))
    args.add("-o", ctx.outputs.out)
    ctx.actions.run(
        outputs = [ctx.outputs.out],
        inputs = depset([ctx.file.td_file], transitive = [sources]),
        executable = ctx.executable.tblgen,
        arguments = [args],
        mnemonic = "MlirTblgen",
        progress_message = "Generating %s" % ctx.outputs.out.short_path,
    )
    return [DefaultInfo(files = depset([ctx.outputs.out]))]

gentbl_rule = rule(
    implementation = _gentbl_impl,
    doc = "Generates one file with mlir-tblgen.",
    attrs = {
        "deps": attr.label_list(doc = "Libraries that td_file includes.", providers = [TdInfo]),
        "opts": attr.string_list(doc = "Options, such as -gen-op-decls."),
        "out": attr.output(doc = "The generated file.", mandatory = True),
        "tblgen": attr.label(
            doc = "The generator.",
            default = Label("@llvm-project//mlir:mlir-tblgen"),
            allow_single_file = True,
            executable = True,
            cfg = "exec",
        ),
        "td_file": attr.label(doc = "The file to read.", allow_single_file = True, mandatory = True),
        "td_srcs": attr.label_list(doc = "More files that it includes.", allow_files = True),
    },
)

def gentbl_filegroup(name, tbl_outs, td_file, tblgen = "@llvm-project//mlir:mlir-tblgen", td_srcs = [], deps = [], **kwargs):
    """Generates files with mlir-tblgen.

    Args:
      name: a filegroup of the generated files.
      tbl_outs: list of (options, file) pairs.
      td_file: the file to read.
      tblgen: the generator.
      td_srcs: more files that td_file includes.
      deps: td_library targets that it includes.
      **kwargs: visibility and other common attributes.
    """
    outs = []
    for opts, out in tbl_outs:
        gentbl_rule(
            name = "%s_%s" % (name, out.replace("/", "_")),
            opts = [opts] if type(opts) == "string" else opts,
            out = out,
            td_file = td_file,
            td_srcs = td_srcs,
            tblgen = tblgen,
            deps = deps,
            visibility = ["//visibility:private"],
        )
        outs.append(out)
    native.filegroup(name = name, srcs = outs, **kwargs)

def gentbl_cc_library(name, tbl_outs, td_file, tblgen = "@llvm-project//mlir:mlir-tblgen", td_srcs = [], deps = [], **kwargs):
    """Generates C++ fragments with mlir-tblgen; a cc_library of them.

    Args:
      name: the cc_library; `<name>_filegroup` holds the files.
      tbl_outs: list of (options, file) pairs.
      td_file: the file to read.
      tblgen: the generator.
      td_srcs: more files that td_file includes.
      deps: td_library targets that it includes.
      **kwargs: visibility and other common attributes.
    """
    gentbl_filegroup(
        name = name + "_filegroup",
        tbl_outs = tbl_outs,
        td_file = td_file,
        tblgen = tblgen,
        td_srcs = td_srcs,
        deps = deps,
        **kwargs
    )
    cc_library(
        name = name,
        textual_hdrs = [":" + name + "_filegroup"],
        **kwargs
    )
