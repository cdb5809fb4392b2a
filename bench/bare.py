"""An interpreter that has imported what the bridge imported, and does nothing: what memory is measured against."""

from __future__ import annotations

import importlib
import json
import sys

from bench.children import emit

if __name__ == "__main__":
    left_out = []
    for module in json.loads(sys.stdin.readline()):
        try:
            importlib.import_module(module)
        except ImportError:
            left_out.append(module)  # a name that a module gave itself
    emit({"left_out": left_out})
    sys.stdin.read()
