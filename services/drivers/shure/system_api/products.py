"""PURE. Which devices of the server's list are units of ours, and what each can by its capabilities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from services.drivers.port import Product
from services.drivers.shure.families import MANUFACTURER, model_of
from services.drivers.shure.system_api.codec.controls import NAME, SWITCH
from services.drivers.shure.system_api.codec.nodes import Node
from services.drivers.shure.system_api.codec.resources import CHANNEL_RESOURCES, UNIT_RESOURCES, Resource
from services.model import KEYS, UNIT_KINDS, Abilities, Identity, Kind, SettableRange

FAMILY = "axient_psm"
TITLE = "Axient Digital PSM"
_PSM = {"ADTQ": 4, "ADTD": 2}
"""Model -> channels."""
_MODEL = re.compile(r"(ADTQ|ADTD)(?![A-Z0-9])", re.IGNORECASE)

ADTQ_GAIN = SettableRange(minimum=-20, maximum=16, step=1, unit="dB")
"""As an ADTQ described it; each unit is asked for its own."""


def identity_of(node: Node) -> Identity | None:
    """Who a device is; ``None`` for one that is no receiver, transmitter of in-ear monitors or charger."""
    found = _family(node.model)
    if found is None:
        return None
    family, kind, parts = found
    return Identity(
        MANUFACTURER,
        family,
        kind,
        model=node.model,
        serial=node.serial or None,
        mac=node.mac,
        cid=node.cid,
        firmware=node.firmware or None,
        part_count=parts,
    )


def has_own_protocol(node: Node) -> bool:
    """Whether the unit also answers at its own address, and tells more there."""
    found = _family(node.model)
    return found is not None and found[0] != FAMILY


def _family(model: str) -> tuple[str, Kind, int | None] | None:
    if (found := _MODEL.match(model)) is not None:
        return FAMILY, Kind.IEM, _PSM[found[1].upper()]
    known = model_of(model)
    return None if known is None else (known[0].name, known[0].kind, None)


def unit_abilities(kind: Kind, capabilities: Iterable[str]) -> Abilities:
    """What a unit of this kind can, by its capabilities."""
    rows = resources_of(UNIT_RESOURCES, kind, capabilities)
    return Abilities(
        KEYS.with_derived(kind, _core(rows, kind)),
        settable=_settable(rows, kind, None),
        identifies=any(row.name == "identify" for row in rows),
    )


def part_abilities(kind: Kind, capabilities: Iterable[str], gain: SettableRange | None) -> Abilities:
    """What a part of a unit of this kind can; ``gain`` is the range that it described, ``None`` where it did not."""
    part = UNIT_KINDS[kind].part
    rows = resources_of(CHANNEL_RESOURCES, part, capabilities)
    core = _core(rows, part)
    return Abilities(
        KEYS.with_derived(part, core),
        settable=_settable(rows, part, gain),
        features=("receiver_mute",) if "receiver_muted" in core else (),
    )


def resources_of(table: Mapping[str, Resource], kind: Kind, capabilities: Iterable[str]) -> tuple[Resource, ...]:
    """Rows that a unit or part of this kind lists and that mean something there, in the order of the table."""
    listed = {*capabilities}
    return tuple(row for name, row in table.items() if name in listed and kind in row.keys)


def _core(rows: Iterable[Resource], kind: Kind) -> set[str]:
    return {row.keys[kind] for row in rows if kind not in row.own}


def _settable(rows: Iterable[Resource], kind: Kind, gain: SettableRange | None) -> dict[str, SettableRange]:
    ranges: Mapping[str, SettableRange | None] = {"name": NAME, "audio-mute": SWITCH, "mute": SWITCH, "gain": gain}
    return {row.keys[kind]: can for row in rows if (can := ranges.get(row.name)) is not None}


PRODUCTS: tuple[Product, ...] = tuple(
    Product(
        name=model.lower(),
        model=model,
        family=FAMILY,
        title=TITLE,
        kind=Kind.IEM,
        parts=parts,
        abilities=unit_abilities(Kind.IEM, ("name", "identify")),
        part_abilities=part_abilities(Kind.IEM, ("activity", "gain", "name"), ADTQ_GAIN),
        note=note,
    )
    for (model, parts), note in zip(
        _PSM.items(),
        (
            "Through a System API server, which gives no RF, no meters and no mute of it.",
            "Through a System API server. No list of a real one was seen: read as an ADTQ with two channels.",
        ),
        strict=True,
    )
)
"""The catalogue."""
