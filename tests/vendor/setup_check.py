# SPDX-License-Identifier: Apache-2.0
"""The vendor's simulator starts and keeps what is written to its memory."""

import numpy

from oracle_cmodel import CModel

expected = numpy.arange(48, dtype=numpy.float32).reshape(1, 8, 2, 3)
with CModel(16 << 20) as model:
    model.write_tensor(0, expected)
    found = model.read_tensor(0, expected.shape, numpy.float32)
assert found.tobytes() == expected.tobytes(), "local memory does not keep a tensor"
