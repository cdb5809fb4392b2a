"""Prints what a headless Home Assistant with MQTT needs besides itself, one requirement a line.

Run with the Python of that Home Assistant, before its first start: it would fetch these while it starts, which takes
minutes and leaves errors in its log that have nothing to do with us. Needs the standard library alone.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path

SETS = {"DEFAULT_INTEGRATIONS", "CORE_INTEGRATIONS"}
"""Names in its `bootstrap.py`: what it always sets up."""

PLATFORMS = {"Platform", "EntityPlatforms"}
"""Classes that list the platforms which it loads before anything asks for them."""

WANTED = {"api", "automation", "blueprint", "config", "frontend", "hassio", "history", "http", "isal", "lovelace"}
WANTED |= {"logger", "mqtt", "recorder", "system_log", "websocket_api"}


def main() -> None:
    """Print the requirements of everything that is set up."""
    found = importlib.util.find_spec("homeassistant")
    if found is None or found.origin is None:
        sys.exit("this Python has no homeassistant")
    root = Path(found.origin).parent
    components = root / "components"
    todo = sorted(WANTED | set(_named(root)) | {file.stem for file in (components / "mqtt").glob("*.py")})
    seen: set[str] = set()
    requirements: set[str] = set()
    while todo:
        manifest = components / todo.pop() / "manifest.json"
        if manifest.parent.name in seen or not manifest.exists():
            continue
        seen.add(manifest.parent.name)
        content = json.loads(manifest.read_text(encoding="utf-8"))
        requirements.update(content.get("requirements", ()))
        todo += content.get("dependencies", ())
    print("\n".join(sorted(requirements)))


def _named(root: Path) -> Iterator[str]:
    """The integrations that stand in the sets and classes above."""
    for name in ("bootstrap.py", "const.py", "generated/entity_platforms.py"):
        file = root / name
        for node in ast.parse(file.read_text(encoding="utf-8")).body if file.exists() else ():
            names = {target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)}
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
            if isinstance(node, ast.ClassDef):
                names.add(node.name)
            if names & (SETS | PLATFORMS):
                yield from (
                    one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


if __name__ == "__main__":
    main()
