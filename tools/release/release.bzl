# SPDX-License-Identifier: Apache-2.0
"""The archive of a release."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_LINK_STATIC_LIBRARY_ACTION_NAME", "STRIP_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

def _is_ours(label):
    return label.workspace_name == ""

def _tools(ctx):
    cc_toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(ctx = ctx, cc_toolchain = cc_toolchain)
    paths = {
        name: cc_common.get_tool_for_action(
            feature_configuration = features,
            action_name = action,
        )
        for name, action in {
            "ar": CPP_LINK_STATIC_LIBRARY_ACTION_NAME,
            "strip": STRIP_ACTION_NAME,
        }.items()
    }
    return struct(files = cc_toolchain.all_files, **paths)

def _objects(cc_info):
    """The objects of this workspace's libraries; they fit shared libraries too."""
    objects = {}
    for linker_input in cc_info.linking_context.linker_inputs.to_list():
        if _is_ours(linker_input.owner):
            for library in linker_input.libraries:
                for file in library.pic_objects or library.objects or []:
                    objects[file] = True
    return objects.keys()

def _archive_objects(ctx, tools, objects):
    archive = ctx.actions.declare_file("libtpuc_runtime.a")
    args = ctx.actions.args()

    # q: two objects may have one name. D: no times or users.
    args.add("qcsD")
    args.add(archive)
    args.add_all(objects)
    ctx.actions.run(
        outputs = [archive],
        inputs = objects,
        executable = tools.ar,
        tools = tools.files,
        arguments = [args],
        mnemonic = "ReleaseLibrary",
        progress_message = "Putting the runtime's objects together",
    )
    return archive

def _stripped(ctx, tools, file):
    out = ctx.actions.declare_file("stripped/" + file.basename)
    args = ctx.actions.args()
    args.add("--strip-all" if not file.basename.endswith(".so") else "--strip-unneeded")
    args.add("-o", out)
    args.add(file)
    ctx.actions.run(
        outputs = [out],
        inputs = [file],
        executable = tools.strip,
        tools = tools.files,
        arguments = [args],
        mnemonic = "ReleaseStrip",
        progress_message = "Stripping " + file.short_path,
    )
    return out

def _tpu_release_impl(ctx):
    tools = _tools(ctx)
    libraries = cc_common.merge_cc_infos(cc_infos = [d[CcInfo] for d in ctx.attr.libraries])
    entries = {"lib/libtpuc_runtime.a": _archive_objects(ctx, tools, _objects(libraries))}
    for header in libraries.compilation_context.headers.to_list():
        if _is_ours(header.owner):
            entries["include/" + header.short_path] = header
    for target, folder in ctx.attr.programs.items():
        for file in target[DefaultInfo].files.to_list():
            entries[folder + "/" + file.basename] = _stripped(ctx, tools, file)
    for target, path in ctx.attr.files.items():
        for file in target[DefaultInfo].files.to_list():
            entries[path or file.short_path] = file

    top = "tpuc-%s-linux-x86_64" % ctx.attr.version
    archive = ctx.actions.declare_file(top + ".tar.gz")
    args = ctx.actions.args()
    args.use_param_file("%s", use_always = True)
    args.set_param_file_format("multiline")
    args.add(archive)
    args.add(top)
    for path in sorted(entries.keys()):
        args.add(path)
        args.add(entries[path])
    ctx.actions.run(
        outputs = [archive],
        inputs = entries.values(),
        executable = ctx.executable._make_archive,
        arguments = [args],
        mnemonic = "ReleaseArchive",
        progress_message = "Making " + archive.basename,
    )
    return [DefaultInfo(files = depset([archive]), runfiles = ctx.runfiles([archive]))]

tpu_release = rule(
    implementation = _tpu_release_impl,
    doc = "`tpuc-VERSION-linux-x86_64.tar.gz`: the same bytes for the same inputs.",
    attrs = {
        "files": attr.label_keyed_string_dict(
            doc = "Files, and their path in the archive; empty: that in this workspace.",
            allow_files = True,
        ),
        "libraries": attr.label_list(
            doc = "C++ libraries; the archive has their headers and one static library of them all.",
            providers = [CcInfo],
        ),
        "programs": attr.label_keyed_string_dict(doc = "Binaries to strip, and their folder in the archive."),
        "version": attr.string(mandatory = True),
        "_cc_toolchain": attr.label(default = Label("@bazel_tools//tools/cpp:current_cc_toolchain")),
        "_make_archive": attr.label(
            default = Label("//tools/release:make_archive"),
            cfg = "exec",
            executable = True,
        ),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
    incompatible_use_toolchain_transition = True,
)
