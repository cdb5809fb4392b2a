"""`docs/architecture.md` walks through the code by name: each function that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

PAGE = (ROOT / "docs" / "architecture.md").read_text()

WALKS = ("One SAMPLE", "One changed value", "One command", "One audit event")
"""The walks that the page has to have, as headings."""

STEP = re.compile(r"`([A-Za-z_]\w*)\.([a-z_]\w*)`")
"""A step of a walk: `module.function` or `Class.method`."""


def walk(title: str) -> str:
    """The section under a heading, without what is code from outside."""
    _, _, rest = PAGE.partition(f"## {title}")
    return rest.partition("\n## ")[0]


@cache
def functions() -> frozenset[str]:
    """``module.function`` and ``Class.method`` of everything in both packages."""
    found: set[str] = set()
    for package in ("bridge", "services"):
        for path in (ROOT / package).rglob("*.py"):
            module = path.stem if path.stem != "__init__" else path.parent.name
            tree = ast.parse(path.read_text())
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    found.add(f"{module}.{node.name}")
                elif isinstance(node, ast.ClassDef):
                    found.update(
                        f"{node.name}.{one.name}"
                        for one in node.body
                        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
                    )
    return frozenset(found)


@pytest.mark.parametrize("title", WALKS)
def test_every_function_that_a_walk_names_exists(title: str) -> None:
    steps = [".".join(step) for step in STEP.findall(walk(title))]
    assert len(steps) >= 5, f"docs/architecture.md has no walk under '## {title}', or one without functions"
    missing = [step for step in steps if step not in functions()]
    assert not missing, f"docs/architecture.md names what is not there: {missing}"


def test_the_page_names_every_room_of_both_packages() -> None:
    rooms = [path.parent for package in ("bridge", "services") for path in (ROOT / package).glob("*/__init__.py")]
    missing = [room for path in rooms if f"`{(room := path.relative_to(ROOT).as_posix())}/`" not in PAGE]
    assert not missing, f"docs/architecture.md has no word on {missing}"
