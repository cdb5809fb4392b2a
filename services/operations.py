"""The verbs: what may be asked of the house, by whatever way the asking came.

A request is performed once: a repeated (target, verb, request id) within ten minutes gets the same outcome, with
other arguments it is a conflict. Every command is audited with how it ended.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from services import clock
from services.audit import Audit
from services.device_sync import DeviceSnapshot, DeviceSyncService
from services.discovery import DiscoveryOrchestrationService
from services.driver_api import Driver, DriverError, Identity, Target
from services.errors import TITLES, ErrorCode, ServiceError
from services.inventory import Inventory
from services.model import Address, Campus, Kind
from services.records import AuditContext, ReceiverRecord
from services.results import Result
from services.roster import LABEL_KEYS, Roster
from services.sessions import Sessions

log = logging.getLogger(__name__)

Status = Literal["succeeded", "partial", "failed", "rejected"]
Progress = Callable[[Mapping[str, object]], None]

REMEMBERED_S = 600.0
"""How long a request id is remembered: contract, section 3."""

REMEMBERED_MOST = 10_000
"""Outcomes kept at most; the oldest go first."""

QUERIES = frozenset({"detail"})
"""Verbs that change nothing: counted, not audited one by one."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted: ``address`` is ``None`` where the process is asked, for everything that it serves."""

    verb: str
    address: Address | None
    args: Mapping[str, Any]
    context: AuditContext


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended."""

    status: Status
    data: Mapping[str, object] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    error: ServiceError | None = None
    duration_s: float = 0.0


class House(Protocol):
    """What the process as a whole can do."""

    def republish(self) -> int:
        """Send everything retained again; the number of topics."""

    async def reload(self) -> Mapping[str, object]:
        """Read the configuration again; what changed."""


class Operations:
    """Performs orders."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        sync: DeviceSyncService,
        discovery: DiscoveryOrchestrationService,
        roster: Roster,
        sessions: Sessions,
        drivers: Mapping[str, Driver],
        audit: Audit,
        house: House,
    ) -> None:
        self._inventory = inventory
        self._sync = sync
        self._discovery = discovery
        self._roster = roster
        self._sessions = sessions
        self._drivers = drivers
        self._audit = audit
        self._house = house
        self._remembered: dict[tuple[Address | None, str, str], _Remembered] = {}
        self._verbs: Mapping[str, Callable[[Order, Progress], Awaitable[Mapping[str, object] | Result]]] = {
            "refresh": self._refresh,
            "detail": self._detail,
            "discover": self._discover,
            "discover_cancel": self._discover_cancel,
            "republish": self._republish,
            "reload": self._reload,
            "receiver_add": self._receiver_add,
            "receiver_remove": self._receiver_remove,
            "receiver_update": self._receiver_update,
            "receiver_replace": self._receiver_replace,
            "labels_set": self._labels_set,
            "note": self._note,
        }

    async def perform(self, order: Order, progress: Progress = lambda _data: None) -> Outcome:
        """Do what is wanted, once; never raises."""
        request_id = order.context.request_id
        if request_id is None:
            return await self._perform(order, progress)
        key = (order.address, order.verb, request_id)
        now = asyncio.get_running_loop().time()
        self._forget_old(now)
        fingerprint = json.dumps(order.args, sort_keys=True, default=str)
        known = self._remembered.get(key)
        if known is not None:
            if known.fingerprint != fingerprint:
                detail = f"request_id {request_id!r} was used for other arguments less than ten minutes ago"
                return Outcome("rejected", error=ServiceError("duplicate_conflict", detail, field="request_id"))
            return await asyncio.shield(known.outcome)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._remembered[key] = _Remembered(now, fingerprint, future)
        try:
            outcome = await self._perform(order, progress)
        except BaseException:
            future.cancel()
            del self._remembered[key]
            raise
        future.set_result(outcome)
        return outcome

    async def _perform(self, order: Order, progress: Progress) -> Outcome:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            done = await self._verbs[order.verb](order, progress)
        except ServiceError as error:
            outcome = Outcome("rejected" if error.code in _REJECTIONS else "failed", error=error)
        except Exception:
            log.exception("a command failed inside the bridge", extra={"verb": order.verb})
            detail = f"{order.verb} failed inside the bridge; its log has the reason at {clock.now_text()}"
            outcome = Outcome("failed", error=ServiceError("internal", detail))
        else:
            outcome = _outcome(done)
        outcome = Outcome(outcome.status, outcome.data, outcome.warnings, outcome.error, loop.time() - started)
        if order.verb not in QUERIES or outcome.error is not None:
            self._record(order, outcome)
        return outcome

    def _record(self, order: Order, outcome: Outcome) -> None:
        after = {
            "verb": order.verb,
            "args": dict(order.args),
            "status": outcome.status,
            "error": outcome.error.code if outcome.error else None,
            "detail": outcome.error.detail if outcome.error else None,
        }
        resource = f"{order.address.kind}/{order.address.id}" if order.address else None
        self._audit.record("command", context=order.context, resource=resource, after=after)

    def _forget_old(self, now: float) -> None:
        """Entries are in order of arrival, so the old ones stand in front."""
        while self._remembered:
            key, oldest = next(iter(self._remembered.items()))
            if now - oldest.at < REMEMBERED_S and len(self._remembered) < REMEMBERED_MOST:
                return
            del self._remembered[key]

    # -- verbs -----------------------------------------------------------------------------------------------

    async def _refresh(self, order: Order, progress: Progress) -> Mapping[str, object] | Result:
        if order.address is None or order.address.kind is Kind.BRIDGE:
            return await self._everywhere(
                order,
                self._inventory.tenants,
                lambda context: self._discovery.handle_refresh_requested(
                    context=context,
                    manufacturer=order.args.get("manufacturer"),
                    tags=order.args.get("tags") or (),
                    progress=progress,
                ),
            )
        receiver = self._receiver_of(order.address)
        await self._sessions.refresh(receiver)
        found = self._inventory.receivers.get(receiver)
        return {"receiver": receiver.id, "firmware": found.record.firmware if found else None}

    async def _detail(self, order: Order, progress: Progress) -> Result:
        del progress  # one receiver is read at once
        if order.address is None:
            raise ServiceError("unknown_resource", "detail is asked of a receiver or a channel")
        return await self._discovery.handle_device_detail_requested(context=order.context, address=order.address)

    async def _discover(self, order: Order, progress: Progress) -> Result:
        wanted = {key: value for key, value in order.args.items() if key in _DISCOVERY}
        return await self._everywhere(
            order,
            sorted({record.tenant for record in self._discovery.ranges}),
            lambda context: self._discovery.handle_discovery_requested(context=context, progress=progress, **wanted),
            one=bool(wanted.get("networks") or wanted.get("hosts")),
        )

    async def _discover_cancel(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        tenants = [order.address.tenant] if order.address else None
        return {"cancelled": await self._discovery.cancel(tenants)}

    async def _republish(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del order, progress
        return {"topics": self._house.republish()}

    async def _reload(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del order, progress
        return await self._house.reload()

    async def _receiver_add(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        args, tenant = order.args, self._tenant(order)
        host, port = args.get("host"), args.get("port")
        self._roster.unignore(tenant, host, args.get("id"))
        labels = {key: args[key] for key in LABEL_KEYS if args.get(key) is not None}
        driver = args.get("driver") or "auto"
        if driver != "auto" and driver not in self._drivers:
            detail = f"there is no driver {driver!r}; installed: {', '.join(sorted(self._drivers))}, or auto"
            raise ServiceError("schema_violation", detail, field="args.driver")
        context = AuditContext(tenant.organization, tenant.campus, order.context.actor, order.context.request_id)
        if args.get("id"):
            record = ReceiverRecord(
                address=Address(tenant.organization, tenant.campus, Kind.RECEIVER, args["id"]),
                manufacturer=args.get("manufacturer") or self._maker(driver),
                driver=driver,
                host=host or "",
                port=port,
                name=args.get("name"),
                source="command",
                labels=labels,
            )
            return {"receiver": self._roster.adopt(record, None, context).id}
        if not host:
            raise ServiceError("schema_violation", "a receiver needs a host, or an id", field="args.host")
        name, identity = await self.identify(host, port, driver)
        snapshot = DeviceSnapshot(host, port, identity, name, args.get("name"), labels, "command")
        result = await self._sync.bulk_sync_devices(
            manufacturer=identity.manufacturer, devices=[snapshot], complete=False, context=context
        )
        if result.errors:
            raise ServiceError("duplicate_conflict", result.errors[0].message, field="args.host")
        found = [receiver.address.id for receiver in self._inventory.by_host(host)]
        return {"receiver": found[0] if found else None, **result.as_json()}

    async def _receiver_remove(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        address = self._named(order)
        await self._roster.remove(address, order.context)
        return {"receiver": address.id}

    async def _receiver_update(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        address = self._named(order)
        changes = {key: value for key, value in order.args.items() if key in _UPDATABLE}
        if "meter_interval" in order.args:
            changes["meter_interval_s"] = order.args["meter_interval"]
        if not changes:
            detail = f"nothing to change; known keys: {', '.join(sorted(_UPDATABLE))}"
            raise ServiceError("schema_violation", detail, field="args")
        record = await self._roster.update(address, changes, order.context)
        return {"receiver": address.id, "host": record.host, "port": record.port, "name": record.name}

    async def _receiver_replace(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        address = self._named(order)
        record = await self._roster.replace_unit(address, order.args.get("host"), order.context)
        return {"receiver": address.id, "host": record.host}

    async def _labels_set(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        address = self._named(order)
        labels = {key: value for key, value in order.args.items() if key in LABEL_KEYS}
        return {"receiver": address.id, "labels": dict(self._roster.label(address, labels, order.context))}

    async def _note(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        resource = order.args.get("resource")
        tenant = self._tenant(order)
        context = AuditContext(tenant.organization, tenant.campus, order.context.actor, order.context.request_id)
        self._audit.record("note", context=context, resource=resource, after={"text": order.args["text"]})
        return {"noted": True}

    # -- inside ----------------------------------------------------------------------------------------------

    async def identify(self, host: str, port: int | None, driver: str) -> tuple[str, Identity]:
        """Ask who answers at a host; with ``auto`` every driver that scans is asked. Raises `ServiceError`."""
        names = [name for name, one in self._drivers.items() if one.scans] if driver == "auto" else [driver]
        words = []
        for name in names:
            try:
                return name, await self._drivers[name].identify(Target(host, port))
            except DriverError as error:
                words.append(f"{name}: {error.detail}")
        detail = f"no receiver answered at {host} ({'; '.join(words)}); with an id it can be added all the same"
        raise ServiceError("device_offline", detail, field="args.host")

    async def _everywhere(
        self,
        order: Order,
        tenants: Sequence[Campus],
        work: Callable[[AuditContext], Awaitable[Result]],
        *,
        one: bool = False,
    ) -> Result:
        """Do the same in every campus that the order reaches; one that fails never hides another."""
        if order.address is not None or one:
            return await work(order.context)
        total = Result(request_id=order.context.request_id)
        for tenant in tenants or [order.context.tenant]:
            context = AuditContext(tenant.organization, tenant.campus, order.context.actor, order.context.request_id)
            try:
                result = await work(context)
            except ServiceError as error:
                total.fail(f"{tenant.organization}/{tenant.campus}", error.code, error.detail)
                continue
            total.absorb(result)
            total.data.update(result.data)
        return total

    def _receiver_of(self, address: Address) -> Address:
        if address.kind is Kind.RECEIVER:
            return self._roster.find(address).address
        found = self._inventory.channel(address)
        if found is None:
            where = f"{address.organization}/{address.campus}"
            raise ServiceError("unknown_resource", f"there is no channel {address.id!r} in {where}")
        return found[0].address

    def _named(self, order: Order) -> Address:
        tenant = self._tenant(order)
        address = Address(tenant.organization, tenant.campus, Kind.RECEIVER, order.args["id"])
        return self._roster.find(address).address

    def _tenant(self, order: Order) -> Campus:
        """The campus that is meant: that of the command's topic, else the one in the arguments, else the default."""
        if order.address is not None:
            return order.address.tenant
        return Campus(
            order.args.get("organization") or order.context.organization,
            order.args.get("campus") or order.context.campus,
        )

    def _maker(self, driver: str) -> str:
        scanning = [one.manufacturer for one in self._drivers.values() if one.scans]
        return self._drivers[driver].manufacturer if driver in self._drivers else scanning[0] if scanning else "unknown"


@dataclass(frozen=True, slots=True)
class _Remembered:
    at: float
    fingerprint: str
    outcome: asyncio.Future[Outcome]


_DISCOVERY = frozenset({"networks", "hosts", "manufacturer", "adopt", "limit"})

_UPDATABLE = frozenset({"host", "port", "name", "driver", "interface"})

_REJECTIONS: frozenset[ErrorCode] = frozenset(TITLES) - {
    "device_offline",
    "device_timeout",
    "device_rejected",
    "device_auth",
    "internal",
}
"""Errors that were clear before anything was done."""


def _outcome(done: Mapping[str, object] | Result) -> Outcome:
    if not isinstance(done, Result):
        return Outcome("succeeded", dict(done))
    data = done.as_json()
    warnings = list(done.warnings)
    if done.status == "failed" and done.errors:
        first = done.errors[0]
        code: ErrorCode = first.code if first.code in TITLES else "device_offline"
        return Outcome("failed", data, warnings, ServiceError(code, first.message))
    return Outcome(done.status, data, warnings)
