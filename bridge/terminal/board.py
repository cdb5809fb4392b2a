"""The rows that `watch` and `demo` show: one for each part, made of the topics of a broker. No terminal in here.

It reads published topics alone, so it works for any broker and any number of bridges behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from bridge.contract import Topics
from services.model import PART_KINDS, UNIT_KINDS, Address, Facet, Kind, clean_text, facets_of, unit_address

TELEMETRY_HOLDS_S: Final = 10.0
"""Contract 1: meters expire after ten seconds."""

_OF_UNIT: Final = (Facet.INFO, Facet.AVAILABILITY)
_OF_PART: Final = (Facet.STATE, Facet.AVAILABILITY, Facet.TELEMETRY)

SUBSCRIBED: Final = tuple(
    (kind, facet)
    for unit_kind in UNIT_KINDS.values()
    for kind, facets in ((unit_kind.unit, _OF_UNIT), (unit_kind.part, _OF_PART))
    for facet in facets
    if facet in facets_of(kind)
)

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One part, or a unit whose parts are not known yet (``number`` is ``None``)."""

    address: Address
    unit: str
    """The unit's name, else its id."""
    number: int | None
    online: bool
    reason: str | None
    stale: bool
    state: Data
    telemetry: Data
    """Empty where the meters are old."""

    @property
    def kind(self) -> Kind:
        """The kind of the part, also where only its unit is known."""
        kind = self.address.kind
        return UNIT_KINDS[kind].part if kind in UNIT_KINDS else kind

    @property
    def status(self) -> str:
        """The status to show: as published, or ``offline`` where the unit is offline."""
        return clean_text(str(self.state.get("status") or "unknown")) if self.online else "offline"

    @property
    def reasons(self) -> str:
        """Why, in a few words."""
        if not self.online:
            return clean_text(self.reason or "")
        reasons = self.state.get("status_reasons")
        return clean_text(", ".join(map(str, reasons))) if isinstance(reasons, list) else ""


@dataclass(slots=True)
class _Part:
    state: Data = field(default_factory=dict)
    stale: bool = False
    availability: Data = field(default_factory=dict)
    telemetry: Data = field(default_factory=dict)
    metered_at: float = 0.0


class Board:
    """Takes messages as they come and has the newest rows."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._parts: dict[Address, _Part] = {}
        self._units: dict[Address, Data] = {}
        self._unit_availability: dict[Address, Data] = {}
        self.bridges: dict[str, str] = {}
        """State of each bridge process, as it publishes it."""
        self.unreadable = 0
        """Messages that are no JSON objects: somebody else writes to these topics."""

    def subscriptions(self) -> list[str]:
        """What has to be subscribed to."""
        return [
            *(self._topics.everywhere(kind, facet) for kind, facet in SUBSCRIBED),
            self._topics.every_process(Facet.STATE),
        ]

    def clear(self) -> None:
        """Forget everything: a new connection brings what is retained, and leaves out what is gone."""
        self._parts.clear()
        self._units.clear()
        self._unit_availability.clear()
        self.bridges.clear()

    def take(self, topic: str, payload: bytes, now: float) -> Address | None:
        """Note a message, ``now`` in seconds; the resource that it changed, ``None`` where it is not for the wall."""
        published = self._topics.parse(topic)
        if published is None:
            return None
        message = _object(payload)
        if message is None:
            self.unreadable += 1
            return None
        if published.address is None:
            self._note_bridge(published.bridge or "", message)
            return None
        if published.address.kind in UNIT_KINDS:
            self._note_unit(published.address, published.facet, message)
        elif published.address.kind in PART_KINDS:
            self._note_part(published.address, published.facet, message, now)
        return published.address

    def _note_bridge(self, bridge: str, message: Data) -> None:
        if message:
            self.bridges[bridge] = clean_text(str(message.get("state")))
        else:
            self.bridges.pop(bridge, None)

    def _note_unit(self, address: Address, facet: Facet, message: Data) -> None:
        if facet is Facet.INFO:
            _put(self._units, address, _data(message))
        elif facet is Facet.AVAILABILITY:
            _put(self._unit_availability, address, message)

    def _note_part(self, address: Address, facet: Facet, message: Data, now: float) -> None:
        if not message and facet is not Facet.TELEMETRY:
            self._parts.pop(address, None)
            return
        part = self._parts.setdefault(address, _Part())
        if facet is Facet.STATE:
            part.state, part.stale = _data(message), message.get("stale") is True
        elif facet is Facet.AVAILABILITY:
            part.availability = message
        elif facet is Facet.TELEMETRY:
            part.telemetry, part.metered_at = _data(message), now

    def row(self, address: Address, now: float) -> Row | None:
        """One part's row."""
        part = self._parts.get(address)
        if part is None:
            return None
        number = address.id.rpartition("-")[2]
        unit = unit_address(address)
        info = self._units.get(unit, {})
        fresh = now - part.metered_at <= TELEMETRY_HOLDS_S
        return Row(
            address,
            unit=str(info.get("name") or unit.id),
            number=int(number) if number.isdecimal() else None,
            online=part.availability.get("state", "online") != "offline",
            reason=_text(part.availability.get("reason")),
            stale=part.stale,
            state=part.state,
            telemetry=part.telemetry if fresh else {},
        )

    def rows(self, now: float) -> list[Row]:
        """All rows, sorted by campus, unit and part; a unit without parts has one of its own."""
        rows = [row for address in self._parts if (row := self.row(address, now)) is not None]
        with_parts = {unit_address(row.address) for row in rows}
        for address, info in self._units.items():
            if address not in with_parts:
                rows.append(self._bare(address, info))
        return sorted(rows, key=_order)

    def _bare(self, address: Address, info: Data) -> Row:
        availability = self._unit_availability.get(address, {})
        return Row(
            address,
            unit=str(info.get("name") or address.id),
            number=None,
            online=availability.get("state") == "online",
            reason=_text(availability.get("reason")),
            stale=False,
            state={},
            telemetry={},
        )


def _order(row: Row) -> tuple[object, ...]:
    unit = row.address.id if row.number is None else unit_address(row.address).id
    return row.address.tenant, row.unit, unit, row.number or 0


def _put(table: dict[Address, Data], address: Address, value: Data) -> None:
    if value:
        table[address] = value
    else:
        table.pop(address, None)


def _object(payload: bytes) -> Data | None:
    """A JSON object; an empty message (a topic that was emptied) is an empty one."""
    if not payload:
        return {}
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _data(message: Data) -> Data:
    data = message.get("data")
    return data if isinstance(data, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
