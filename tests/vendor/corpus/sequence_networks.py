# SPDX-License-Identifier: Apache-2.0
"""Writes an ONNX network over sequences, an input, and samples for calibration.

    sequence_networks.py transformer|lstm|gru NETWORK.onnx INPUT.npz SAMPLE.npz...

Weights and inputs are drawn from fixed seeds; weights are scaled by their
fan-in, so that values keep their size through the layers.
"""
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

LENGTH = 32  # of the sequence


class Graph:
    def __init__(self, seed):
        self.random = numpy.random.RandomState(seed)
        self.nodes, self.weights = [], []

    def weight(self, *shape, fan_in=None):
        scale = 1.0 / numpy.sqrt(fan_in or shape[-2]) if fan_in != 0 else 0.1
        return self.constant((self.random.standard_normal(shape) * scale).astype(numpy.float32))

    def constant(self, array):
        name = "w%d" % len(self.weights)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind, *inputs, outputs=1, **attributes):
        names = ["%s%d_%d" % (kind.lower(), len(self.nodes), i) for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def model(self, shape, output, output_shape):
        value = lambda name, s: helper.make_tensor_value_info(name, TensorProto.FLOAT, s)
        graph = helper.make_graph(self.nodes, "net", [value("x", shape)], [value(output, output_shape)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


def linear(g, x, inputs, outputs):
    return g.node("Add", g.node("MatMul", x, g.weight(inputs, outputs)), g.weight(outputs, fan_in=0))


def layer_norm(g, x, width):
    centred = g.node("Sub", x, g.node("ReduceMean", x, axes=[-1], keepdims=1))
    variance = g.node("ReduceMean", g.node("Mul", centred, centred), axes=[-1], keepdims=1)
    deviation = g.node("Sqrt", g.node("Add", variance, g.constant(numpy.float32([1e-5]))))
    normal = g.node("Div", centred, deviation)
    gain = g.constant((1 + 0.1 * g.random.standard_normal(width)).astype(numpy.float32))
    return g.node("Add", g.node("Mul", normal, gain), g.weight(width, fan_in=0))


def gelu(g, x):
    half = g.node("Mul", x, g.constant(numpy.float32([0.5])))
    error = g.node("Erf", g.node("Div", x, g.constant(numpy.float32([2 ** 0.5]))))
    return g.node("Mul", half, g.node("Add", error, g.constant(numpy.float32([1]))))


def attention(g, x, width, heads):
    size = width // heads

    def split(name):
        parts = g.node("Reshape", name, g.constant(numpy.int64([1, LENGTH, heads, size])))
        return g.node("Transpose", parts, perm=[0, 2, 1, 3])

    q, k, v = (split(linear(g, x, width, width)) for _ in range(3))
    scores = g.node("MatMul", q, g.node("Transpose", k, perm=[0, 1, 3, 2]))
    weights = g.node("Softmax", g.node("Mul", scores, g.constant(numpy.float32([size ** -0.5]))), axis=-1)
    mixed = g.node("Transpose", g.node("MatMul", weights, v), perm=[0, 2, 1, 3])
    return linear(g, g.node("Reshape", mixed, g.constant(numpy.int64([1, LENGTH, width]))), width, width)


def transformer():
    g, width = Graph(1), 128
    x = "x"
    for _ in range(2):
        x = layer_norm(g, g.node("Add", x, attention(g, x, width, 4)), width)
        wide = gelu(g, linear(g, x, width, 4 * width))
        x = layer_norm(g, g.node("Add", x, linear(g, wide, 4 * width, width)), width)
    return g.model([1, LENGTH, width], linear(g, x, width, 40), [1, LENGTH, 40]), [1, LENGTH, width]


def recurrent(kind, gates, seed):
    g, width, hidden = Graph(seed), 64, 96
    weights = [g.weight(2, gates * hidden, width, fan_in=width), g.weight(2, gates * hidden, hidden, fan_in=hidden),
               g.weight(2, 2 * gates * hidden, fan_in=0)]
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    states = g.node(kind, "x", *weights, outputs=3 if kind == "LSTM" else 2, hidden_size=hidden,
                    direction="bidirectional", **more)
    # [LENGTH, directions, 1, hidden] to [LENGTH, 1, directions * hidden]
    joined = g.node("Reshape", g.node("Transpose", states[0], perm=[0, 2, 1, 3]),
                    g.constant(numpy.int64([LENGTH, 1, 2 * hidden])))
    return g.model([LENGTH, 1, width], linear(g, joined, 2 * hidden, 40), [LENGTH, 1, 40]), [LENGTH, 1, width]


NETWORKS = {
    "transformer": transformer,
    "lstm": lambda: recurrent("LSTM", 4, 2),
    "gru": lambda: recurrent("GRU", 3, 3),
}


def main(name, network, *inputs):
    model, shape = NETWORKS[name]()
    onnx.save(model, network)
    for i, path in enumerate(inputs):
        numpy.savez(path, x=numpy.random.RandomState(100 + i).standard_normal(shape).astype(numpy.float32))


main(*sys.argv[1:])
