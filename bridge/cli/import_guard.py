"""Finds out at start whether `services` is ours. The name is a common one, and a foreign package of that name in
the way would otherwise show as an ImportError that nobody understands.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "services"
OURS = Path(__file__).resolve().parents[2] / PACKAGE


def shadowed(find: Callable[[str], ModuleSpec | None] = find_spec) -> str | None:
    """What stands in the way of our `services`, and what to do; ``None`` where nothing does."""
    spec = find(PACKAGE)
    places = [Path(place).resolve() for place in (spec.submodule_search_locations or ())] if spec else []
    if places and places[0] == OURS:
        return None
    if spec is None:
        found = "no package of that name is found"
    else:
        found = f"another one is found first: {spec.origin or ', '.join(map(str, places))}"
    return (
        f"mic2mqtt needs its own package {PACKAGE!r} at {OURS}, but {found}.\n"
        "Install mic2mqtt in an environment of its own (pipx, uv tool, a virtual environment, the container image), "
        "look at PYTHONPATH, and do not start it in a folder that has a package of that name."
    )
