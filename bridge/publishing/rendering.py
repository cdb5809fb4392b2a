"""Snapshots as payloads: which facet shows what of the inventory. Reads, and decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import cast

from bridge.contract import encoding
from services import clock
from services.live import Channel, Inventory, Receiver, Version
from services.model import Address, Campus, ChannelState, Event, Facet, Kind
from services.units import LABEL_KEYS

Rendered = tuple[str, bytes]
"""A page (empty where a facet has none) and its payload."""

DAY_S = 86_400.0


class Renderer:
    """Makes the payload of a facet from its newest snapshot."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._rows: dict[Address, tuple[ChannelState, object, bytes]] = {}
        """The summary's rows, and what they were made of."""
        self._channel_facets: Mapping[Facet, Callable[[Receiver, Channel], bytes | None]] = {
            Facet.INFO: self._channel_info,
            Facet.STATE: self._channel_state,
            Facet.AVAILABILITY: self._channel_availability,
            Facet.SLOTS: self._slots,
            Facet.LEVELS: self._levels,
        }
        self._receiver_facets: Mapping[Facet, Callable[[Receiver], bytes | None]] = {
            Facet.INFO: self._receiver_info,
            Facet.STATE: self._receiver_state,
            Facet.AVAILABILITY: self._receiver_availability,
            Facet.LINK: self._link,
        }
        self._campus_facets: Mapping[Facet, Callable[[Campus], list[Rendered]]] = {
            Facet.INVENTORY: self._pages,
            Facet.SUMMARY: self._summary,
            Facet.CANDIDATES: self._candidates,
        }

    def forget(self, address: Address) -> None:
        """The resource is gone."""
        self._rows.pop(address, None)

    def render(self, address: Address, facet: Facet) -> list[Rendered]:
        """The payloads of a facet; none where the resource is gone or has nothing to say."""
        if address.kind is Kind.BRIDGE:
            return self._campus_facets[facet](address.tenant)
        if address.kind is Kind.RECEIVER:
            receiver = self._inventory.receivers.get(address)
            payload = self._receiver_facets[facet](receiver) if receiver else None
        else:
            found = self._inventory.channel(address)
            payload = self._channel_facets[facet](*found) if found else None
        return [] if payload is None else [("", payload)]

    def telemetry(self, address: Address, now: str) -> bytes | None:
        """The newest meters, as of ``now``; ``None`` where there are none."""
        found = self._inventory.channel(address)
        if found is None or found[1].telemetry is None:
            return None
        return encoding.telemetry(address.id, now, cast("Mapping[str, object]", found[1].telemetry))

    def event(self, event: Event) -> bytes:
        """Something that happened once."""
        return encoding.event(event)

    def values(self, address: Address) -> Iterator[tuple[str, object, bytes]]:
        """A channel's values one by one, as plain text; unknown is an empty retained payload, so it goes."""
        found = self._inventory.channel(address)
        if found is None:
            return
        for key, value in found[1].state.items():
            if not isinstance(value, list):
                yield key, value, encoding.plain(value)

    # -- receivers -------------------------------------------------------------------------------------------

    def _receiver_info(self, receiver: Receiver) -> bytes:
        record = receiver.record
        data = {
            "manufacturer": record.manufacturer,
            "family": record.family,
            "model": record.model,
            "name": record.name or receiver.state["name"] or record.device_id,
            "host": record.host or None,
            "port": record.port,
            "serial": record.serial,
            "mac": record.mac,
            "firmware": record.firmware,
            "band": record.band,
            "device_id": record.device_id,
            "channel_count": record.channel_count,
            "driver": record.driver,
            "source": record.source,
            "capabilities": receiver.capabilities.words if receiver.capabilities else [],
            "labels": labels_of(receiver),
        }
        return self._resource("receiver.info", receiver.address, receiver.info_version, data, stale=receiver.stale)

    def _receiver_state(self, receiver: Receiver) -> bytes:
        data = cast("Mapping[str, object]", receiver.state)
        return self._resource("receiver.state", receiver.address, receiver.version, data, stale=receiver.stale)

    def _receiver_availability(self, receiver: Receiver) -> bytes:
        return self._availability(receiver.address, receiver)

    def _link(self, receiver: Receiver) -> bytes:
        now = asyncio.get_running_loop().time()
        age = None if receiver.heard_s is None else round(max(0.0, now - receiver.heard_s), 1)
        last_seen = receiver.record.last_seen if age is None else clock.text_of(clock.now() - age)
        data = {
            "last_seen": last_seen,
            "data_age_s": age,
            "session": receiver.session,
            "reconnects_24h": sum(1 for at in receiver.reconnects if now - at < DAY_S),
            "last_error": receiver.last_error,
        }
        return encoding.plain_resource("receiver.link", receiver.address.id, clock.now_text(), data)

    # -- channels --------------------------------------------------------------------------------------------

    def _channel_info(self, receiver: Receiver, channel: Channel) -> bytes:
        capabilities = receiver.capabilities
        data = {
            "receiver": receiver.address.id,
            "number": channel.number,
            "antenna_count": channel.antenna_count,
            "diversity": channel.diversity,
            "capabilities": sorted(capabilities.channel_keys) if capabilities else [],
            "settable": dict(capabilities.settable) if capabilities else {},
            "labels": labels_of(receiver),
        }
        return self._resource("channel.info", channel.address, channel.info_version, data, stale=channel.stale)

    def _channel_state(self, receiver: Receiver, channel: Channel) -> bytes:
        del receiver
        data = cast("Mapping[str, object]", channel.state)
        return self._resource("channel.state", channel.address, channel.version, data, stale=channel.stale)

    def _channel_availability(self, receiver: Receiver, channel: Channel) -> bytes:
        return self._availability(channel.address, receiver)

    def _slots(self, receiver: Receiver, channel: Channel) -> bytes | None:
        del receiver
        if not channel.slots:
            return None
        data = {"slots": [slot for _, slot in sorted(channel.slots.items())]}
        return self._resource("channel.slots", channel.address, channel.slots_version, data, stale=channel.stale)

    def _levels(self, receiver: Receiver, channel: Channel) -> bytes | None:
        del receiver
        if channel.newest_levels is None:
            return None
        return encoding.plain_resource("channel.levels", channel.address.id, clock.now_text(), channel.newest_levels)

    # -- a campus --------------------------------------------------------------------------------------------

    def _pages(self, tenant: Campus) -> list[Rendered]:
        ids = []
        for receiver in sorted(self._inventory.of(tenant), key=lambda one: one.address.id):
            channels = [channel.address.id for channel in receiver.channels.values()]
            ids.append({"receiver": receiver.address.id, "channels": channels})
        return encoding.inventory(self._inventory.bridge_id, ids)

    def _summary(self, tenant: Campus) -> list[Rendered]:
        rows = (
            self._summary_row(receiver, channel)
            for receiver in sorted(self._inventory.of(tenant), key=lambda one: one.address.id)
            for channel in receiver.channels.values()
        )
        return encoding.summary(self._inventory.bridge_id, clock.now_text(), rows)

    def _summary_row(self, receiver: Receiver, channel: Channel) -> bytes:
        """A channel's row, made again only when its state or its room has changed."""
        state, room = channel.state, receiver.record.labels.get("room")
        known = self._rows.get(channel.address)
        if known is not None and known[0] is state and known[1] == room:
            return known[2]
        muted = [state[key] for key in ("receiver_muted", "transmitter_muted", "transmitter_rf_muted")]
        row = encoding.encode(
            {
                "id": channel.address.id,
                "name": state["name"],
                "status": state["status"],
                "status_reasons": state["status_reasons"],
                "battery_percent": state["battery_percent"],
                "battery_bars": state["battery_bars"],
                "battery_runtime_minutes": state["battery_runtime_minutes"],
                "muted": None if all(mute is None for mute in muted) else any(muted),
                "room": room,
                "who": state["assignment"],
            }
        )
        # a copy: what the encoder returns keeps the 4 KB that it was written into
        self._rows[channel.address] = state, room, bytes(memoryview(row))
        return row

    def _candidates(self, tenant: Campus) -> list[Rendered]:
        rows = [
            {key: value for key, value in asdict(candidate).items() if key != "tenant"}
            for candidate in self._inventory.candidates.values()
            if candidate.tenant == tenant
        ]
        return [("", encoding.candidates(self._inventory.bridge_id, clock.now_text(), rows))]

    # -- envelopes -------------------------------------------------------------------------------------------

    def _resource(
        self, schema: str, address: Address, version: Version, data: Mapping[str, object], *, stale: bool
    ) -> bytes:
        return encoding.resource(
            schema, address.id, self._inventory.epoch, version.revision, version.changed_at, data, stale=stale
        )

    def _availability(self, address: Address, receiver: Receiver) -> bytes:
        version = receiver.availability_version
        return encoding.availability(
            address.id, self._inventory.epoch, version.revision, receiver.available, receiver.reason, receiver.since
        )


def labels_of(receiver: Receiver) -> dict[str, object]:
    """Every label key, null where nobody wrote one."""
    labels = receiver.record.labels
    return {key: labels.get(key, [] if key == "tags" else None) for key in LABEL_KEYS}
