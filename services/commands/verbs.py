"""The verbs: what may be asked of the bridge. `services.commands.perform` performs them once and audits the outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.audit import Audit
from services.commands.perform import Do, Order, Progress
from services.discovery import DiscoveryOrchestrationService
from services.drivers import Driver, DriverError, Target
from services.live import Inventory
from services.model import (
    NOUNS,
    UNIT_KINDS,
    Address,
    AuditContext,
    Campus,
    Counts,
    Identity,
    Kind,
    Result,
    ServiceError,
    UnitRecord,
)
from services.units import AUTO, LABEL_KEYS, DeviceSnapshot, DeviceSyncService, Membership, Sessions

_DISCOVERY = frozenset({"networks", "hosts", "manufacturer", "adopt", "limit"})

_UPDATABLE = frozenset({"host", "port", "name", "driver", "interface"})

_NEVER_NULL = frozenset({"host", "driver", "interface"})
"""Of these; the others are unknown or the default where they are null."""


@dataclass(frozen=True, slots=True)
class House:
    """What the process as a whole can do."""

    republish: Callable[[Campus | None], int]
    """Sends everything retained again, of one campus or of all; the number of topics."""
    reload: Callable[[], Awaitable[Mapping[str, object]]]
    """Reads the configuration again; what changed. Raises `ServiceError`."""
    tenants: Callable[[], Sequence[Campus]]
    """Every campus that is served."""


class Verbs:
    """What each verb does."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        sync: DeviceSyncService,
        discovery: DiscoveryOrchestrationService,
        membership: Membership,
        sessions: Sessions,
        drivers: Mapping[str, Driver],
        audit: Audit,
        house: House,
    ) -> None:
        self._inventory = inventory
        self._sync = sync
        self._discovery = discovery
        self._membership = membership
        self._sessions = sessions
        self._drivers = drivers
        self._audit = audit
        self._house = house

    @property
    def table(self) -> Mapping[str, Do]:
        """Verb -> what performs it."""
        return {
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
        unit = self._unit_of(order.address)
        await self._sessions.refresh(unit)
        found = self._inventory.units.get(unit)
        return {"receiver": unit.id, "firmware": found.record.firmware if found else None}

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
        del progress
        return {"topics": self._house.republish(order.address.tenant if order.address else None)}

    async def _reload(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        if order.address is not None:
            detail = "the configuration file is the whole bridge's: send reload to the process's own command topic"
            raise ServiceError("forbidden", detail)
        return await self._house.reload()

    async def _receiver_add(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        args, tenant = order.args, self._tenant(order)
        driver = args.get("driver") or AUTO
        self._check_driver(driver)
        if args.get("id"):
            added: Mapping[str, object] = {"receiver": self._add_unseen(order, tenant, driver).id}
        else:
            added = await self._add_answering(order, tenant, driver)
        self._membership.unignore(tenant, args.get("host"), args.get("id"))  # a refused one stays where it was put
        return added

    def _add_unseen(self, order: Order, tenant: Campus, driver: str) -> Address:
        """Add a receiver under the id that was given, whether or not it answers now."""
        args = order.args
        host, port = args.get("host"), args.get("port")
        if not host and self._is_on_network(driver):
            raise ServiceError("schema_violation", "a receiver on the network needs a host", field="args.host")
        self._check_place(host, port)
        record = UnitRecord(
            address=Address(tenant.organization, tenant.campus, Kind.RECEIVER, args["id"]),
            manufacturer=args.get("manufacturer") or self._maker(driver),
            driver=driver,
            host=host or "",
            port=port,
            name=args.get("name"),
            source="command",
            labels=_labels(args),
        )
        return self._membership.adopt(record, None, _in_campus(order, tenant))

    async def _add_answering(self, order: Order, tenant: Campus, driver: str) -> Mapping[str, object]:
        """Ask who answers at the host, and add that receiver under an id made of what it is."""
        host, port = order.args.get("host"), order.args.get("port")
        if not host:
            raise ServiceError("schema_violation", "a receiver needs a host, or an id", field="args.host")
        known = self._inventory.at(host, port)
        if known is not None and known.address.tenant == tenant and known.online:  # it has its one session
            counts = Counts(seen=1, unchanged=1)
            result = Result(known.record.manufacturer, counts, request_id=order.context.request_id)
            return {"receiver": known.address.id, **result.as_json()}
        if known is not None and known.address.tenant != tenant:
            self._check_place(host, port)
        name, identity = await self._identify(host, port, driver)
        labels = _labels(order.args)
        snapshot = DeviceSnapshot(host, port, identity, name, order.args.get("name"), labels, "command")
        result = await self._sync.bulk_sync_devices(
            manufacturer=identity.manufacturer, devices=[snapshot], complete=False, context=_in_campus(order, tenant)
        )
        if result.errors:
            raise ServiceError("duplicate_conflict", result.errors[0].message, field="args.host")
        self._membership.unignore(tenant, None, None, identity)
        found = [
            unit.address.id
            for unit in self._inventory.by_host(host)
            if unit.address.tenant == tenant and unit.record.port == port
        ]
        return {"receiver": found[0] if found else None, **result.as_json()}

    async def _receiver_remove(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        address = self._named(order)
        await self._membership.remove(address, _in_campus(order, address.tenant))
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
        for key in sorted(_NEVER_NULL & changes.keys()):
            if changes[key] is None:
                raise ServiceError("schema_violation", "null is no value for it: leave it out", field=f"args.{key}")
        if "driver" in changes:
            self._check_driver(changes["driver"])
        if changes.keys() & {"host", "port"}:
            old = self._membership.find(address).record
            self._check_place(changes.get("host", old.host), changes.get("port", old.port), address)
        record = await self._membership.update(address, changes, _in_campus(order, address.tenant))
        return {"receiver": address.id, "host": record.host, "port": record.port, "name": record.name}

    async def _receiver_replace(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        address = self._named(order)
        record = await self._membership.replace_unit(address, order.args.get("host"), _in_campus(order, address.tenant))
        return {"receiver": address.id, "host": record.host}

    async def _labels_set(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        address = self._named(order)
        labels = {key: value for key, value in order.args.items() if key in LABEL_KEYS}
        return {
            "receiver": address.id,
            "labels": dict(self._membership.label(address, labels, _in_campus(order, address.tenant))),
        }

    async def _note(self, order: Order, progress: Progress) -> Mapping[str, object]:
        del progress
        resource = order.args.get("resource")
        tenant = self._tenant(order)
        if tenant not in self._house.tenants():
            detail = f"there is no campus {tenant.organization}/{tenant.campus} here"
            raise ServiceError("unknown_resource", detail, field="args.campus")
        context = _in_campus(order, tenant)
        self._audit.record("note", context=context, resource=resource, after={"text": order.args["text"]})
        return {"noted": True}

    # -- inside ----------------------------------------------------------------------------------------------

    async def _identify(self, host: str, port: int | None, driver: str) -> tuple[str, Identity]:
        """Ask who answers at a host; with `AUTO` every driver that scans is asked. Raises `ServiceError`."""
        names = [name for name, one in self._drivers.items() if one.scans] if driver == AUTO else [driver]
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
        campuses: dict[str, object] = {}
        refused: list[ServiceError] = []
        for tenant in tenants or [order.context.tenant]:
            context = _in_campus(order, tenant)
            place = f"{tenant.organization}/{tenant.campus}"
            try:
                result = await work(context)
            except ServiceError as error:
                refused.append(error)
                total.counts.seen += 1
                total.fail(place, error.code, error.detail)
                continue
            total.absorb(result)
            campuses[place] = result.as_json()
        if refused and not campuses:
            raise refused[0]
        total.data["campuses"] = campuses
        return total

    def _is_on_network(self, driver: str) -> bool:
        return driver == AUTO or self._drivers[driver].scans

    def _check_place(self, host: str | None, port: int | None, whose: Address | None = None) -> None:
        """Refuse a place at which another receiver is: each has one session. Raises `ServiceError`."""
        there = self._inventory.at(host, port)
        if there is not None and there.address != whose:
            whom = f"receiver {there.address.id} of campus {there.address.campus}"
            detail = f"{host} is {whom} already: remove that one first, or change its host"
            raise ServiceError("duplicate_conflict", detail, field="args.host")

    def _check_driver(self, name: str) -> None:
        if name != AUTO and name not in self._drivers:
            detail = f"there is no driver {name!r}; installed: {', '.join(sorted(self._drivers))}, or {AUTO}"
            raise ServiceError("schema_violation", detail, field="args.driver")

    def _unit_of(self, address: Address) -> Address:
        if address.kind in UNIT_KINDS:
            return self._membership.find(address).address
        found = self._inventory.part(address)
        if found is None:
            where = f"{address.organization}/{address.campus}"
            raise ServiceError("unknown_resource", f"there is no {NOUNS[address.kind]} {address.id!r} in {where}")
        return found[0].address

    def _named(self, order: Order) -> Address:
        tenant = self._tenant(order)
        address = Address(tenant.organization, tenant.campus, Kind.RECEIVER, order.args["id"])
        try:
            return self._membership.find(address).address
        except ServiceError as error:
            raise ServiceError(error.code, error.detail, field="args.id") from None

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


def _labels(args: Mapping[str, Any]) -> dict[str, object]:
    return {key: args[key] for key in LABEL_KEYS if args.get(key) is not None}


def _in_campus(order: Order, tenant: Campus) -> AuditContext:
    """On behalf of whoever gave the order, in the audit of the campus that it concerns."""
    return AuditContext(tenant.organization, tenant.campus, order.context.actor, order.context.request_id)
