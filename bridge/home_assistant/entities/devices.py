"""Which device a unit, part or bridge is in Home Assistant: its id, names, and where its values stand. PURE.

An id is made of organization, campus, unit id and part number: of nothing that people rename or swap. ``_`` stands
between them and is doubled inside of them, so that no two things share one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from bridge.contract import CommandTarget, Topics
from services.model import Address, Campus, Facet

Names = Literal["number", "channel"]
"""What a part's device is called: the unit's name and the part's number, or the part's own name where it has one."""

OURS: Final = "mic2mqtt"

OFFLINE_OR_NOT: Final = "{{ 'online' if value_json is defined and value_json.state != 'offline' else 'offline' }}"
"""Anything but ``offline`` counts as available: a degraded bridge still tells what it knows. An emptied topic has no
JSON at all.
"""


@dataclass(frozen=True, slots=True)
class Places:
    """What ids and topics are made with."""

    topics: Topics
    home: Campus
    """The campus whose name is left out of the entity ids that are proposed."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device, whatever stands at it."""

    id: str
    proposed: str
    """How the entity ids begin that Home Assistant is asked to give: ``rack1_2``."""
    about: Mapping[str, object]
    """As discovery writes it."""
    state_topic: str
    topics: Mapping[Facet, str] = field(default_factory=dict)
    """Where the facets stand that its entities read, beside its state."""
    availability: tuple[str, ...] = ()
    """Topics of which each must not say ``offline``: the bridge's, and its unit's."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """Where its verbs are sent."""

    def reading(self, facet: Facet) -> str:
        """The topic of a facet."""
        return self.state_topic if facet is Facet.STATE else self.topics[facet]


def _joined(*words: str) -> str:
    return "_".join(word.replace("_", "__") for word in words)


def _proposed(places: Places, tenant: Campus, *words: str) -> str:
    elsewhere = [tenant.organization, tenant.campus] if tenant != places.home else []
    return "_".join((*elsewhere, *words)).replace("-", "_")


def bridge_id(places: Places) -> str:
    """The id of the bridge's device. No organization is called ``bridge``, so it is no unit's."""
    return f"{OURS}_bridge_{_joined(places.topics.bridge)}"


def bridge_device(places: Places, version: str) -> Device:
    """The bridge itself."""
    topics = places.topics
    state, id_ = topics.process(Facet.STATE), bridge_id(places)
    about = {
        "identifiers": [id_],
        "name": _bridge_name(places, " "),
        "manufacturer": OURS,
        "model": "bridge",
        "sw_version": version,
    }
    return Device(id_, _bridge_name(places, "_"), about, state, availability=(state,))


def _bridge_name(places: Places, between: str) -> str:
    bridge = places.topics.bridge
    return OURS if bridge == "main" else f"{OURS}{between}{bridge}".replace("-", "_" if between == "_" else "-")


def campus_device(places: Places, address: Address) -> Device:
    """A campus as a whole; ``address`` is the bridge's in it."""
    id_ = f"{bridge_id(places)}_{_joined(address.organization, address.campus)}"
    is_home = address.tenant == places.home
    about = {
        "identifiers": [id_],
        "name": "Microphones" if is_home else f"Microphones {address.campus}",
        "manufacturer": OURS,
        "model": "campus",
        "via_device": bridge_id(places),
    }
    state = places.topics.process(Facet.STATE)
    overview = places.topics.of(address, Facet.OVERVIEW)
    proposed = _proposed(places, address.tenant, "microphones")
    return Device(id_, proposed, about, overview, {Facet.OVERVIEW: overview}, (state,))


_READ: Final = (Facet.AVAILABILITY, Facet.LINK, Facet.LEVELS, Facet.EVENT)


def _device(
    places: Places, address: Address, unit: Address, id_: str, words: tuple[str, ...], about: Mapping[str, object]
) -> Device:
    topics = places.topics
    known = {key: value for key, value in about.items() if value}
    return Device(
        id_,
        _proposed(places, address.tenant, *words),
        {"identifiers": [id_], **known},
        topics.of(address, Facet.STATE),
        {facet: topics.of(address, facet) for facet in _READ},
        (topics.process(Facet.STATE), topics.of(unit, Facet.AVAILABILITY)),
        {verb: topics.command(CommandTarget(address), verb) for verb in ("set", "identify")},
    )


def unit_id(address: Address) -> str:
    """The id of a unit's device."""
    return f"{OURS}_{_joined(address.organization, address.campus, address.id)}"


def part_id(unit: Address, number: int) -> str:
    """The id of a part's device."""
    return f"{unit_id(unit)}_{number}"


def unit_device(places: Places, address: Address, *, name: str, facts: Mapping[str, object]) -> Device:
    """A unit; ``facts`` are fields of its device that are left out where nothing is known."""
    about = {"name": name, **facts, "via_device": bridge_id(places)}
    return _device(places, address, address, unit_id(address), (address.id,), about)


def part_device(
    places: Places, address: Address, unit: Address, number: int, *, name: str, facts: Mapping[str, object]
) -> Device:
    """A part of a unit, likewise."""
    about = {"name": name, **facts, "via_device": unit_id(unit)}
    return _device(places, address, unit, part_id(unit, number), (unit.id, str(number)), about)
