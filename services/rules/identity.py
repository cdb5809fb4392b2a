"""Who is who: making a receiver's id once, and recognising it again. PURE.

An id is made at first contact and never recomputed. Recognition goes from what people cannot change to what they
can: serial number, MAC address, then model and label together where that is unique, then the last known address.
Two units that claim one identity are a conflict, never a merge.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from services.model import NOUNS, Identity, IgnoredIdentity, UnitRecord

Outcome = Literal["new", "duplicate", "moved", "conflict"]

MAX_UNIT_ID = 58
"""Leaves room for ``-<channel>`` within the 63 characters of a topic level."""

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,57}")


@dataclass(frozen=True, slots=True)
class Match:
    """What an identity at a host is to us; ``why`` is for people."""

    outcome: Outcome
    record: UnitRecord | None = None
    why: str = ""


def is_unit_id(text: str) -> bool:
    """Whether a configured id can stand in a topic, with room for a part's number."""
    return _ID.fullmatch(text) is not None


def make_id(identity: Identity, host: str, taken: Iterable[str] = (), *, unit: str = "") -> str:
    """``<model>-<mac>`` where the unit gives one, else ``<model>-<8 hex of a hash of who and where it was>``.

    ``unit`` is the unit behind a gateway at ``host``.
    """
    model = identity.model or identity.family or identity.kind
    if identity.mac:
        tail = re.sub(r"[^0-9a-f]", "", identity.mac.lower())
    else:
        origin = "|".join((identity.manufacturer, model, host, *([unit] if unit else [])))
        tail = hashlib.sha256(origin.encode()).hexdigest()[:8]
    head = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-") or identity.kind.replace("_", "-")
    made = f"{head[: MAX_UNIT_ID - len(tail) - 4]}-{tail}"
    in_use = set(taken)
    if made not in in_use:
        return made
    return next(name for name in (f"{made}-{n}" for n in range(2, 1000)) if name not in in_use)


def same_unit(record: UnitRecord | IgnoredIdentity, identity: Identity) -> bool | None:
    """Whether the hardware is the same: by serial, MAC or CID where both have one; ``None`` where neither decides."""
    facts = ((record.serial, identity.serial), (record.mac, identity.mac), (record.cid, identity.cid))
    for ours, theirs in facts:
        if ours and theirs:
            return ours.lower() == theirs.lower()
    return None


def recognise(
    identity: Identity,
    host: str,
    port: int | None,
    known: Iterable[UnitRecord],
    online: Iterable[str] = (),
    *,
    unit: str = "",
) -> Match:
    """Find the receiver that this identity is.

    ``known`` are the receivers of the tenant and maker, ``online`` the ids of those that are online: a unit
    that is online at its own address cannot have moved. ``unit`` is the unit behind a gateway at
    ``host``: units with different ones are at different places.
    """
    records = [record for record in known if record.manufacturer == identity.manufacturer]
    connected = set(online)
    for record in records:
        if same_unit(record, identity):
            return _placed(record, (host, port, unit), connected)
    here = next((record for record in records if _at(record, (host, port, unit))), None)
    label = (identity.device_id or "").strip()
    if label and not (here is not None and same_unit(here, identity) is None and _same_kind(here, identity)):
        alike = [
            record
            for record in records
            if record.device_id == label
            and record.model == identity.model
            and record.address.kind is identity.kind
            and same_unit(record, identity) is None
        ]
        if len(alike) == 1 and alike[0].address.id not in connected:
            return _placed(alike[0], (host, port, unit), connected)
    if here is None:
        return Match("new")
    if same_unit(here, identity) is False:
        return Match("conflict", here, f"{host} was {here.address.id}, and another unit answers there now")
    if not _same_kind(here, identity):
        was, now = here.model or NOUNS[here.address.kind], identity.model or NOUNS[identity.kind]
        return Match("conflict", here, f"{host} was a {was}, and a {now} answers there now")
    return Match("duplicate", here)


def _same_kind(record: UnitRecord, identity: Identity) -> bool:
    if record.address.kind is not identity.kind:
        return False
    if record.model and identity.model:
        return record.model == identity.model
    return record.family is None or record.family == identity.family


def _at(record: UnitRecord, place: tuple[str, int | None, str]) -> bool:
    host, port, unit = place
    return record.host == host and record.behind == unit and (record.port == port or None in {record.port, port})


def _placed(record: UnitRecord, place: tuple[str, int | None, str], connected: set[str]) -> Match:
    host = place[0]
    if _at(record, place):
        return Match("duplicate", record)
    if record.address.id in connected:
        return Match("conflict", record, f"{record.address.id} is online at {record.host} and also answers at {host}")
    return Match("moved", record, f"from {record.host} to {host}")
