# SPDX-License-Identifier: Apache-2.0
"""Fuzz tests: libFuzzer targets under ASan and UBSan.

`fuzz_test` builds its target, and all libraries of this workspace that it
needs, a second time with the sanitizers and libFuzzer's coverage. Libraries of
Debian packages stay as they are.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary")

# Virtual tables can't be checked: MLIR has no RTTI.
_SANITIZERS = "address,undefined,float-cast-overflow"
_COPTS = [
    "-fsanitize=fuzzer-no-link," + _SANITIZERS,
    "-fno-sanitize=vptr,function",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
    "-gline-tables-only",
    "-O1",
]
_LINKOPTS = [
    "-fsanitize=fuzzer," + _SANITIZERS,
    "-fsanitize-link-c++-runtime",
]

def _instrumented_impl(settings, attr):
    _ignore = attr  # @unused
    return {
        "//command_line_option:copt": settings["//command_line_option:copt"] + _COPTS,
        "//command_line_option:strip": "never",
    }

_instrumented = transition(
    implementation = _instrumented_impl,
    inputs = ["//command_line_option:copt"],
    outputs = [
        "//command_line_option:copt",
        "//command_line_option:strip",
    ],
)

_SCRIPT = """#!/usr/bin/env bash
# Runs FUZZ_RUNS mutations ({runs} when not set) of the seeds of {label}, or the
# inputs that are given.
set -euo pipefail
for tool in /usr/lib/llvm-19/bin/llvm-symbolizer /usr/bin/llvm-symbolizer-19; do
  [[ ! -x $tool ]] || export ASAN_SYMBOLIZER_PATH=$tool
done
# The libraries' containers live partly in code that poisons no memory.
export ASAN_OPTIONS=allow_user_poisoning=0:allocator_may_return_null=0
export UBSAN_OPTIONS=print_stacktrace=1
# The targets measure their 2 seconds themselves; this is for those that hang.
limits=(-max_len=102400 -timeout=60 -rss_limit_mb=1024)
if (($#)); then
  exec "{binary}" "${{limits[@]}}" "$@"
fi
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
n=0
while IFS= read -r -d '' file; do
  n=$((n + 1))
  printf -v name '%05d' $n
  cp "$file" "$seeds/$name"
done < <(find -L {seeds} -type f -size -101k -print0 | LC_ALL=C sort -z)
"{binary}" "${{limits[@]}}" -seed="${{FUZZ_SEED:-1}}" \\
  -runs=$((${{FUZZ_RUNS:-{runs}}} + n)) -print_final_stats=1 \\
  -artifact_prefix="${{TEST_UNDECLARED_OUTPUTS_DIR:-.}}/" "$seeds"
"""

def _fuzz_test_impl(ctx):
    binary = ctx.attr.target[0][DefaultInfo].files_to_run.executable
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, _SCRIPT.format(
        binary = binary.short_path,
        label = ctx.label,
        runs = ctx.attr.runs,
        seeds = " ".join(["'%s'" % f.short_path for f in ctx.files.seeds]),
    ), is_executable = True)
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles([binary] + ctx.files.seeds),
    )]

_fuzz_test = rule(
    implementation = _fuzz_test_impl,
    test = True,
    attrs = {
        "runs": attr.int(),
        "seeds": attr.label_list(allow_files = True),
        "target": attr.label(cfg = _instrumented),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def fuzz_test(name, srcs, deps, seeds, runs = 1000, **kwargs):
    """A test that runs a libFuzzer target on mutations of seeds.

    The same seeds and number of runs give the same inputs. A run fails on a
    sanitizer's report, a leak, an input that takes over 2 seconds or 1 GB.
    FUZZ_RUNS and FUZZ_SEED in the environment take other numbers
    (tests/fuzz/run.sh).

    Args:
      name: the test.
      srcs: sources that define LLVMFuzzerTestOneInput.
      deps: libraries.
      seeds: files or folders of inputs; those above 100 KB are left out.
      runs: mutations in a plain `bazel test`.
      **kwargs: other attributes of the test.
    """
    cc_binary(
        name = name + "_target",
        testonly = True,
        srcs = srcs,
        linkopts = _LINKOPTS,
        tags = ["manual"],
        deps = deps,
    )
    _fuzz_test(
        name = name,
        runs = runs,
        seeds = seeds,
        target = name + "_target",
        **kwargs
    )

def _seeds_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    args = ctx.actions.args()
    args.add(out.path)
    args.add_all(ctx.files.srcs)
    ctx.actions.run(
        outputs = [out],
        inputs = ctx.files.srcs,
        executable = ctx.executable.generator,
        arguments = [args],
        mnemonic = "FuzzSeeds",
    )
    return [DefaultInfo(files = depset([out]))]

fuzz_seeds = rule(
    implementation = _seeds_impl,
    doc = "A folder of seeds, written by `generator FOLDER SRCS...`.",
    attrs = {
        "generator": attr.label(
            doc = "The program.",
            cfg = "exec",
            executable = True,
            mandatory = True,
        ),
        "srcs": attr.label_list(doc = "Its inputs.", allow_files = True),
    },
)
