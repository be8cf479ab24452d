# SPDX-License-Identifier: Apache-2.0
"""The networks whose bmodels of the vendor's compiler our tools are tested on."""

NETWORKS = [
    "cls",
    "det",
    "rec",
    "transformer",
    "lstm",
    "gru",
]

QUANTIZE = [
    "f32",
    "f16",
    "bf16",
    "int8",
]

def vendor_bmodel_name(network, quantize):
    """The name of a target in //tests/vendor/corpus.

    Its file is `<name>.bmodel`; its input `<network>_input`; `<name>_outputs`
    is what the vendor's runtime computes.

    Args:
      network: one of NETWORKS.
      quantize: one of QUANTIZE.

    Returns:
      The name.
    """
    return network + "_" + quantize

def vendor_bmodels(networks = NETWORKS, quantize = QUANTIZE):
    """Labels of the bmodels.

    Args:
      networks: some of NETWORKS.
      quantize: some of QUANTIZE.

    Returns:
      A list of labels.
    """
    return ["//tests/vendor/corpus:" + vendor_bmodel_name(n, q) for n in networks for q in quantize]
