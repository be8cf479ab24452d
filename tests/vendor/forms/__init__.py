# SPDX-License-Identifier: Apache-2.0
"""Every instruction form that is compared with the vendor's simulator: {name: function that fills a Case}."""
from . import ar, compare, conv, gdma, matmul, move, pord, requant, special


def all_forms():
    forms = {}
    for module in (ar, conv, pord, matmul, requant, special, compare, move, gdma):
        for name, fill in module.forms():
            if name in forms:
                raise ValueError(f"two forms are called {name}")
            forms[name] = fill
    return forms
