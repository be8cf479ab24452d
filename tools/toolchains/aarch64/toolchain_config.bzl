# SPDX-License-Identifier: Apache-2.0
"""The cross toolchain: clang with Debian's libraries for 64-bit ARM."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
    "with_feature_set",
)

_TRIPLE = "aarch64-linux-gnu"

_COMPILE = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.preprocess_assemble,
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
    ACTION_NAMES.linkstamp_compile,
]

_LINK = [
    ACTION_NAMES.cpp_link_executable,
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
]

def _flags(actions, flags, mode = None):
    return flag_set(
        actions = actions,
        flag_groups = [flag_group(flags = flags)],
        with_features = [with_feature_set(features = [mode])] if mode else [],
    )

def _impl(ctx):
    binutils = "/usr/bin/" + _TRIPLE + "-"
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "clang-19-" + _TRIPLE,
        host_system_name = "local",
        target_system_name = _TRIPLE,
        target_cpu = "aarch64",
        target_libc = "glibc",
        compiler = "clang",
        abi_version = "local",
        abi_libc_version = "local",
        cxx_builtin_include_directories = [
            "/usr/" + _TRIPLE + "/include",
            "/usr/lib/gcc-cross/" + _TRIPLE,
            "/usr/lib/clang/19/include",
            "/usr/lib/llvm-19/lib/clang/19/include",
            "/usr/include",
        ],
        tool_paths = [
            tool_path(name = "gcc", path = "/usr/bin/clang-19"),
            tool_path(name = "cpp", path = "/usr/bin/clang-cpp-19"),
            tool_path(name = "gcov", path = "/usr/bin/false"),
            tool_path(name = "ar", path = binutils + "ar"),
            tool_path(name = "ld", path = binutils + "ld"),
            tool_path(name = "nm", path = binutils + "nm"),
            tool_path(name = "objcopy", path = binutils + "objcopy"),
            tool_path(name = "objdump", path = binutils + "objdump"),
            tool_path(name = "strip", path = binutils + "strip"),
        ],
        features = [
            feature(name = "dbg"),
            feature(name = "fastbuild"),
            feature(name = "opt"),
            feature(name = "supports_dynamic_linker", enabled = True),
            feature(name = "supports_pic", enabled = True),
            feature(
                name = "default_flags",
                enabled = True,
                flag_sets = [
                    _flags(_COMPILE, [
                        "--target=" + _TRIPLE,
                        "-no-canonical-prefixes",
                        "-fstack-protector",
                        "-fno-omit-frame-pointer",
                        "-Wall",
                        "-Wno-builtin-macro-redefined",
                        "-D__DATE__=\"redacted\"",
                        "-D__TIMESTAMP__=\"redacted\"",
                        "-D__TIME__=\"redacted\"",
                    ]),
                    _flags(
                        _COMPILE,
                        ["-O2", "-g0", "-DNDEBUG", "-ffunction-sections", "-fdata-sections"],
                        mode = "opt",
                    ),
                    _flags(_COMPILE, ["-g"], mode = "dbg"),
                    _flags(_LINK, [
                        "--target=" + _TRIPLE,
                        "-lstdc++",
                        "-lm",
                        "-Wl,-z,relro,-z,now",
                    ]),
                    _flags(_LINK, ["-Wl,--gc-sections"], mode = "opt"),
                ],
            ),
        ],
    )

aarch64_toolchain_config = rule(
    implementation = _impl,
    provides = [CcToolchainConfigInfo],
)
