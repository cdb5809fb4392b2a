"""Asks one unit for what it lists, and understands answers and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from services.drivers.nonsense import UnknownValues
from services.drivers.port import UNIT, DriverError, Part, Reading
from services.drivers.shure.system_api.codec.channels import Channel, parse_channels
from services.drivers.shure.system_api.codec.controls import gain_range
from services.drivers.shure.system_api.codec.events import Event
from services.drivers.shure.system_api.codec.nodes import Node
from services.drivers.shure.system_api.codec.resources import UnreadableError, value_of
from services.drivers.shure.system_api.conversation.asking import (
    Place,
    Plan,
    base_of,
    channel_path,
    has_channels,
    places_of,
)
from services.drivers.shure.system_api.conversation.together import together
from services.drivers.shure.system_api.conversation.values import Values
from services.drivers.shure.system_api.gateway import SUCCESS, Gateway
from services.drivers.transport.failures import failure
from services.drivers.transport.https import Answer, HttpUnit
from services.model import Identity, Kind, SettableRange


class Reader:
    """Questions to one unit, and what it said last."""

    def __init__(
        self,
        gateway: Gateway,
        http: HttpUnit,
        unknown: UnknownValues,
        counters: Counter[str],
        heard: Callable[[], None],
    ) -> None:
        """``heard`` is called for each answer about the unit."""
        self._gateway, self._http = gateway, http
        self._unknown, self._counters, self._heard = unknown, counters, heard
        self._gains: dict[str, SettableRange | None] = {}
        self._by_event: dict[tuple[str, str], Place] = {}
        self.values = Values()

    async def plan(self, node: Node, identity: Identity) -> Plan:
        """Find out what there is to ask; events about it are understood from now on. Raises `DriverError`."""
        channels = await self._channels(node, identity.kind)
        gains = {channel.id: await self._gain(node, channel) for channel in channels if "gain" in channel.capabilities}
        places = places_of(node, identity.kind, channels)
        ids = {channel.number: channel.id for channel in channels}
        self._by_event = {(place.resource.event, ids.get(place.part.number, "")): place for place in places}
        return Plan(identity, node.capabilities, channels, gains, places)

    async def fetch_all(self, places: Sequence[Place]) -> Sequence[Reading]:
        """Ask for all of these, one reading a part. Raises `DriverError`, also where the unit refuses every one."""
        answered = await together(self.fetch(place) for place in places)
        if answered and not any(answered):
            words = f"the System API server {self._gateway.peer} refuses every question about this unit"
            raise failure("refused", f"{words}: look at the server whether it reaches the unit")
        readings: dict[Part, Reading] = {}
        for place in places:
            one, before = place.reading(self.values[place.path]), readings.get(place.part)
            if before is not None:
                one = Reading(place.part, {**before.values, **one.values}, more={**before.more, **one.more})
            readings[place.part] = one
        return list(readings.values())

    async def fetch(self, place: Place) -> bool:
        """Ask for one value; whether an answer came that says something. Raises `DriverError`."""
        told = self.values.told(place.path)
        answer = await self.ask("GET", place.path)
        if self.values.told(place.path) != told:
            return True  # an event overtook the answer, and is newer
        if answer.status not in SUCCESS:
            self._counters["meaningless"] += 1
            self.values.put(place.path, None)
            return False
        body = None
        with suppress(DriverError):
            body = answer.json()
        known, value = self._decode(place, body)
        self.values.put(place.path, value)
        return known

    def take(self, event: Event) -> tuple[bool, Reading | None]:
        """Whether an event was understood, and what it says that is new."""
        place = self._by_event.get((event.name, event.channel_id))
        if place is None:
            self._counters["meaningless"] += bool(self._by_event)
            return False, None
        known, value = self._decode(place, event.body)
        if not known:
            return False, None
        same = place.path in self.values and self.values[place.path] == value
        self.values.put(place.path, value)
        return True, None if same else place.reading(value)

    async def ask(self, method: str, path: str, json: object = None) -> Answer:
        """One question about the unit. Raises `DriverError`."""
        answer = await self._gateway.ask(self._http, method, path, json=json)
        if answer.status in SUCCESS:  # else the server alone was heard
            self._heard()
        return answer

    async def send(self, method: str, path: str, json: object = None) -> bool:
        """Ask for a change; whether the server says that it was done. Raises `DriverError`."""
        return (await self.ask(method, path, json)).status in SUCCESS

    async def _channels(self, node: Node, kind: Kind) -> tuple[Channel, ...]:
        if not has_channels(node, kind):
            return ()
        answer = await self.ask("GET", f"{base_of(node)}/audio-channels")
        if answer.status not in SUCCESS:
            self._counters["meaningless"] += 1
            return ()
        try:
            channels, strange = parse_channels(answer.json())
        except ValueError:
            channels, strange = (), 1
        self._counters["ill_formed"] += strange
        return channels

    async def _gain(self, node: Node, channel: Channel) -> SettableRange | None:
        """The range of a channel's gain; it does not change, so it is asked for once."""
        if channel.id not in self._gains:
            answer = await self.ask("GET", f"{channel_path(node, channel)}/gain/description")
            found = None
            with suppress(DriverError):
                found = gain_range(answer.json()) if answer.status in SUCCESS else None
            self._gains[channel.id] = found
        return self._gains[channel.id]

    def _decode(self, place: Place, body: object) -> tuple[bool, object]:
        """Whether a body says something of a value, and what; a value that nobody can read is unknown."""
        try:
            return True, value_of(place.resource, body)
        except LookupError:
            self._counters["ill_formed"] += 1
            return False, None
        except UnreadableError as error:
            self._counters["unknown_values"] += 1
            self._unknown.name(self._gateway.settings.host, place.resource.name, str(error))
            return True, None


def taken_back(before: Plan | None, now: Plan) -> list[Reading]:
    """Unknown, for what parts that are still there do not have any more."""
    if before is None:
        return []
    have = {(place.part, place.key) for place in now.places}
    parts = {UNIT, *(Part(channel.number) for channel in now.channels)}
    gone = [place for place in before.places if place.part in parts and (place.part, place.key) not in have]
    return [place.reading(None) for place in gone]
