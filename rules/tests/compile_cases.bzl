# SPDX-License-Identifier: Apache-2.0
"""A test of what compiles and what doesn't."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

# compiler's words are in "$@"; writes $REPORT.
_COMPILE = """
exit_code=0
"$@" 2>"$REPORT.errors" || exit_code=$?
if [[ -z $EXPECTED ]]; then
  if ((exit_code)); then
    { echo "$CASE does not compile:"; cat "$REPORT.errors"; } >"$REPORT"
  else
    : >"$REPORT"
  fi
elif ((exit_code == 0)); then
  echo "$CASE compiles" >"$REPORT"
elif ! grep -qF -e "$EXPECTED" "$REPORT.errors"; then
  { echo "$CASE: no '$EXPECTED' in:"; cat "$REPORT.errors"; } >"$REPORT"
else
  : >"$REPORT"
fi
rm "$REPORT.errors"
"""

def _compile_cases_impl(ctx):
    cc_toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(ctx = ctx, cc_toolchain = cc_toolchain)
    deps = cc_common.merge_cc_infos(cc_infos = [d[CcInfo] for d in ctx.attr.deps]).compilation_context
    compiler = cc_common.get_tool_for_action(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
    )
    reports = []
    for case, expected in ctx.attr.cases.items():
        report = ctx.actions.declare_file("%s_%s.txt" % (ctx.label.name, case))
        flags = cc_common.get_memory_inefficient_command_line(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = cc_common.create_compile_variables(
                feature_configuration = features,
                cc_toolchain = cc_toolchain,
                include_directories = deps.includes,
                quote_include_directories = deps.quote_includes,
                system_include_directories = deps.system_includes,
                preprocessor_defines = deps.defines,
                user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts +
                                     ["-fsyntax-only", "-D" + case, ctx.file.src.path],
            ),
        )
        ctx.actions.run_shell(
            outputs = [report],
            inputs = depset([ctx.file.src], transitive = [deps.headers]),
            tools = cc_toolchain.all_files,
            command = _COMPILE,
            arguments = [compiler] + flags,
            env = {"CASE": case, "EXPECTED": expected, "REPORT": report.path},
            mnemonic = "CompileCase",
            progress_message = "Compiling %s of %s" % (case, ctx.label),
        )
        reports.append(report)
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        script,
        "#!/bin/sh\ncat %s >report; cat report; test ! -s report\n".replace("report", "$TEST_TMPDIR/report") %
        " ".join([r.short_path for r in reports]),
        is_executable = True,
    )
    return [DefaultInfo(executable = script, runfiles = ctx.runfiles(reports))]

compile_cases_test = rule(
    implementation = _compile_cases_impl,
    doc = "Compiles a source once for each case, whose name is a macro that is defined then.",
    test = True,
    attrs = {
        "cases": attr.string_dict(
            doc = "The part of an error that the compiler must give; empty where the case compiles.",
            mandatory = True,
        ),
        "deps": attr.label_list(
            doc = "What the source includes.",
            providers = [CcInfo],
        ),
        "src": attr.label(
            doc = "The source.",
            allow_single_file = [".cc"],
            mandatory = True,
        ),
        "_cc_toolchain": attr.label(default = Label("@bazel_tools//tools/cpp:current_cc_toolchain")),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
    incompatible_use_toolchain_transition = True,
)
