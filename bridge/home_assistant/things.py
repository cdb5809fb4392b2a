"""Makes the discovery messages of a unit, part or campus from its newest snapshot. Reads, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version

from bridge.contract import Topics
from bridge.home_assistant.entities import (
    BRIDGE_ENTITIES,
    CAMPUS_ENTITIES,
    ENTITIES,
    TRIGGERS,
    Device,
    Entity,
    Places,
    bridge_device,
    campus_device,
    controls,
    entities_of,
    messages_of,
    part_device,
    unit_device,
)
from bridge.settings import HomeAssistantSettings
from services.live import Inventory, Unit, UnitPart
from services.model import NOUNS, UNIT_KINDS, Address, Allowed, Campus, Key, Kind

Message = tuple[str, bytes]

MayControl = Callable[[Unit, UnitPart | None], Allowed]
"""What rules allow of a unit or part, now."""

_READINGS = {kind: {entity.key: entity for entity in rows} for kind, rows in ENTITIES.items()}


class Things:
    """What there is for Home Assistant, one address at a time."""

    def __init__(
        self, inventory: Inventory, topics: Topics, home: Campus, settings: HomeAssistantSettings, allowed: MayControl
    ) -> None:
        self._inventory = inventory
        self._places = Places(topics, home)
        self._home = home
        self._version = version("mic2mqtt")
        self._allowed = allowed
        self.settings = settings

    def messages(self, address: Address) -> list[Message] | None:
        """The discovery of it; none where it is gone or left out, ``None`` while nobody knows what it can."""
        if not self.settings.enabled:
            return []
        if address.kind is Kind.BRIDGE:
            return self._of_campus(address)
        if address.kind in UNIT_KINDS:
            unit = self._inventory.units.get(address)
            return [] if unit is None or not self._is_wanted(unit) else self._of_unit(unit)
        found = self._inventory.part(address)
        return [] if found is None or not self._is_wanted(found[0]) else self._of_part(*found)

    def basis(self, address: Address) -> object:
        """What its messages are made of: while this is equal, they are."""
        found = self._inventory.part(address)
        if found is not None:
            unit, part = found
            name = part.state.get("name") if self.settings.names == "channel" else None
            return self._unit_basis(unit), part.abilities, name, self._allowed(unit, part)
        if (one := self._inventory.units.get(address)) is None:
            return None
        return self._unit_basis(one), one.abilities, self._allowed(one, None)

    def is_current(self, topic: str) -> bool:
        """Whether a discovery topic has the prefix and the style of now."""
        head = f"{self.settings.prefix}/"
        is_device = topic.startswith(f"{head}device/")
        return topic.startswith(head) and is_device == (self.settings.style == "device")

    def _unit_basis(self, unit: Unit) -> object:
        record = unit.record
        about = (record.manufacturer, record.model, record.serial, record.firmware, record.band)
        return unit.shown_name, about, record.labels, self.settings

    def _is_wanted(self, unit: Unit) -> bool:
        settings, address = self.settings, unit.address
        if settings.kinds and address.kind not in settings.kinds:
            return False
        if settings.tags and not unit.record.tags & {*settings.tags}:
            return False
        return self._is_wanted_campus(address.tenant)

    def _is_wanted_campus(self, tenant: Campus) -> bool:
        named = {tenant.campus, f"{tenant.organization}/{tenant.campus}"}
        return not self.settings.campuses or not named.isdisjoint(self.settings.campuses)

    def _of_campus(self, address: Address) -> list[Message]:
        messages = []
        if address.tenant == self._home:
            device = bridge_device(self._places, self._version)
            messages += self._made(device, [(entity, entity.on) for entity in BRIDGE_ENTITIES])
        if self._is_wanted_campus(address.tenant):
            device = campus_device(self._places, address)
            messages += self._made(device, [(entity, entity.on) for entity in CAMPUS_ENTITIES])
        return messages

    def _of_unit(self, unit: Unit) -> list[Message] | None:
        if unit.abilities is None:
            return None
        facts = {**_facts(unit), "sw_version": unit.record.firmware, "serial_number": unit.record.serial}
        device = unit_device(self._places, unit.address, name=_name(unit), facts=facts)
        keys = unit.abilities.keys
        chosen = [(entity, entity.is_on(keys)) for entity in entities_of(unit.address.kind, keys)]
        return self._made(device, chosen, kind=unit.address.kind, more=unit.more, allowed=self._allowed(unit, None))

    def _of_part(self, unit: Unit, part: UnitPart) -> list[Message] | None:
        if part.abilities is None:
            return None
        kind = part.address.kind
        keys = part.abilities.keys | part.abilities.telemetry
        facts = _facts(unit)
        facts["model"] = " ".join(str(word) for word in (facts["model"], NOUNS[kind]) if word)
        device = part_device(
            self._places, part.address, unit.address, part.number, name=self._part_name(unit, part), facts=facts
        )
        return self._made(
            device,
            [(entity, entity.is_on(keys)) for entity in entities_of(kind, keys)],
            kind=kind,
            more=unit.more,
            allowed=self._allowed(unit, part),
        )

    def _part_name(self, unit: Unit, part: UnitPart) -> str:
        own = part.state.get("name") if self.settings.names == "channel" else None
        return str(own) if own else f"{_name(unit)} {part.number}"

    def _made(
        self,
        device: Device,
        chosen: Sequence[tuple[Entity, bool]],
        *,
        kind: Kind | None = None,
        more: Sequence[Key] = (),
        allowed: Allowed | None = None,
    ) -> list[Message]:
        return messages_of(
            self.settings.style,
            self.settings.prefix,
            {"name": "mic2mqtt", "sw_version": self._version},
            device,
            chosen,
            triggers=() if kind is None else TRIGGERS.get(kind, ()),
            controls=controls(kind, allowed, _READINGS[kind], more) if kind is not None and allowed else (),
            kind=kind,
            more=more,
        )


def _name(unit: Unit) -> str:
    return unit.shown_name or unit.address.id


def _facts(unit: Unit) -> dict[str, object]:
    record = unit.record
    maker = record.manufacturer.replace("_", " ").title()
    return {"manufacturer": maker, "model": record.model, "suggested_area": record.labels.get("room")}
