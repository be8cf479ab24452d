# SPDX-License-Identifier: Apache-2.0
"""PNG files: the same bytes for the same pixels, with Debian's zlib."""

import struct
import zlib


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def encode(rows, width, grey=False):
    """A file's bytes; a row is the bytes of its pixels, R, G, B or grey."""
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 0 if grey else 2, 0, 0, 0)
    data = b"".join(b"\0" + row for row in rows)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(data, 6)) + _chunk(b"IEND", b"")
