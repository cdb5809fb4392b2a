"""What is asked of one unit by its capabilities, and what the answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from services.drivers.port import Description, Part, Reading
from services.drivers.shure.system_api.codec.channels import Channel
from services.drivers.shure.system_api.codec.nodes import Node
from services.drivers.shure.system_api.codec.resources import CHANNEL_RESOURCES, UNIT_RESOURCES, Resource
from services.drivers.shure.system_api.products import part_abilities, resources_of, unit_abilities
from services.model import UNIT, UNIT_KINDS, Identity, Kind, SettableRange


@dataclass(frozen=True, slots=True)
class Place:
    """One value that a unit has: which part, which capability, and its address."""

    part: Part
    kind: Kind
    """Of the unit or part."""
    resource: Resource
    path: str

    @property
    def key(self) -> str:
        """What it is called."""
        return self.resource.keys[self.kind]

    def reading(self, value: object) -> Reading:
        """A reading of a value."""
        if self.kind in self.resource.own:
            return Reading(self.part, {}, more={self.key: value})
        return Reading(self.part, {self.key: value})


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one unit has to be asked."""

    identity: Identity
    capabilities: frozenset[str]
    channels: tuple[Channel, ...] = ()
    gains: Mapping[str, SettableRange | None] = field(default_factory=dict)
    """Channel id -> range of its gain, where it was asked for."""
    places: tuple[Place, ...] = ()

    @property
    def kind(self) -> Kind:
        """Of the unit."""
        return self.identity.kind

    def describe(self) -> Description:
        """The unit with all that it can."""
        parts = {
            channel.number: part_abilities(self.kind, channel.capabilities, self.gains.get(channel.id))
            for channel in self.channels
        }
        return Description(self.identity, unit_abilities(self.kind, self.capabilities), parts)


def base_of(node: Node) -> str:
    """The address of a device."""
    return f"/devices/{quote(node.device_id, safe='')}"


def channel_path(node: Node, channel: Channel) -> str:
    """The address of a channel. Its id has signs that an address gives another meaning."""
    return f"{base_of(node)}/audio-channels/{quote(channel.id, safe='')}"


def places_of(node: Node, kind: Kind, channels: tuple[Channel, ...]) -> tuple[Place, ...]:
    """Every value that a unit lists and that means something to us."""
    part_kind = UNIT_KINDS[kind].part
    places = [
        Place(UNIT, kind, row, f"{base_of(node)}/{row.name}")
        for row in resources_of(UNIT_RESOURCES, kind, node.capabilities)
    ]
    for channel in channels:
        places += [
            Place(Part(channel.number), part_kind, row, f"{channel_path(node, channel)}/{row.name}")
            for row in resources_of(CHANNEL_RESOURCES, part_kind, channel.capabilities)
        ]
    return tuple(places)


def has_channels(node: Node, kind: Kind) -> bool:
    """Whether a unit is asked for its channels; a charger's are none of ours."""
    return kind is not Kind.CHARGER and "audio-channels" in node.capabilities
