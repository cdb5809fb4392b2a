"""Payloads as bytes: sorted keys, no validation on the way. PURE.

The models in `bridge/contract/payloads.py` describe these bytes, and tests hold every published message
against them; validating each one again while the show runs would cost more than everything else together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from services.model import TITLES, AuditEvent, Event, ServiceError

EMPTY = b""
"""A retained message without a payload empties its topic (MQTT 3.1.1, section 3.3.1.3)."""

INVENTORY_PAGE = 500
"""Receivers and channels a page: contract, section 1."""

ROOM = 120_000
"""Bytes: below the 128 KB that every broker takes, with something to spare for an envelope."""

SHORTER = (100, 20, 4, 0)
"""Elements that lists keep in what would be too large, one number after the other."""

_FORM = orjson.OPT_SORT_KEYS


def encode(value: Mapping[str, Any]) -> bytes:
    """A JSON object with sorted keys."""
    return orjson.dumps(value, option=_FORM)


def fit(value: Mapping[str, Any]) -> bytes:
    """A JSON object below 128 KB: where it is larger its lists are cut short, with the number that was left out."""
    payload = orjson.dumps(value, default=str, option=_FORM)
    for most in SHORTER:
        if len(payload) <= ROOM:
            break
        payload = orjson.dumps(_cut(value, most), default=str, option=_FORM)
    return payload


def _cut(value: Any, most: int) -> Any:
    if isinstance(value, Mapping):
        short = {key: _cut(item, most) for key, item in value.items()}
        left_out = {key: len(item) - most for key, item in value.items() if _is_longer(item, most)}
        return {**short, **{f"{key}_left_out": number for key, number in left_out.items()}}
    if isinstance(value, (list, tuple)):
        return [_cut(item, most) for item in value[:most]]
    return value


def _is_longer(value: object, most: int) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > most


def resource(
    schema: str,
    resource_id: str,
    epoch: int,
    revision: int,
    changed_at: str,
    data: Mapping[str, object],
    *,
    stale: bool,
) -> bytes:
    """The envelope of ``info``, ``state`` and ``slots``."""
    return encode(
        {
            "schema": f"{schema}/1",
            "id": resource_id,
            "epoch": epoch,
            "revision": revision,
            "changed_at": changed_at,
            "stale": stale,
            "data": data,
        }
    )


def plain_resource(schema: str, resource_id: str, time: str, data: Mapping[str, object]) -> bytes:
    """The envelope of what has no revision: ``telemetry``, ``levels``, ``link``."""
    return encode({"schema": f"{schema}/1", "id": resource_id, "time": time, "data": data})


def availability(resource_id: str, epoch: int, revision: int, state: str, reason: str | None, since: str) -> bytes:
    """Whether a resource is there."""
    return encode(
        {
            "schema": "availability/1",
            "id": resource_id,
            "epoch": epoch,
            "revision": revision,
            "state": state,
            "reason": reason,
            "since": since,
        }
    )


def event(happened: Event) -> bytes:
    """Something that happened once."""
    return encode(
        {
            "schema": f"{happened.address.kind}.event/1",
            "event_id": happened.event_id,
            "event_type": happened.event_type,
            "time": happened.time,
            "id": happened.address.id,
            "data": dict(happened.data),
        }
    )


def audit(happened: AuditEvent) -> bytes:
    """An audit event."""
    draft = happened.draft
    return fit(
        {
            "schema": "audit/1",
            "event_id": draft.event_id,
            "stream": happened.stream,
            "seq": happened.seq,
            "time": draft.time,
            "organization": draft.tenant.organization,
            "campus": draft.tenant.campus,
            "claimed_actor": draft.claimed_actor,
            "request_id": draft.request_id,
            "action": draft.action,
            "resource": draft.resource,
            "before": draft.before,
            "after": draft.after,
            "late": draft.late,
        }
    )


def bridge_state(
    bridge_id: str, epoch: int, state: str, reason: str | None, since: str | None, *, expected: bool
) -> bytes:
    """How the process is; the form of the last will too."""
    return encode(
        {
            "schema": "bridge.state/1",
            "id": bridge_id,
            "epoch": epoch,
            "state": state,
            "reason": reason,
            "since": since,
            "expected": expected,
        }
    )


def inventory(
    bridge_id: str, receivers: Sequence[Mapping[str, Any]], units: Sequence[Mapping[str, Any]] = ()
) -> list[tuple[str, bytes]]:
    """Ids only, in pages from 0; a unit stays whole on its page. ``units`` are those that are no receivers."""
    pages: list[dict[str, list[Mapping[str, Any]]]] = [{"receivers": [], "units": []}]
    room = INVENTORY_PAGE
    rows = [("receivers", "channels", one) for one in receivers] + [("units", "parts", one) for one in units]
    for where, parts, unit in rows:
        needed = 1 + len(unit[parts])
        if needed > room < INVENTORY_PAGE:
            pages.append({"receivers": [], "units": []})
            room = INVENTORY_PAGE
        pages[-1][where].append(unit)
        room -= needed
    return [
        (
            str(number),
            encode(
                {
                    "schema": "bridge.inventory/1",
                    "id": bridge_id,
                    "page": number,
                    "pages": len(pages),
                    **page,
                }
            ),
        )
        for number, page in enumerate(pages)
    ]


def summary(
    bridge_id: str, time: str, channels: Iterable[bytes], parts: Iterable[bytes] = ()
) -> Iterator[tuple[str, bytes]]:
    """One small object a part, each encoded already: of a thousand, few have changed since the last summary.

    ``parts`` are those that are no channels. What does not fit under 128 KB goes on to ``summary/1``, ``summary/2`` ...
    Each page is made when it is asked for: all of them at once would hold the event loop.
    """
    pages: list[tuple[list[bytes], list[bytes]]] = [([], [])]
    size = 0
    for place, rows in enumerate((channels, parts)):
        for row in rows:
            if size + len(row) > ROOM and size:
                pages.append(([], []))
                size = 0
            pages[-1][place].append(row)
            size += len(row) + 1
    for number, page in enumerate(pages):
        body = {
            "schema": "bridge.summary/1",
            "id": bridge_id,
            "time": time,
            "page": number,
            "pages": len(pages),
            "channels": orjson.Fragment(b"[" + b",".join(page[0]) + b"]"),
            "parts": orjson.Fragment(b"[" + b",".join(page[1]) + b"]"),
        }
        yield str(number) if number else "", encode(body)


def candidates(bridge_id: str, time: str, rows: Sequence[Mapping[str, object]]) -> bytes:
    """What discovery saw and did not adopt; of more than fit under 128 KB the first, and how many were left out."""
    return fit({"schema": "bridge.candidates/1", "id": bridge_id, "time": time, "candidates": rows})


def overview(bridge_id: str, time: str, data: Mapping[str, object]) -> bytes:
    """A campus in a few figures."""
    return encode({"schema": "bridge.overview/1", "id": bridge_id, "time": time, "data": data})


def plain(value: object) -> bytes:
    """One value as text: ``true``/``false``, numbers and words as they are, unknown as nothing."""
    if value is None:
        return EMPTY
    return orjson.dumps(value) if isinstance(value, (bool, int, float)) else str(value).encode()


def reply(
    request_id: str | None,
    verb: str,
    status: str,
    duration_s: float,
    data: Mapping[str, object],
    warnings: Sequence[str],
    error: ServiceError | None,
) -> bytes:
    """The answer to a command."""
    return fit(
        {
            "schema": "reply/1",
            "request_id": request_id,
            "verb": verb,
            "status": status,
            "duration_ms": round(duration_s * 1000),
            "data": data,
            "warnings": list(warnings),
            "error": None if error is None else error_words(error),
        }
    )


def error_words(error: ServiceError) -> dict[str, object]:
    """An error as it stands in a reply."""
    return {
        "code": error.code,
        "title": TITLES[error.code],
        "detail": error.detail,
        "retryable": error.retryable,
        "retry_after_s": error.retry_after_s,
        "field": error.field,
    }
