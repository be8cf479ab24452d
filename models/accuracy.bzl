# SPDX-License-Identifier: Apache-2.0
"""Networks scored on the images of //models/datasets, side by side."""

load("//models:networks.bzl", "MODES")
load("//rules:defs.bzl", "tpu_accuracy", "tpu_accuracy_test")

# What is scored beside the float network itself.
_SCORED_MODES = MODES + ["int8_mixed"]

# Tests and tables ask for scores; whoever builds a folder wants its networks.
def _score(name, model, network, task, limit):
    tpu_accuracy(
        name = name,
        data = ["//models/datasets:%s_held_out" % network],
        dataset = "//models/datasets:%s_held_out.txt" % network,
        limit = limit,
        model = model,
        tags = ["manual"],
        task = task,
    )

def accuracy(name, network, task, metric, least, max_drop, limit = 0, unlimited = [], least_of = {}):
    """Scores a `network` and its bmodels on its images that are held out.

    Targets: `name`, the network's scores on all images, `<network>_<mode>_accuracy`,
    those of its bmodels, and `<network>_<mode>_accuracy_test`.

    Args:
      name: `<network>_accuracy`.
      network: the network, and the name of its images.
      task: as of tpu_accuracy.
      metric: what the tests look at.
      least: its least value, as text.
      max_drop: by mode, how many points it may be lower than in F32 by the
        interpreter, as text; other modes have no test.
      limit: the tests take that many images; 0: all.
      unlimited: modes whose tests take all images nevertheless.
      least_of: by mode, where that is not `least`.
    """
    if name != network + "_accuracy":
        fail("accuracy: name is \"%s\"; it must be \"%s_accuracy\"." % (name, network))
    models = dict({"": ":" + network}, **{"_" + mode: ":%s_%s" % (network, mode) for mode in _SCORED_MODES})
    for suffix, model in models.items():
        _score("%s%s_accuracy" % (network, suffix), model, network, task, 0)
        if limit:
            _score("%s%s_accuracy_first" % (network, suffix), model, network, task, limit)
    for mode in max_drop:
        kind = "_accuracy_first" if limit and mode not in unlimited else "_accuracy"
        tpu_accuracy_test(
            name = "%s_%s_accuracy_test" % (network, mode),
            size = "small",
            accuracy = ":%s_%s%s" % (network, mode, kind),
            max_drop = {metric: max_drop[mode]},
            min = {metric: least_of.get(mode, least)},
            reference = ":%s%s" % (network, kind),
        )

# What //models:accuracy shows.
SCORED = [
    "//models/ppocr:rec",
    "//models/ppocr:cls",
    "//models/ppocr:det",
    "//models/digits:digits",
]

def scores_of(network):
    """The targets of a network's scores on all images.

    Args:
      network: the label of the network.

    Returns:
      A list of labels.
    """
    return [network + "_accuracy"] + ["%s_%s_accuracy" % (network, mode) for mode in _SCORED_MODES]
