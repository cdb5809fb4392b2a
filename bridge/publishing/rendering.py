"""Snapshots as payloads: which facet shows what of the inventory. Reads, and decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from bridge.contract import encoding
from bridge.publishing.campus_pages import CampusPages, Rendered
from services import clock
from services.discovery import Candidates
from services.live import Inventory, Unit, UnitPart, Version
from services.model import (
    KEYS,
    RESOURCE_KINDS,
    UNIT_KINDS,
    Address,
    Allowed,
    Campus,
    Event,
    Facet,
    Kind,
    facets_of,
)
from services.units import LABEL_KEYS

_INFO_KEYS = {kind: KEYS.names(kind, Facet.INFO) for kind in RESOURCE_KINDS}

DAY_S = 86_400.0

MayControl = Callable[[Unit, UnitPart | None], Allowed]


def _nothing(_unit: Unit, _part: UnitPart | None) -> Allowed:
    """Without rules nothing is allowed."""
    return Allowed()


class Renderer:
    """Makes the payload of a facet from its newest snapshot."""

    def __init__(self, inventory: Inventory, candidates: Candidates, allowed: MayControl = _nothing) -> None:
        """``allowed`` gives what rules allow of a unit, or of a part of it, now."""
        self._inventory = inventory
        self._allowed = allowed
        self._campus = CampusPages(inventory, candidates)
        self._part_facets: Mapping[Facet, Callable[[Unit, UnitPart], bytes | None]] = {
            Facet.INFO: self._part_info,
            Facet.STATE: self._part_state,
            Facet.AVAILABILITY: self._part_availability,
            Facet.SLOTS: self._slots,
            Facet.LEVELS: self._levels,
        }
        self._unit_facets: Mapping[Facet, Callable[[Unit], bytes | None]] = {
            Facet.INFO: self._unit_info,
            Facet.STATE: self._unit_state,
            Facet.AVAILABILITY: self._unit_availability,
            Facet.LINK: self._link,
        }
        self._campus_facets: Mapping[Facet, Callable[[Campus], list[Rendered]]] = {
            Facet.INVENTORY: self._campus.inventory,
            Facet.SUMMARY: self._campus.summary,
            Facet.CANDIDATES: self._campus.candidates,
        }

    def forget(self, address: Address) -> None:
        """Forget what was remembered of a resource that is gone."""
        self._campus.forget(address)

    def render(self, address: Address, facet: Facet) -> list[Rendered]:
        """The payloads of a facet; none where the resource is gone or the facet is empty."""
        if address.kind is Kind.BRIDGE:
            return self._campus_facets[facet](address.tenant)
        if facet not in facets_of(address.kind):
            return []
        if address.kind in UNIT_KINDS:
            unit = self._inventory.units.get(address)
            payload = self._unit_facets[facet](unit) if unit else None
        else:
            found = self._inventory.part(address)
            payload = self._part_facets[facet](*found) if found else None
        return [] if payload is None else [("", payload)]

    def steps(self, address: Address, facet: Facet) -> Iterator[Rendered | None]:
        """The same one by one, with ``None`` wherever the event loop may have a turn: summaries can be large."""
        if facet is Facet.SUMMARY:
            return self._campus.summary_steps(address.tenant)
        return iter(self.render(address, facet))

    def telemetry(self, address: Address, now: str) -> bytes | None:
        """The newest meters, as of ``now``; ``None`` where there are none."""
        found = self._inventory.part(address)
        if found is None or found[1].meters.newest is None:
            return None
        return encoding.plain_resource(f"{address.kind}.telemetry", address.id, now, found[1].meters.newest)

    def event(self, event: Event) -> bytes:
        """Something that happened once."""
        return encoding.event(event)

    def values(self, address: Address) -> Iterator[tuple[str, object, bytes]]:
        """A channel's values one by one, as plain text; unknown is an empty retained payload, so it goes."""
        found = self._inventory.part(address)
        if found is None:
            return
        for key, value in found[1].state.items():
            if not isinstance(value, (list, dict)):
                yield key, value, encoding.plain(value)

    # -- units -----------------------------------------------------------------------------------------------

    def _unit_info(self, unit: Unit) -> bytes:
        record = unit.record
        data = {
            "manufacturer": record.manufacturer,
            "family": record.family,
            "model": record.model,
            "name": unit.shown_name,
            "host": record.host or None,
            "port": record.port,
            "serial": record.serial,
            "mac": record.mac,
            "firmware": record.firmware,
            "band": record.band,
            "device_id": record.device_id,
            UNIT_KINDS[unit.address.kind].count: record.part_count,
            "driver": unit.read_by,
            "source": record.source,
            "capabilities": self._ability_words(unit),
            "settable": self._allowed(unit, None).settable,
            "labels": labels_of(unit),
        }
        return self._resource(unit.address, Facet.INFO, unit.info_version, _own(unit.address, data), stale=unit.stale)

    def _ability_words(self, unit: Unit) -> list[str]:
        """What a unit can; ``control`` only where rules allow something of it, ``identify`` where they allow that."""
        words = {*unit.ability_words}
        if any(self._allowed(unit, one) for one in (None, *unit.parts.values())):
            words.add("control")
        if self._allowed(unit, None).identify:
            words.add("identify")
        return sorted(words)

    def _unit_state(self, unit: Unit) -> bytes:
        return self._resource(unit.address, Facet.STATE, unit.version, unit.state, stale=unit.stale)

    def _unit_availability(self, unit: Unit) -> bytes:
        return self._availability(unit.address, unit)

    def _link(self, unit: Unit) -> bytes:
        now = asyncio.get_running_loop().time()
        link = unit.link_state
        last_received_s = link.last_received_s
        age = None if last_received_s is None else round(max(0.0, now - last_received_s), 1)
        last_seen = unit.record.last_seen if age is None else clock.text_of(clock.now() - age)
        data = {
            "last_seen": last_seen,
            "data_age_s": age,
            "session": link.session,
            "reconnects_24h": sum(1 for at in link.reconnects if now - at < DAY_S),
            "last_error": unit.trouble,
        }
        return encoding.plain_resource(f"{unit.address.kind}.link", unit.address.id, clock.now_text(), data)

    # -- parts -----------------------------------------------------------------------------------------------

    def _part_info(self, unit: Unit, part: UnitPart) -> bytes:
        able, allowed = part.abilities, self._allowed(unit, part)
        data = {
            unit.address.kind.value: unit.address.id,
            "number": part.number,
            "antenna_count": part.antenna_count,
            "diversity": part.diversity,
            "capabilities": sorted({*(able.keys if able else ()), *(["identify"] if allowed.identify else [])}),
            "settable": allowed.settable,
            "labels": labels_of(unit),
        }
        return self._resource(part.address, Facet.INFO, part.info_version, _own(part.address, data), stale=part.stale)

    def _part_state(self, unit: Unit, part: UnitPart) -> bytes:
        del unit
        return self._resource(part.address, Facet.STATE, part.version, part.state, stale=part.stale)

    def _part_availability(self, unit: Unit, part: UnitPart) -> bytes:
        return self._availability(part.address, unit)

    def _slots(self, unit: Unit, part: UnitPart) -> bytes | None:
        del unit
        if not part.slots:
            return None
        data = {"slots": [slot for _, slot in sorted(part.slots.items())]}
        return self._resource(part.address, Facet.SLOTS, part.slots_version, data, stale=part.stale)

    def _levels(self, unit: Unit, part: UnitPart) -> bytes | None:
        del unit
        if part.meters.recorded is None:
            return None
        return encoding.plain_resource(
            f"{part.address.kind}.levels", part.address.id, clock.now_text(), part.meters.recorded
        )

    # -- envelopes -------------------------------------------------------------------------------------------

    def _resource(
        self, address: Address, facet: Facet, version: Version, data: Mapping[str, object], *, stale: bool
    ) -> bytes:
        schema = f"{address.kind}.{facet}"
        return encoding.resource(
            schema, address.id, self._inventory.epoch, version.revision, version.changed_at, data, stale=stale
        )

    def _availability(self, address: Address, unit: Unit) -> bytes:
        there = unit.availability
        return encoding.availability(
            address.id, self._inventory.epoch, there.version.revision, there.state, there.reason, there.since
        )


def _own(address: Address, data: Mapping[str, object]) -> dict[str, object]:
    """Of what is known of a unit or part, the keys that its kind has in ``info``."""
    return {key: data[key] for key in _INFO_KEYS[address.kind]}


def labels_of(unit: Unit) -> dict[str, object]:
    """Every label key, null where nobody wrote one."""
    labels = unit.record.labels
    return {key: labels.get(key, [] if key == "tags" else None) for key in LABEL_KEYS}
