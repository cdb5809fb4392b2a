"""Writes the documents that repeat the code: `make docs`. With ``--check`` it only says which are stale.

To add one, write a function that returns its text and give it a line in DOCUMENTS. For a table within a page that
people write, put ``<!-- begin NAME -->`` and ``<!-- end NAME -->`` round its place and give it a line in TABLES
(scripts/doc_tables.py).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bridge import __version__
from bridge.contract import document
from scripts.configuration_page import configuration
from scripts.doc_tables import TABLES

ROOT = Path(__file__).parent.parent


def asyncapi() -> str:
    """The MQTT contract for programs."""
    return json.dumps(document(__version__), indent=1, sort_keys=True) + "\n"


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "docs/configuration.md": configuration,
    "docs/asyncapi.json": asyncapi,
}
"""Whole files."""


def wanted() -> dict[Path, str]:
    """What every generated document should hold now."""
    texts = {ROOT / name: make() for name, make in DOCUMENTS.items()}
    for (name, place), make in TABLES.items():
        path = ROOT / name
        text = texts.get(path) or path.read_text(encoding="utf-8")
        texts[path] = put(text, place, make())
    return texts


def put(text: str, place: str, table: str) -> str:
    """The text with a table at its place. Raises `ValueError` where the place is not marked."""
    begin, end = f"<!-- begin {place} -->", f"<!-- end {place} -->"
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not marked.search(text):
        raise ValueError(f"the page has no place {begin} ... {end}")
    return marked.sub(lambda _: f"{begin}\n{table.strip()}\n{end}", text)


def stale() -> dict[Path, str]:
    """Those that are missing or hold something else."""
    return {
        path: text for path, text in wanted().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main() -> int:
    """Write, or with ``--check`` tell."""
    old = stale()
    for path, text in old.items():
        print(f"{path.relative_to(ROOT)}: {'stale, run make docs' if '--check' in sys.argv else 'written'}")
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if old and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
