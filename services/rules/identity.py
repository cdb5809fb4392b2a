"""Who is who: making a receiver's id once, and recognising it again. PURE.

An id is made at first contact and never recomputed. Recognition goes from what people cannot change: serial number,
MAC address, CID. Where a unit reports none of them, its address is its identity.
Two units that claim one identity are a conflict, never a merge.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from services.model import NOUNS, Identity, IgnoredIdentity, UnitRecord

Outcome = Literal["new", "duplicate", "moved", "conflict", "both_ways"]
"""``both_ways``: one unit answers at its own address and behind a gateway, and is known by the other way already."""

MAX_UNIT_ID = 58
"""Leaves room for ``-<channel>`` within the 63 characters of a topic level."""

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,57}")


@dataclass(frozen=True, slots=True)
class Match:
    """What an identity at a host is to us; ``why`` is for people."""

    outcome: Outcome
    record: UnitRecord | None = None
    why: str = ""
    twin: UnitRecord | None = None
    """The other unit of a conflict, where there is one."""


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
    """Find the unit that answers with this identity at a place.

    ``known`` are the units of the tenant, ``online`` the ids of those that are online. ``unit`` is the unit behind a
    gateway at ``host``: units with different ones are at different places. A name, a label or a model is never a
    reason to take two units for one: racks of new units all have the same. ``moved`` holds only if nobody answers as
    that unit at its old place any more, which the caller has to ask. A gateway names each unit by an identity of its
    own, so a unit that is known at its own address and found behind a gateway, or the other way round, is one unit and
    has not moved.
    """
    place = (host, port, unit)
    records = [record for record in known if record.manufacturer == identity.manufacturer]
    twins = [record for record in records if same_unit(record, identity)]
    here = next((record for record in (*twins, *records) if _at(record, place)), None)
    if here is not None and here in twins:
        return Match("duplicate", here)
    if twins and here is None and (apart := [twin for twin in twins if bool(twin.behind) != bool(unit)]) == twins:
        return Match("both_ways", apart[0], _by_both_ways(apart[0], host, unit))
    if twins:
        connected = set(online)
        twin = next((record for record in twins if record.address.id in connected), twins[0])
        return _elsewhere(twin, here, host, is_online=twin.address.id in connected)
    if here is None:
        return Match("new")
    if same_unit(here, identity) is False:
        return Match("conflict", here, f"{host} was {here.address.id}, and another unit answers there now")
    if not _same_kind(here, identity):
        was, now = here.model or NOUNS[here.address.kind], identity.model or NOUNS[identity.kind]
        return Match("conflict", here, f"{host} was a {was}, and a {now} answers there now")
    return Match("duplicate", here)


def _elsewhere(twin: UnitRecord, here: UnitRecord | None, host: str, *, is_online: bool) -> Match:
    """What a unit is that answers at ``host`` and is known at another place, ``twin``; ``here`` was at ``host``."""
    name, there = twin.address.id, twin.host
    if here is not None:
        return Match(
            "conflict", here, f"{host} was {here.address.id}, and {name}, known at {there}, answers there", twin
        )
    if is_online:
        return Match("conflict", twin, f"{name} is online at {there} and also answers at {host}")
    if twin.source == "config":
        return Match("conflict", twin, f"{name}, which the configuration expects at {there}, answers at {host}")
    return Match("moved", twin, f"{name} from {there} to {host}")


def _by_both_ways(twin: UnitRecord, host: str, unit: str) -> str:
    """Words for a unit that is known by one way and found by the other."""
    name = twin.address.id
    if unit:
        return f"{unit} behind the gateway {host} is {name}, which is known at its own address {twin.host}"
    return f"{host} is {name}, which is known behind the gateway {twin.host} as {twin.behind}"


def _same_kind(record: UnitRecord, identity: Identity) -> bool:
    if record.address.kind is not identity.kind:
        return False
    if record.model and identity.model:
        return record.model == identity.model
    return record.family is None or record.family == identity.family


def _at(record: UnitRecord, place: tuple[str, int | None, str]) -> bool:
    host, port, unit = place
    return record.host == host and record.behind == unit and (record.port == port or None in {record.port, port})
