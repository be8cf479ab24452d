#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Writes the C++ source of Characters() from a recogniser's file.

    characters.py MODEL.onnx OUT.cc

PP-OCR's recognisers hold their characters, one to a line, in the metadata
"character".
"""

import sys


def varint(data, position):
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def fields(data):
    """(number, value) of the fields of a protobuf message."""
    position = 0
    while position < len(data):
        key, position = varint(data, position)
        if key & 7 == 0:
            value, position = varint(data, position)
        elif key & 7 == 2:
            size, position = varint(data, position)
            value = data[position : position + size]
            position += size
        else:
            size = {1: 8, 5: 4}[key & 7]
            value = data[position : position + size]
            position += size
        yield key >> 3, value


def metadata(model):
    """ModelProto.metadata_props, field 14: entries of key 1 and value 2."""
    for number, value in fields(model):
        if number == 14:
            entry = dict(fields(value))
            yield entry[1].decode(), entry[2].decode()


def main():
    model, out = sys.argv[1:]
    with open(model, "rb") as file:
        found = dict(metadata(file.read()))
    if "character" not in found:
        sys.exit("characters.py: %s has no metadata 'character'" % model)
    # Plain pointers: a list of 6,000 strings takes a compiler minutes.
    lines = ['#include "characters.h"', "", "#include <iterator>", "", "namespace ocr {", "", "const std::vector<std::string>& Characters() {"]
    lines.append("  static const char* const kTexts[] = {")
    for character in found["character"].split("\n"):
        escaped = "".join("\\%03o" % byte for byte in character.encode())
        lines.append('      "%s",' % escaped)
    lines += ["  };", "  static const auto* characters = new std::vector<std::string>("]
    lines += ["      std::begin(kTexts), std::end(kTexts));", "  return *characters;", "}", "", "}  // namespace ocr", ""]
    with open(out, "w") as file:
        file.write("\n".join(lines))


main()
