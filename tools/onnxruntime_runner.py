#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Runs an ONNX model with ONNX Runtime: the reference of the comparisons.

    onnxruntime_runner.py --model m.onnx --input in.npz --output out.npz
        [--dump_all_tensors]

Inputs are matched by name; a model with one input also takes an .npy file or
an .npz with one array of another name. The output holds the model's outputs
by name; with --dump_all_tensors, every tensor that a node computes, and the
inputs.

numpy and onnxruntime come from Bazel's runfiles, else from PYTHONPATH.
"""

import argparse
import os
import sys
import zipfile


def find_packages():
    """Puts the runfiles' folder of packages first on the path."""
    program = os.path.abspath(sys.argv[0])
    roots = [os.environ.get("RUNFILES_DIR", ""), program + ".runfiles"]
    marker = program.rfind(".runfiles" + os.sep)
    if marker >= 0:
        roots.append(program[: marker + len(".runfiles")])
    for root in roots:
        folder = os.path.join(root, "onnxruntime_py", "py")
        if root and os.path.isdir(folder):
            sys.path.insert(0, folder)
            return


# The official builds of ONNX Runtime report what they run, unless told before
# they are loaded: a build must not.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# The packages are inputs of actions: compiled files must not appear in them.
sys.dont_write_bytecode = True
find_packages()
import numpy  # noqa: E402
import onnxruntime  # noqa: E402


def fail(message):
    sys.exit("onnxruntime_runner: " + message)


def varint(data, position):
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def write_varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def fields(data):
    """(field number, wire type, payload) of a protobuf message."""
    position = 0
    while position < len(data):
        key, position = varint(data, position)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, position = varint(data, position)
        elif wire == 2:
            size, position = varint(data, position)
            value, position = data[position : position + size], position + size
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            value, position = data[position : position + size], position + size
        else:
            raise ValueError("wire type %d" % wire)
        yield number, wire, value


def all_node_outputs(model):
    """Names that the top graph's nodes compute, and the graph's outputs.

    Reads the few protobuf fields it needs (ModelProto.graph is 7,
    GraphProto.node 1 and output 12, NodeProto.output 2, ValueInfoProto.name
    1), so that the onnx package is not needed.
    """
    names, outputs = [], []
    for number, _, graph in fields(model):
        if number != 7:
            continue
        for part, _, content in fields(graph):
            if part == 1:
                names += [bytes(v).decode() for n, _, v in fields(content) if n == 2 and len(v)]
            elif part == 12:
                outputs += [bytes(v).decode() for n, _, v in fields(content) if n == 1]
    return names, outputs


def with_outputs(model, names):
    """The model with `names` added to its outputs.

    Protobuf concatenates repeated fields, and merges a message field that
    occurs twice, so a second `graph` with only outputs extends the first.
    """
    graph = b""
    for name in names:
        text = name.encode()
        info = b"\x0a" + write_varint(len(text)) + text
        graph += b"\x62" + write_varint(len(info)) + info
    return model + b"\x3a" + write_varint(len(graph)) + graph


def read_inputs(path, wanted):
    try:
        loaded = numpy.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        fail("can't read %s: %s" % (path, error))
    if isinstance(loaded, numpy.ndarray):
        arrays = {"": loaded}
    else:
        arrays = {name: loaded[name] for name in loaded.files}
    if len(wanted) == 1 and len(arrays) == 1:
        arrays = {wanted[0].name: next(iter(arrays.values()))}
    result = {}
    for argument in wanted:
        if argument.name not in arrays:
            fail("%s has no array %s; it has %s" % (path, argument.name, ", ".join(sorted(arrays))))
        array = arrays[argument.name]
        if argument.type == "tensor(float)":
            array = array.astype(numpy.float32)
        elif argument.type == "tensor(int64)":
            array = array.astype(numpy.int64)
        elif argument.type == "tensor(int32)":
            array = array.astype(numpy.int32)
        result[argument.name] = array
    return result


def write_npz(path, arrays):
    """Same arrays, same bytes: sorted names, no time stamps."""
    temporary = path + ".tmp"
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
            with archive.open(info, "w", force_zip64=True) as member:
                numpy.lib.format.write_array(member, numpy.asarray(arrays[name]), allow_pickle=False)
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description="Runs an ONNX model with ONNX Runtime.")
    parser.add_argument("--model", required=True, help="the .onnx file")
    parser.add_argument("--input", required=True, help=".npz with the inputs by name, or one .npy")
    parser.add_argument("--output", required=True, help=".npz to write")
    parser.add_argument("--dump_all_tensors", action="store_true", help="write intermediate tensors too")
    options = parser.parse_args()

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 2
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    model = options.model
    names = []
    if options.dump_all_tensors:
        # Fused nodes would hide the tensors between them.
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        with open(options.model, "rb") as handle:
            content = handle.read()
        names, outputs = all_node_outputs(memoryview(content))
        model = with_outputs(content, [n for n in names if n not in outputs])
        # Where weights are that the model keeps in files of their own.
        settings.add_session_config_entry(
            "session.model_external_initializers_file_folder_path",
            os.path.dirname(os.path.abspath(options.model)),
        )
    try:
        session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
        inputs = read_inputs(options.input, session.get_inputs())
        wanted = [output.name for output in session.get_outputs()]
        results = dict(zip(wanted, session.run(wanted, inputs)))
    except Exception as error:  # onnxruntime's exceptions have no common base
        fail("%s: %s" % (options.model, error))
    if options.dump_all_tensors:
        results.update(inputs)
    results = {name: value for name, value in results.items() if isinstance(value, numpy.ndarray)}
    write_npz(options.output, results)


if __name__ == "__main__":
    main()
