"""Takes apart what a unit says by events: who the session is, and which resources have changed.

Source: docs/protocols/sennheiser-sscv2.md#events
"""

from __future__ import annotations

import json
from collections.abc import Mapping

SESSIONS = "/api/ssc/state/subscriptions"
_PAIR = {"path", "value"}


def session_path(data: str) -> str | None:
    """The path of a session, from the data of its ``open`` event; ``None`` where it has none."""
    try:
        opened = json.loads(data)
    except ValueError:
        return None
    if not isinstance(opened, dict):
        return None
    path, uuid = opened.get("path"), opened.get("sessionUUID")
    if isinstance(path, str) and is_session(path):
        return path
    named = f"{SESSIONS}/{uuid}" if isinstance(uuid, str) else ""
    return named if is_session(named) else None


def is_session(path: str) -> bool:
    """Whether a path names one session: the unit says it, and our password goes there."""
    name = path.removeprefix(f"{SESSIONS}/")
    return name != path and name.replace("-", "").isalnum() and name.isascii()


def changes(data: str) -> Mapping[str, object] | None:
    """Resources with their values, from the data of a notification; ``None`` for what is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    if found.keys() == _PAIR and isinstance(found["path"], str):
        return {found["path"]: found["value"]}
    return found
