# SPDX-License-Identifier: Apache-2.0
"""Tolerances: "cosine,euclidean", both at most 1."""

# Least similarity of a network in some arithmetic with the float reference:
# BF16 has 8 bits of precision, F16 11, F32 24. INT8 depends on the ranges, too.
QUANTIZE_TOLERANCES = {
    "BF16": "0.99,0.86",
    "F16": "0.99,0.95",
    "F32": "0.9999,0.999",
    "INT8": "0.7,0.2",
}

def is_number(text):
    """Whether `text` is digits, perhaps with a decimal point.

    Args:
      text: what the user wrote.

    Returns:
      A bool.
    """
    digits = text.replace(".", "", 1)
    return digits != "" and digits.isdigit()

def check_tolerance(label, attribute, value):
    """Fails unless `value` is two numbers from 0 to 1.

    Args:
      label: the target, for the message.
      attribute: the attribute's name, for the message.
      value: what the user wrote.
    """
    parts = value.split(",")
    good = len(parts) == 2
    for part in parts:
        if not is_number(part) or (part.split(".")[0] not in ["", "0"] and part.rstrip("0").rstrip(".") != "1"):
            good = False
    if not good:
        fail(("%s: %s is \"%s\"; it must be two numbers from 0 to 1, the least cosine and " +
              "the least euclidean similarity, such as \"0.99,0.95\".") % (label, attribute, value))
