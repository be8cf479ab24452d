# SPDX-License-Identifier: Apache-2.0
"""Everything outside this workspace, under its upstream label.

Libraries and tools are Debian packages; what Debian lacks are Python wheels
pinned by hash.
"""

load("//third_party:debian.bzl", "debian_repository", "debian_rules")
load("//third_party:debian_arm64.bzl", "debian_arm64_repository")
load("//third_party/absl:absl.bzl", "absl_repository")
load("//third_party/llvm:llvm.bzl", "llvm_project")
load("//third_party/python:wheels.bzl", "python_wheels")
load("//third_party/rules_cc:rules_cc.bzl", "rules_cc_repository")

_ARCHIVES = "/usr/lib/x86_64-linux-gnu/"

def _rule_sets():
    rules_cc_repository(name = "rules_cc")
    debian_rules(
        name = "rules_java",
        folder = "/usr/share/bazel/rules/java",
        packages = ["bazel-rules-java"],
    )
    debian_rules(
        name = "rules_proto",
        folder = "/usr/share/bazel/rules/proto",
        packages = ["bazel-rules-proto"],
    )
    debian_rules(
        name = "platforms",
        folder = "/usr/share/bazel/tools/platforms",
        packages = ["bazel-platforms"],
    )
    debian_rules(
        name = "bazel_skylib",
        folder = "/usr/share/bazel/tools/skylib",
        packages = ["bazel-skylib"],
    )

    # Bazel's own archive of this name needs the network; every test uses it.
    debian_repository(
        name = "remote_coverage_tools",
        build_file = Label("//third_party/coverage:coverage.BUILD"),
        files = {Label("//third_party/coverage:merge_lcov.py"): "merge_lcov.py"},
        packages = ["python3"],
    )

def _libraries():
    llvm_project(name = "llvm-project")
    absl_repository(name = "com_google_absl")
    debian_arm64_repository(
        name = "debian_arm64",
        newest = ["libssl-dev"],
        packages = ["libabsl-dev", "libgmock-dev", "libgtest-dev"],
    )
    debian_repository(
        name = "com_google_protobuf",
        build_file = Label("//third_party/protobuf:protobuf.BUILD"),
        links = {
            "/usr/bin/protoc": "bin/protoc",
            "/usr/include/google/protobuf": "include/google/protobuf",
            _ARCHIVES + "libprotobuf.a": "lib/libprotobuf.a",
        },
        packages = ["libprotobuf-dev", "protobuf-compiler"],
    )
    debian_repository(
        name = "com_github_google_flatbuffers",
        build_file = Label("//third_party/flatbuffers:flatbuffers.BUILD"),
        files = {Label("//third_party/flatbuffers:build_defs.bzl"): "build_defs.bzl"},
        links = {
            "/usr/bin/flatc": "bin/flatc",
            "/usr/include/flatbuffers": "include/flatbuffers",
            _ARCHIVES + "libflatbuffers.a": "lib/libflatbuffers.a",
        },
        packages = ["libflatbuffers-dev", "flatbuffers-compiler"],
    )
    debian_repository(
        name = "com_google_googletest",
        build_file = Label("//third_party/googletest:googletest.BUILD"),
        links = {
            "/usr/include/gmock": "include/gmock",
            "/usr/include/gtest": "include/gtest",
            _ARCHIVES + "libgmock.a": "lib/libgmock.a",
            _ARCHIVES + "libgmock_main.a": "lib/libgmock_main.a",
            _ARCHIVES + "libgtest.a": "lib/libgtest.a",
        },
        packages = ["libgtest-dev", "libgmock-dev"],
    )
    debian_repository(
        name = "onednn",
        build_file = Label("//third_party/onednn:onednn.BUILD"),
        links = {"/usr/include/oneapi": "include/oneapi"},
        packages = ["libdnnl-dev"],
    )
    debian_repository(
        name = "libzip",
        build_file = Label("//third_party/zip:zip.BUILD"),
        links = {
            "/usr/include/zip.h": "include/zip.h",
            "/usr/include/zipconf.h": "include/zipconf.h",
        },
        packages = ["libzip-dev"],
    )
    debian_repository(
        name = "zlib",
        build_file = Label("//third_party/zlib:zlib.BUILD"),
        links = {
            "/usr/include/zconf.h": "include/zconf.h",
            "/usr/include/zlib.h": "include/zlib.h",
            _ARCHIVES + "libz.a": "lib/libz.a",
        },
        packages = ["zlib1g-dev"],
    )
    debian_repository(
        name = "openssl",
        build_file = Label("//third_party/openssl:openssl.BUILD"),
        links = {
            "/usr/include/openssl": "include/openssl",
            "/usr/include/x86_64-linux-gnu/openssl": "configuration/openssl",
            _ARCHIVES + "libcrypto.a": "lib/libcrypto.a",
        },
        packages = ["libssl-dev"],
    )
    debian_repository(
        name = "libpng",
        build_file = Label("//third_party/png:png.BUILD"),
        links = {
            "/usr/include/libpng16/png.h": "include/png.h",
            "/usr/include/libpng16/pngconf.h": "include/pngconf.h",
            "/usr/include/libpng16/pnglibconf.h": "include/pnglibconf.h",
            _ARCHIVES + "libpng16.a": "lib/libpng16.a",
        },
        packages = ["libpng-dev"],
    )
    debian_repository(
        name = "libjpeg_turbo",
        build_file = Label("//third_party/jpeg:jpeg.BUILD"),
        links = {
            "/usr/include/jerror.h": "include/jerror.h",
            "/usr/include/jmorecfg.h": "include/jmorecfg.h",
            "/usr/include/jpeglib.h": "include/jpeglib.h",
            "/usr/include/x86_64-linux-gnu/jconfig.h": "include/jconfig.h",
            _ARCHIVES + "libjpeg.a": "lib/libjpeg.a",
        },
        packages = ["libjpeg62-turbo-dev"],
    )
    debian_repository(
        name = "nlohmann_json",
        build_file = Label("//third_party/json:json.BUILD"),
        links = {"/usr/include/nlohmann": "include/nlohmann"},
        packages = ["nlohmann-json3-dev"],
    )

    for name, folder, package, fonts in [
        ("dejavu_fonts", "dejavu", "fonts-dejavu-core", [
            "DejaVuSans",
            "DejaVuSans-Bold",
            "DejaVuSansMono",
            "DejaVuSerif",
        ]),
        ("freefont", "freefont", "fonts-freefont-ttf", [
            "FreeSans",
            "FreeSansBold",
            "FreeSerif",
            "FreeSerifItalic",
        ]),
        ("liberation_fonts", "liberation", "fonts-liberation", [
            "LiberationMono-Regular",
            "LiberationSans-Bold",
            "LiberationSans-Regular",
            "LiberationSansNarrow-Regular",
            "LiberationSerif-Italic",
            "LiberationSerif-Regular",
        ]),
    ]:
        debian_repository(
            name = name,
            build_file = Label("//third_party/fonts:fonts.BUILD"),
            links = {"/usr/share/fonts/truetype/%s/%s.ttf" % (folder, font): font + ".ttf" for font in fonts},
            packages = [package],
        )

def _wheels():
    python_wheels(
        name = "onnx",
        build_file = Label("//third_party/onnx:onnx.BUILD"),
        wheels = {"onnx==1.17.0": "4a183c6178be001bf398260e5ac2c927dc43e7746e8638d6c05c20e321f8c949"},
    )
    python_wheels(
        name = "onnxruntime_py",
        build_file = Label("//third_party/python:onnxruntime.BUILD"),
        folder = "py",
        # Tests and tools of the packages: most of the files, never imported.
        leave_out = [
            "py/numpy/_core/tests",
            "py/numpy/lib/tests",
            "py/numpy/linalg/tests",
            "py/numpy/ma/tests",
            "py/numpy/random/tests",
            "py/onnxruntime/tools",
            "py/onnxruntime/transformers",
        ],
        wheels = {
            "numpy==2.4.6": "89cd468399cfd2504718f0ba50e410dca55a170b61a02ad92bb18c8a65186e93",
            "onnxruntime==1.31.1": "5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f",
        },
    )
    python_wheels(
        name = "opencv_py",
        build_file = Label("//third_party/python:opencv.BUILD"),
        folder = "py",
        leave_out = ["py/cv2/data"],
        wheels = {"opencv-python-headless==4.11.0.86": "0e0a27c19dd1f40ddff94976cfe43066fbbe9dfbb2ec1907d66c19caef42a57b"},
    )
    python_wheels(
        name = "pillow_py",
        build_file = Label("//third_party/python:pillow.BUILD"),
        folder = "py",
        wheels = {"pillow==11.3.0": "106064daa23a745510dabce1d84f29137a37224831d88eb4ce94bb187b1d7e5f"},
    )
    python_wheels(
        name = "pycocotools_py",
        build_file = Label("//third_party/python:pycocotools.BUILD"),
        folder = "py",
        wheels = {"pycocotools==2.0.11": "18ba75ff58cedb33a85ce2c18f1452f1fe20c9dd59925eec5300b2bf6205dbe1"},
    )
    python_wheels(
        name = "scikit_learn",
        build_file = Label("//third_party/python:scikit_learn.BUILD"),
        keep = ["sklearn/datasets/data/digits.csv.gz"],
        wheels = {"scikit-learn==1.9.1": "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df"},
    )
    python_wheels(
        name = "rapidocr",
        build_file = Label("//third_party/python:rapidocr.BUILD"),
        wheels = {"rapidocr-onnxruntime==1.4.4": "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf"},
    )

def tpuc_dependencies():
    """Declares every external repository."""
    _rule_sets()
    _libraries()
    _wheels()
