"""The wall that `watch` and `demo` show: what a broker's topics say of every channel, as rows. No terminal in here.

It reads published topics alone, so it works for any broker and any number of bridges behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from bridge.contract import Topics
from services.model import PART_KINDS, UNIT_KINDS, Address, Facet, Kind, unit_address

TELEMETRY_HOLDS_S: Final = 10.0
"""Contract 1: meters expire after ten seconds."""

SUBSCRIBED: Final = (
    (Kind.RECEIVER, Facet.INFO),
    (Kind.RECEIVER, Facet.AVAILABILITY),
    (Kind.CHANNEL, Facet.STATE),
    (Kind.CHANNEL, Facet.AVAILABILITY),
    (Kind.CHANNEL, Facet.TELEMETRY),
)

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One channel, or a receiver whose channels are not known yet (``number`` is ``None``)."""

    address: Address
    receiver: str
    """Its name, else its id."""
    number: int | None
    online: bool
    reason: str | None
    stale: bool
    state: Data
    telemetry: Data
    """Empty where the meters are old."""

    @property
    def status(self) -> str:
        """The word for the wall; what the bridge said, unless the receiver is gone."""
        return str(self.state.get("status") or "unknown") if self.online else "offline"

    @property
    def reasons(self) -> str:
        """Why, in a few words."""
        if not self.online:
            return self.reason or ""
        reasons = self.state.get("status_reasons")
        return ", ".join(map(str, reasons)) if isinstance(reasons, list) else ""


@dataclass(slots=True)
class _Channel:
    state: Data = field(default_factory=dict)
    stale: bool = False
    availability: Data = field(default_factory=dict)
    telemetry: Data = field(default_factory=dict)
    metered_at: float = 0.0


class Board:
    """Takes messages as they come and has the newest rows."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._channels: dict[Address, _Channel] = {}
        self._receivers: dict[Address, Data] = {}
        self._receiver_availability: dict[Address, Data] = {}
        self.bridges: dict[str, str] = {}
        """What each bridge's process says of itself."""
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
        self._channels.clear()
        self._receivers.clear()
        self._receiver_availability.clear()
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
            self._note_receiver(published.address, published.facet, message)
        elif published.address.kind in PART_KINDS:
            self._note_channel(published.address, published.facet, message, now)
        return published.address

    def _note_bridge(self, bridge: str, message: Data) -> None:
        if message:
            self.bridges[bridge] = str(message.get("state"))
        else:
            self.bridges.pop(bridge, None)

    def _note_receiver(self, address: Address, facet: Facet, message: Data) -> None:
        if facet is Facet.INFO:
            _put(self._receivers, address, _data(message))
        elif facet is Facet.AVAILABILITY:
            _put(self._receiver_availability, address, message)

    def _note_channel(self, address: Address, facet: Facet, message: Data, now: float) -> None:
        if not message and facet is not Facet.TELEMETRY:
            self._channels.pop(address, None)
            return
        channel = self._channels.setdefault(address, _Channel())
        if facet is Facet.STATE:
            channel.state, channel.stale = _data(message), message.get("stale") is True
        elif facet is Facet.AVAILABILITY:
            channel.availability = message
        elif facet is Facet.TELEMETRY:
            channel.telemetry, channel.metered_at = _data(message), now

    def row(self, address: Address, now: float) -> Row | None:
        """One channel's row."""
        channel = self._channels.get(address)
        if channel is None:
            return None
        number = address.id.rpartition("-")[2]
        unit = unit_address(address)
        info = self._receivers.get(unit, {})
        fresh = now - channel.metered_at <= TELEMETRY_HOLDS_S
        return Row(
            address,
            receiver=str(info.get("name") or unit.id),
            number=int(number) if number.isdecimal() else None,
            online=channel.availability.get("state", "online") != "offline",
            reason=_text(channel.availability.get("reason")),
            stale=channel.stale,
            state=channel.state,
            telemetry=channel.telemetry if fresh else {},
        )

    def rows(self, now: float) -> list[Row]:
        """All rows, sorted by campus, receiver and channel; a receiver without channels has one of its own."""
        rows = [row for address in self._channels if (row := self.row(address, now)) is not None]
        with_channels = {unit_address(row.address) for row in rows}
        for address, info in self._receivers.items():
            if address not in with_channels:
                rows.append(self._bare(address, info))
        return sorted(rows, key=_order)

    def _bare(self, address: Address, info: Data) -> Row:
        said = self._receiver_availability.get(address, {})
        return Row(
            address,
            receiver=str(info.get("name") or address.id),
            number=None,
            online=said.get("state") == "online",
            reason=_text(said.get("reason")),
            stale=False,
            state={},
            telemetry={},
        )


def _order(row: Row) -> tuple[object, ...]:
    receiver = row.address.id if row.number is None else row.address.id.rpartition("-")[0]
    return row.address.tenant, row.receiver, receiver, row.number or 0


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
