#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Writes a .tar.gz whose bytes depend on names and contents alone.

    make_archive.py PARAMETERS

PARAMETERS is a file of lines: the archive, the folder that everything in it is
in, then in turn the path of an entry and the file that it is made of. Files
that may be executed stay so.
"""

import gzip
import io
import os
import sys
import tarfile


def main():
    with open(sys.argv[1]) as file:
        archive, top, *entries = file.read().splitlines()
    with open(archive, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for path, source in zip(entries[::2], entries[1::2]):
                with open(source, "rb") as file:
                    contents = file.read()
                entry = tarfile.TarInfo(top + "/" + path)
                entry.size = len(contents)
                # Bazel marks all outputs as executable.
                runs = path.startswith("bin/") or contents.startswith(b"#!")
                entry.mode = 0o755 if runs and os.path.basename(path) != "BUILD.bazel" else 0o644
                tar.addfile(entry, io.BytesIO(contents))


main()
