"""Which receivers there are: adopted, added, moved, replaced, labelled, removed; each audited, each stored.

What stands in the configuration file belongs to the file and is refused to commands; what commands and discovery
add lives in the database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from services import clock
from services.audit import Audit
from services.drivers import Driver, DriverError
from services.live import Inventory, Receiver
from services.model import (
    CHANNEL_STATE_KEYS,
    RECEIVER_STATE_KEYS,
    Address,
    AuditContext,
    AvailabilityReason,
    Campus,
    ChannelRecord,
    ChannelState,
    Event,
    Facet,
    Identity,
    IgnoredIdentity,
    Kind,
    ReceiverRecord,
    ReceiverState,
    ServiceError,
    Slot,
)
from services.rules import EMPTY_CHANNEL, EMPTY_RECEIVER, is_receiver_id, make_id, same_unit
from services.store import Store
from services.units.reading_fold import Intake
from services.units.sessions import Sessions

log = logging.getLogger(__name__)

LABEL_KEYS = ("location", "building", "room", "rack", "position", "tags")

_PUBLIC = ("manufacturer", "driver", "host", "port", "model", "serial", "mac", "name", "source", "labels")
"""What an audit event says of a receiver."""

RECONNECT_KEYS = ("host", "port", "interface", "driver", "meter_interval_s")
"""What a session is begun with: a change of these begins a new one, a change of words does not."""

Gone = Callable[[Sequence[Address]], None]
"""Told the addresses whose retained topics must go."""


class Roster:
    """Adds, changes and removes receivers."""

    def __init__(self, inventory: Inventory, intake: Intake, sessions: Sessions, store: Store, audit: Audit) -> None:
        self._inventory = inventory
        self._intake = intake
        self._sessions = sessions
        self._store = store
        self._audit = audit
        self.on_gone: Gone = lambda _addresses: None
        self.configuration = "the configuration"
        """Where receivers of the configuration stand, in words."""

    # -- at start --------------------------------------------------------------------------------------------

    def restore(self, receivers: Sequence[ReceiverRecord], channels: Sequence[ChannelRecord]) -> None:
        """Put what was stored back: last values, all of them stale until their receiver answers."""
        for record in receivers:
            state = {**EMPTY_RECEIVER, **_only(record.state, RECEIVER_STATE_KEYS)}
            try:
                self._enter(Receiver(record, state=cast("ReceiverState", state)))
            except ServiceError as error:  # one row must not keep the others from coming back
                log.warning("a stored receiver is left out", extra={"host": record.host, "why": error.detail})
        for stored in channels:
            home = Address(stored.address.organization, stored.address.campus, Kind.RECEIVER, stored.receiver)
            receiver_of = self._inventory.receivers.get(home)
            if receiver_of is None:
                continue
            channel = self._inventory.ensure_channel(receiver_of, stored.number)
            values = {**EMPTY_CHANNEL, **_only(stored.state, CHANNEL_STATE_KEYS)}
            channel.state = cast("ChannelState", values)
            channel.slots = {cast("Slot", slot)["number"]: cast("Slot", slot) for slot in stored.slots}
            self._mark_channel(channel.address, stored.changed_at or clock.now_text())
            if stored.changed_at:
                channel.version.changed_at = stored.changed_at
        for receiver in self._inventory.receivers.values():
            try:
                self._intake.judge_stored(receiver)
            except (TypeError, ValueError) as error:  # of another form than ours: the receiver will tell them anew
                log.warning("stored values are left out", extra={"receiver": receiver.address.id, "why": str(error)})
                for channel in receiver.channels.values():
                    channel.state = EMPTY_CHANNEL

    def start_sessions(self) -> None:
        """Begin every receiver's life."""
        for receiver in self._inventory.receivers.values():
            if self._sessions.get(receiver.address) is None:
                self._sessions.start(receiver)

    # -- discovery and sessions ------------------------------------------------------------------------------

    def adopt(self, record: ReceiverRecord, identity: Identity | None, context: AuditContext) -> Address:
        """Add a receiver; an empty id in its address is made of its identity. Raises `ServiceError`."""
        tenant = record.address.tenant
        if not record.address.id:
            if identity is None:
                raise ServiceError("schema_violation", "a receiver that never answered needs an id", field="args.id")
            taken = [address.id for address in self._inventory.receivers if address.tenant == tenant]
            made = make_id(identity, record.host, taken)
            record = replace(record, address=record.address._replace(id=made))
        if record.address in self._inventory.receivers:
            raise ServiceError(
                "duplicate_conflict", f"there is a receiver {record.address.id} already", field="args.id"
            )
        receiver = Receiver(record)
        self._enter(receiver)
        self._store.put_receiver(record)
        action = "receiver_adopted" if record.source == "discovery" else "receiver_added"
        self._audit.record(action, context=context, resource=_resource(receiver), after=_public(record))
        self._inventory.mark_membership(tenant)
        log.info("receiver added", extra={"receiver": record.address.id, "host": record.host, "source": record.source})
        self._sessions.start(receiver)
        return record.address

    def learn(self, address: Address, identity: Identity) -> bool:
        """Take over what an identity says of a known receiver; whether anything was new."""
        receiver = self.find(address)
        facts = {
            key: getattr(identity, key)
            for key in ("family", "model", "serial", "mac", "device_id", "firmware", "band", "channel_count")
            if getattr(identity, key) is not None and getattr(identity, key) != getattr(receiver.record, key)
        }
        if not facts:
            return False
        self._change(receiver, replace(receiver.record, **facts))
        return True

    def verify(self, receiver: Receiver, driver: Driver, identity: Identity) -> None:
        """Whether the unit that answered is the one that this receiver is. Raises `DriverError` where it is not.

        An id that stands in the configuration survives a swap of the unit: the new one is audited and taken.
        """
        record = receiver.record
        same = same_unit(record, identity)
        other_model = bool(record.model and identity.model and record.model != identity.model)
        context = AuditContext(record.address.organization, record.address.campus)
        if same is False or (same is None and other_model):
            if record.source != "config":
                reason: AvailabilityReason = "identity_conflict" if same is False else "wrong_model"
                detail = (
                    f"expected {record.model} {record.mac or record.serial or ''}, found {identity.model} "
                    f"{identity.mac or identity.serial or ''}; receiver_replace accepts the new unit"
                )
                if receiver.reason != reason:
                    self.conflict(record.address, detail, context)
                raise DriverError(reason, detail)
            before, after = _identity_of(record), _identity_of(identity)
            log.warning(
                "another unit answers here, and is taken: the configuration gives its id",
                extra={"receiver": record.address.id, "was": before, "is": after},
            )
            self._audit.record(
                "receiver_replaced", context=context, resource=_resource(receiver), before=before, after=after
            )
        self.learn(record.address, identity)
        self._equip(receiver, driver, identity)
        if receiver.record.driver != driver.name or receiver.record.manufacturer != identity.manufacturer:
            known = replace(receiver.record, driver=driver.name, manufacturer=identity.manufacturer)
            self._change(receiver, known)

    async def read_anew(self, receiver: Receiver) -> None:
        """Forget what a receiver said in this session, and read it again; one that is away is read when it returns.

        Raises `ServiceError`; then everything stands as before.
        """
        if not receiver.online:
            return
        early = self._intake.begin(receiver)
        try:
            await self._sessions.refresh(receiver.address)
        except ServiceError:
            if receiver.online:
                self._intake.abandon(receiver, early)
            raise
        if receiver.early is early:
            self._intake.complete(receiver)

    async def reconnect(self, receiver: Receiver) -> None:
        """Begin a receiver's connection anew."""
        await self._sessions.restart(receiver)

    async def move(self, address: Address, host: str, port: int | None, context: AuditContext) -> None:
        """Follow a receiver to its new address."""
        receiver = self.find(address)
        before = {"host": receiver.record.host, "port": receiver.record.port}
        self._change(receiver, replace(receiver.record, host=host, port=port))
        after = {"host": host, "port": port}
        self._audit.record("receiver_moved", context=context, resource=_resource(receiver), before=before, after=after)
        log.info("receiver moved", extra={"receiver": address.id, "from": before["host"], "host": host})
        await self._sessions.restart(receiver)

    def conflict(self, address: Address, why: str, context: AuditContext) -> None:
        """Two units claim one identity: said, audited, never merged."""
        log.warning("identity conflict", extra={"receiver": address.id, "why": why})
        resource = f"receiver/{address.id}"
        self._audit.record("receiver_conflict", context=context, resource=resource, after={"why": why})
        event = Event(clock.uuid7(), "identity_conflict", clock.now_text(), address, {"why": why})
        self._inventory.bus.tell(event)

    # -- commands --------------------------------------------------------------------------------------------

    async def update(self, address: Address, changes: Mapping[str, object], context: AuditContext) -> ReceiverRecord:
        """Change host, port, name, labels, metering or driver of a receiver. Raises `ServiceError`."""
        receiver = self.find(address)
        self._refuse_config(receiver)
        old = receiver.record
        new = replace(old, **changes)  # type: ignore[arg-type]  # by name, checked by the command's model
        before = {key: getattr(old, key) for key in changes}
        self._change(receiver, new)
        self._audit.record(
            "receiver_updated", context=context, resource=_resource(receiver), before=before, after=dict(changes)
        )
        if any(getattr(old, key) != getattr(new, key) for key in RECONNECT_KEYS):
            await self._sessions.restart(receiver)
        return new

    def amend(self, receiver: Receiver, record: ReceiverRecord, context: AuditContext) -> None:
        """Take over what the configuration says of a receiver."""
        old = receiver.record
        keys = [key for key in _PUBLIC if getattr(old, key) != getattr(record, key)]
        self._change(receiver, record)
        self._audit.record(
            "receiver_updated",
            context=context,
            resource=_resource(receiver),
            before={key: getattr(old, key) for key in keys},
            after={key: getattr(record, key) for key in keys},
        )

    async def replace_unit(self, address: Address, host: str | None, context: AuditContext) -> ReceiverRecord:
        """Put new hardware behind an old id: same topics and labels, a new identity at the next answer."""
        receiver = self.find(address)
        self._refuse_config(receiver)
        old = receiver.record
        fresh = replace(
            old, host=host or old.host, family=None, model=None, serial=None, mac=None, device_id=None,
            firmware=None, band=None, channel_count=None,
        )  # fmt: skip
        self._change(receiver, fresh)
        self._audit.record(
            "receiver_replaced",
            context=context,
            resource=_resource(receiver),
            before={**_identity_of(old), "host": old.host},
            after={"host": fresh.host},
        )
        await self._sessions.restart(receiver)
        return fresh

    def label(self, address: Address, labels: Mapping[str, object], context: AuditContext) -> Mapping[str, object]:
        """Set labels of a receiver (``None`` removes one). Raises `ServiceError`."""
        receiver = self.find(address)
        self._refuse_config(receiver)
        old = receiver.record.labels
        new = {key: value for key, value in {**old, **labels}.items() if value is not None}
        self._change(receiver, replace(receiver.record, labels=new))
        self._audit.record(
            "labels_set", context=context, resource=_resource(receiver), before=dict(old), after=dict(new)
        )
        return new

    async def remove(self, address: Address, context: AuditContext, *, ignore: bool = True) -> None:
        """Take a receiver out: its session, cache, stored rows and retained topics go; discovery leaves it alone."""
        receiver = self.find(address)
        self._refuse_config(receiver)
        await self.drop(receiver, context)
        if ignore:
            record = receiver.record
            gone = IgnoredIdentity(
                tenant=address.tenant,
                receiver=address.id,
                manufacturer=record.manufacturer,
                serial=record.serial,
                mac=record.mac,
                model=record.model,
                device_id=record.device_id,
                host=record.host,
                since=clock.now_text(),
            )
            self._inventory.ignored.append(gone)
            self._store.ignore(gone)

    async def drop(self, receiver: Receiver, context: AuditContext) -> None:
        """End a receiver's being here, for whatever reason."""
        while self._sessions.get(receiver.address) is not None:  # a restart may come in between
            await self._sessions.stop(receiver.address)
        self._inventory.forget(receiver.address)
        self._store.remove_receiver(receiver.address)
        self._audit.record(
            "receiver_removed", context=context, resource=_resource(receiver), before=_public(receiver.record)
        )
        log.info("receiver removed", extra={"receiver": receiver.address.id})
        self.on_gone([receiver.address, *(channel.address for channel in receiver.channels.values())])
        self._inventory.mark_membership(receiver.address.tenant)

    def unignore(self, tenant: Campus, host: str | None, receiver_id: str | None, who: Identity | None = None) -> int:
        """Allow removed units again: by the host or id that they had, or by what one says of itself; how many."""
        back = [
            gone
            for gone in self._inventory.ignored
            if gone.tenant == tenant
            and (
                (host and gone.host == host)
                or (receiver_id and gone.receiver == receiver_id)
                or (who and same_unit(gone, who))
            )
        ]
        for gone in back:
            self._inventory.ignored.remove(gone)
            self._store.unignore(gone)
        return len(back)

    def find(self, address: Address) -> Receiver:
        """A receiver by its address. Raises `ServiceError` (unknown_resource)."""
        receiver = self._inventory.receivers.get(address)
        if receiver is None:
            where = f"{address.organization}/{address.campus}"
            raise ServiceError("unknown_resource", f"there is no receiver {address.id!r} in {where}")
        return receiver

    # -- inside ----------------------------------------------------------------------------------------------

    def _enter(self, receiver: Receiver) -> None:
        if not is_receiver_id(receiver.address.id):
            detail = (
                f"{receiver.address.id!r} is no id: a-z, 0-9, - and _, at most 58, beginning with a letter or digit"
            )
            raise ServiceError("schema_violation", detail, field="args.id")
        now = clock.now_text()
        receiver.since = receiver.since or now
        self._inventory.put(receiver)
        for version in (receiver.version, receiver.info_version, receiver.availability_version):
            self._inventory.advance(version, now)
        if receiver.record.changed_at:
            receiver.version.changed_at = receiver.record.changed_at
        for facet in (Facet.INFO, Facet.STATE, Facet.AVAILABILITY, Facet.LINK):
            self._inventory.bus.mark(receiver.address, facet)

    def _equip(self, receiver: Receiver, driver: Driver, identity: Identity) -> None:
        """Give a receiver the capabilities and channels of the unit that answered."""
        now = clock.now_text()
        able = driver.families.get(identity.family)
        if able != receiver.capabilities:
            receiver.capabilities = able
            self._inventory.advance(receiver.info_version, now)
            self._inventory.bus.mark(receiver.address, Facet.INFO)
            self._mark_channel_infos(receiver, now)
        count = identity.channel_count or 0
        fresh = [number for number in range(1, count + 1) if number not in receiver.channels]
        for number in fresh:
            self._mark_channel(self._inventory.ensure_channel(receiver, number).address, now)
        if self._drop_channels_beyond(receiver, identity.channel_count) or fresh:
            self._inventory.mark_membership(receiver.address.tenant)

    def _mark_channel_infos(self, receiver: Receiver, now: str) -> None:
        for channel in receiver.channels.values():
            self._inventory.advance(channel.info_version, now)
            self._inventory.bus.mark(channel.address, Facet.INFO)

    def _mark_channel(self, address: Address, now: str) -> None:
        found = self._inventory.channel(address)
        if found is None:
            return
        for version in (found[1].info_version, found[1].version, found[1].slots_version):
            self._inventory.advance(version, now)
        for facet in (Facet.INFO, Facet.STATE, Facet.AVAILABILITY):
            self._inventory.bus.mark(address, facet)
        if found[1].slots:
            self._inventory.bus.mark(address, Facet.SLOTS)

    def _drop_channels_beyond(self, receiver: Receiver, count: int | None) -> bool:
        """A unit with fewer channels stands there now: the others' topics go. Whether there were any."""
        gone = [number for number in receiver.channels if count is not None and number > count]
        addresses = [self._inventory.drop_channel(receiver, number) for number in gone]
        if addresses:
            for address in addresses:
                self._store.remove_channel(address)
            self.on_gone(addresses)
        return bool(addresses)

    def _change(self, receiver: Receiver, record: ReceiverRecord) -> None:
        relabelled = receiver.record.labels != record.labels
        self._inventory.refile(receiver, record)
        if relabelled:
            self._mark_channel_infos(receiver, clock.now_text())
        self._inventory.advance(receiver.info_version, clock.now_text())
        self._inventory.bus.mark(receiver.address, Facet.INFO)
        self._inventory.bus.mark(self._inventory.bridge_address(receiver.address.tenant), Facet.SUMMARY)
        self._intake.keep_receiver(receiver)

    def _refuse_config(self, receiver: Receiver) -> None:
        if receiver.record.source == "config":
            detail = (
                f"receiver {receiver.address.id} stands in {self.configuration} under [[receivers]]: change it there"
            )
            raise ServiceError("forbidden", detail, field="args.id")


def _resource(receiver: Receiver) -> str:
    return f"receiver/{receiver.address.id}"


def _public(record: ReceiverRecord) -> dict[str, object]:
    return {key: getattr(record, key) for key in _PUBLIC}


def _identity_of(whom: ReceiverRecord | Identity) -> dict[str, object]:
    return {key: getattr(whom, key) for key in ("model", "serial", "mac", "device_id", "firmware")}


def _only(values: Mapping[str, object], keys: Sequence[str]) -> dict[str, object]:
    """Stored values under keys that still exist: an older program may have written others."""
    return {key: values[key] for key in keys if key in values}
