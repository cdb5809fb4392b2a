"""How a discovery ended, for the audit and for the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from services.model import Result

ERRORS_AUDITED = 20
"""Errors of one discovery that its audit event carries; the reply has all of them."""


def in_short(audited: Mapping[str, object]) -> dict[str, object]:
    """The same for the log, in short: what was counted, and how many errors there are."""
    counts, errors = audited.get("counts"), audited.get("errors")
    counted = {name: number for name, number in counts.items() if number} if isinstance(counts, Mapping) else {}
    return {"status": audited.get("status"), **counted, "errors": len(errors) if isinstance(errors, list) else None}


def for_audit(result: Result) -> dict[str, object]:
    """What the audit keeps of a discovery; its reply has all of it."""
    whole = result.as_json()
    kept = {key: whole[key] for key in ("status", "counts", "warnings", "duration_s")}
    return {**kept, "errors": [asdict(error) for error in result.errors[:ERRORS_AUDITED]]}
