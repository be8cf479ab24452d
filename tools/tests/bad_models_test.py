#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Bad models through model_transform: one line of message, exit code 1, no file.

    bad_models_test.py MODEL_TRANSFORM

What each message says in full is tested beside the importer.
"""
import os
import subprocess
import sys

transform = os.path.abspath(sys.argv[1])
scratch = os.environ["TEST_TMPDIR"]
FLOAT, INT64 = 1, 7


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """A field of a protobuf message: an integer, text or another message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


# Messages of onnx.proto by their field numbers.
def node(op, inputs, outputs):
    return field(1, b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs)
                 + field(3, "n_" + outputs[0]) + field(4, op))


def value(name, shape, element=FLOAT):
    dims = b"".join(field(1, field(1, d) if d else b"") for d in shape or [])
    tensor = field(1, element) + (b"" if shape is None else field(2, dims))
    return field(1, name) + field(2, field(1, tensor))


def initializer(name, element, raw):
    return field(5, field(1, len(raw) // {FLOAT: 4, INT64: 8}[element]) + field(2, element) + field(8, name) + field(9, raw))


def model(*parts, inputs=(("x", [1, 4]),), outputs=("y",)):
    graph = b"".join(parts) + b"".join(field(11, value(*i)) for i in inputs)
    graph += b"".join(field(12, field(1, o)) for o in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def check(data, message, *arguments):
    path = os.path.join(scratch, "bad.onnx")
    with open(path, "wb") as file:
        file.write(data)
    before = sorted(os.listdir(scratch))
    result = subprocess.run([transform, "--model_name", "bad", "--model_def", path,
                             "--mlir", os.path.join(scratch, "bad.mlir")] + list(arguments),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, cwd=scratch)
    found = (result.returncode, result.stdout, result.stderr)
    assert result.returncode == 1 and not result.stdout, found
    assert message in result.stderr and result.stderr.count("\n") == 1, (message, found)
    assert sorted(os.listdir(scratch)) == before, (message, os.listdir(scratch))


relu = node("Relu", ["x"], ["y"])
check(model(relu, inputs=[("x", None)]), "input 'x' has no shape; give it with --input_shapes")
check(model(relu, inputs=[("x", [0, 4])]), "input 'x' has shape (?, 4); give it with --input_shapes")
check(model(relu), "input 'x' has rank 2, --input_shapes gives (1, 4, 1)", "--input_shapes", "[[1,4,1]]")
check(model(relu), "--input_shapes", "--input_shapes", "[[1,four]]")
check(model(relu, inputs=[("x", [1, 4], INT64)]), "input 'x' has element type int64")
check(model(node("Foo", ["x"], ["a"]), node("Bar", ["a"], ["y"])),
      "2 nodes are not supported: node 'n_a' (Foo, opset 13), node 'n_y' (Bar, opset 13)")
check(model(node("Add", ["x", "y"], ["a"]), node("Relu", ["a"], ["y"])), "is part of a cycle")
check(model(node("Add", ["x", "w"], ["y"])), "node 'n_y' (Add, opset 13) reads 'w', which no node")
check(model(relu, relu), "tensor 'y' is defined twice")
check(model(node("Relu", [], ["y"])), "node 'n_y' (Relu, opset 13): input 0 is missing")
check(model(node("Add", ["x", "w"], ["y"]), initializer("w", INT64, bytes(8))), "'w' has element type i64, expected f32")
check(model(relu, outputs=[]), "the graph has no output")
check(model(relu)[:-20], "is not an ONNX model")
check(b"", "is not an ONNX model")
