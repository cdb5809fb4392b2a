"""What is published of a whole campus: inventory, summary and candidates, in pages. Reads, and decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from bridge.contract import encoding
from services import clock
from services.discovery import Candidates
from services.live import Inventory, Unit, UnitPart
from services.model import Address, Campus, Kind, State

Rendered = tuple[str, bytes]
"""A page (empty where a facet has none) and its payload."""

_MUTES = ("receiver_muted", "transmitter_muted", "transmitter_rf_muted")

_CHANNEL_ROW = (
    "name",
    "status",
    "status_reasons",
    "battery_percent",
    "battery_bars",
    "battery_runtime_minutes",
)
"""Keys of a channel's state that stand in its row as they are."""

_PART_ROW = (
    "name",
    "status",
    "status_reasons",
    "occupied",
    "connected",
    "charge_state",
    "battery_percent",
    "battery_bars",
    "time_to_full_minutes",
    "rf_muted",
)
"""The same of every other part; null where its kind does not have it."""


ROWS_A_TURN = 50
"""Rows of a summary that are made in one turn of the event loop; a new one takes some 20 us, a known one 1 us."""


class CampusPages:
    """Makes the pages of a campus from the newest snapshots."""

    def __init__(self, inventory: Inventory, candidates: Candidates) -> None:
        self._inventory = inventory
        self._candidates = candidates
        self._rows: dict[Address, tuple[State, object, bytes]] = {}
        """The summary's rows, and what they were made of."""

    def forget(self, address: Address) -> None:
        """The part is gone."""
        self._rows.pop(address, None)

    def inventory(self, tenant: Campus) -> list[Rendered]:
        """Ids only, of every unit and its parts."""
        receivers, units = [], []
        for unit in self._sorted(tenant):
            parts = [part.address.id for part in unit.parts.values()]
            if unit.address.kind is Kind.RECEIVER:
                receivers.append({"receiver": unit.address.id, "channels": parts})
            else:
                units.append({"kind": unit.address.kind.value, "unit": unit.address.id, "parts": parts})
        return encoding.inventory(self._inventory.bridge_id, receivers, units)

    def summary(self, tenant: Campus) -> list[Rendered]:
        """A row a part: channels in a list of their own, as they always had, the others in another."""
        return [step for step in self.summary_steps(tenant) if step is not None]

    def summary_steps(self, tenant: Campus) -> Iterator[Rendered | None]:
        """The same page by page, with ``None`` wherever the event loop may have a turn: about a millisecond each."""
        channels: list[bytes] = []
        others: list[bytes] = []
        made = 0
        for unit in self._sorted(tenant):
            rows = channels if unit.address.kind is Kind.RECEIVER else others
            for part in list(unit.parts.values()):  # a copy: parts may come while the event loop has its turn
                rows.append(self._row(unit, part))
                made += 1
                if made % ROWS_A_TURN == 0:
                    yield None
        yield from encoding.summary(self._inventory.bridge_id, clock.now_text(), channels, others)

    def candidates(self, tenant: Campus) -> list[Rendered]:
        """What discovery saw and did not adopt."""
        rows = [
            {key: value for key, value in asdict(candidate).items() if key != "tenant" and (key != "unit" or value)}
            for candidate in self._candidates.of(tenant)
        ]
        return [("", encoding.candidates(self._inventory.bridge_id, clock.now_text(), rows))]

    def _sorted(self, tenant: Campus) -> list[Unit]:
        return sorted(self._inventory.of(tenant), key=lambda one: one.address.id)

    def _row(self, unit: Unit, part: UnitPart) -> bytes:
        """A part's row, made again only when its state or its room has changed."""
        state, room = part.state, unit.record.labels.get("room")
        known = self._rows.get(part.address)
        if known is not None and known[0] is state and known[1] == room:
            return known[2]
        make = _channel_row if part.address.kind is Kind.CHANNEL else _part_row
        row = encoding.encode({"id": part.address.id, "room": room, **make(part)})
        # a copy: what the encoder returns keeps the 4 KB that it was written into
        self._rows[part.address] = state, room, bytes(memoryview(row))
        return row


def _channel_row(part: UnitPart) -> dict[str, object]:
    state = part.state
    mutes = [state[key] for key in _MUTES]
    row = {key: state[key] for key in _CHANNEL_ROW}
    muted = None if all(mute is None for mute in mutes) else any(mutes)
    return {**row, "muted": muted, "who": state["assignment"]}


def _part_row(part: UnitPart) -> dict[str, object]:
    row = {key: part.state.get(key) for key in _PART_ROW}
    return {"kind": part.address.kind.value, "number": part.number, **row}
