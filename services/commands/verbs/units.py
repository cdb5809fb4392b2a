"""Verbs about units of every kind: add, remove, update, replace, label.

``receiver_*`` are the same verbs confined to receivers; they answer with the key ``receiver``, the others with ``unit``
and ``kind``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from services.commands.command import Command, Handler, Progress, check_tenant
from services.commands.reach import Reach
from services.drivers import DriverError, Makers, Sighting, choose_unit, look, only_maker
from services.live import Inventory, Unit
from services.model import (
    A_NOUN,
    NOUNS,
    UNIT_KINDS,
    Address,
    Campus,
    Counts,
    Identity,
    Kind,
    Result,
    ServiceError,
    UnitRecord,
)
from services.units import AUTO, LABEL_KEYS, DeviceSnapshot, DeviceSyncService, Membership, Sessions, find_unit

_UPDATABLE: Final = frozenset({"host", "port", "name", "driver", "interface"})
"""Settings that have the same name in a command and in a record."""

_NEVER_NULL: Final = frozenset({"host", "driver", "interface"})
"""Of these; the others are unknown or the default where they are null."""


class UnitHandlers:
    """Performs the verbs about units."""

    def __init__(
        self,
        inventory: Inventory,
        membership: Membership,
        sessions: Sessions,
        sync: DeviceSyncService,
        makers: Makers,
        reach: Reach,
        tenants: Callable[[], Sequence[Campus]],
    ) -> None:
        """``tenants`` names every campus that is served: a command founds none."""
        self._inventory = inventory
        self._membership = membership
        self._sync = sync
        self._sessions = sessions
        self._makers = makers
        self._reach = reach
        self._tenants = tenants

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by verb."""
        verbs = {"add": self._add, "remove": self._remove, "update": self._update, "replace": self._replace}
        return {
            **{f"unit_{verb}": partial(perform, only=None) for verb, perform in verbs.items()},
            **{f"receiver_{verb}": partial(perform, only=Kind.RECEIVER) for verb, perform in verbs.items()},
            "labels_set": self._set_labels,
        }

    # -- add ---------------------------------------------------------------------------------------------------

    async def _add(self, command: Command, _progress: Progress, *, only: Kind | None) -> Mapping[str, object]:
        args = command.args
        check_tenant(command.tenant, self._tenants())
        self._check_driver(args.get("driver") or AUTO)
        if args.get("host"):
            await self._reach.check(command.tenant, args["host"], args.get("port"), field="args.host")
        wanted = only or (Kind(args["kind"]) if args.get("kind") else None)
        if args.get("id") and wanted is not None:
            added: Mapping[str, object] = _names(self._add_unseen(command, wanted), only)
        else:
            added = await self._add_answering(command, wanted, only)
        # after all checks: a unit that is refused stays ignored
        self._membership.unignore(command.tenant, args.get("host"), args.get("id"))
        return added

    def _add_unseen(self, command: Command, kind: Kind) -> Address:
        """Add a unit under the id that was given, whether or not it answers now."""
        args, tenant = command.args, command.tenant
        host, port = args.get("host"), args.get("port")
        driver = args.get("driver") or AUTO
        if not host and self._asks_hosts(driver):
            detail = f"{A_NOUN[kind]} on the network needs a host"
            raise ServiceError("schema_violation", detail, field="args.host")
        self._check_place(host, port, _behind(args))
        record = UnitRecord(
            address=Address(tenant.organization, tenant.campus, kind, args["id"]),
            manufacturer=args.get("manufacturer") or self._maker(driver),
            driver=driver,
            host=host or "",
            port=port,
            behind=_behind(args),
            name=args.get("name"),
            source="command",
            labels=_labels(args),
        )
        return self._membership.adopt(record, None, command.context_in(tenant))

    async def _add_answering(self, command: Command, wanted: Kind | None, only: Kind | None) -> Mapping[str, object]:
        """Ask who answers at the host, and add that unit, under an id made of what it is where none was given."""
        args, tenant = command.args, command.tenant
        host, port = args.get("host"), args.get("port")
        if not host:
            detail = "a unit needs a host; one that is not there yet needs an id and a kind"
            raise ServiceError("schema_violation", detail, field="args.host")
        known = self._inventory.at(host, port, _behind(args))
        if known is not None and (args.get("id") or known.address.tenant != tenant):
            self._check_place(host, port, _behind(args))
        if known is not None and known.online and _is(known.address.kind, wanted):  # it has its one session
            result = Result(
                known.record.manufacturer, Counts(seen=1, unchanged=1), request_id=command.context.request_id
            )
            return {**_names(known.address, only), **result.as_json()}
        driver = args.get("driver") or AUTO
        identity = _meant(await self._ask(host, port, _behind(args), driver), args, only)
        _check_kind(identity, host, wanted, only)
        return await self._adopt(command, driver, identity, only)

    async def _adopt(self, command: Command, driver: str, identity: Identity, only: Kind | None) -> dict[str, object]:
        args, tenant = command.args, command.tenant
        host, port = args["host"], args.get("port")
        snapshot = DeviceSnapshot(
            host,
            port,
            identity,
            driver,
            args.get("name"),
            _labels(args),
            "command",
            unit=_behind(args),
            id=args.get("id"),
        )
        result = await self._sync.bulk_sync_devices(
            manufacturer=identity.manufacturer,
            devices=[snapshot],
            complete=False,
            context=command.context_in(tenant),
        )
        if result.errors:
            raise ServiceError("duplicate_conflict", result.errors[0].message, field="args.host")
        self._membership.unignore(tenant, None, None, identity)
        found = [
            unit.address
            for unit in self._inventory.by_host(host)
            if unit.address.tenant == tenant and unit.record.port == port and unit.record.behind == snapshot.unit
        ]
        named: Mapping[str, object] = _names(found[0], only) if found else {(only or "unit"): None}
        return {**named, **result.as_json()}

    # -- change ------------------------------------------------------------------------------------------------

    async def _remove(self, command: Command, _progress: Progress, *, only: Kind | None) -> Mapping[str, object]:
        address = self._named(command, only).address
        await self._membership.remove(address, command.context_in(address.tenant))
        return _names(address, only)

    async def _update(self, command: Command, _progress: Progress, *, only: Kind | None) -> Mapping[str, object]:
        unit = self._named(command, only)
        changes = {key: value for key, value in command.args.items() if key in _UPDATABLE}
        if "meter_interval" in command.args:
            changes["meter_interval_s"] = command.args["meter_interval"]
        for key in sorted(_NEVER_NULL & changes.keys()):
            if changes[key] is None:
                raise ServiceError("schema_violation", f"{key} must not be null; leave it out", field=f"args.{key}")
        if "unit" in command.args:
            changes["behind"] = _behind(command.args)
        if "driver" in changes:
            self._check_driver(changes["driver"])
        if changes.keys() & {"host", "port", "behind"}:
            old = unit.record
            host, port, behind = (changes.get(key, getattr(old, key)) for key in ("host", "port", "behind"))
            await self._reach.check(unit.address.tenant, host, port, field="args.host")
            self._check_place(host, port, behind, unit.address)
        record = await self._membership.update(unit.address, changes, command.context_in(unit.address.tenant))
        return {**_names(unit.address, only), "host": record.host, "port": record.port, "name": record.name}

    async def _replace(self, command: Command, _progress: Progress, *, only: Kind | None) -> Mapping[str, object]:
        unit = self._named(command, only)
        host = command.args.get("host")
        behind = _behind(command.args) if "unit" in command.args else unit.record.behind
        if host:
            await self._reach.check(unit.address.tenant, host, unit.record.port, field="args.host")
        if host or behind != unit.record.behind:
            self._check_place(host or unit.record.host, unit.record.port, behind, unit.address)
        context = command.context_in(unit.address.tenant)
        record = await self._membership.replace_unit(unit.address, host, context, behind=behind)
        return {**_names(unit.address, only), "host": record.host}

    async def _set_labels(self, command: Command, _progress: Progress) -> Mapping[str, object]:
        address = self._named(command, None).address
        labels = {key: value for key, value in command.args.items() if key in LABEL_KEYS}
        kept = self._membership.label(address, labels, command.context_in(address.tenant))
        return {address.kind.value: address.id, "labels": dict(kept)}

    # -- inside ------------------------------------------------------------------------------------------------

    def _named(self, command: Command, only: Kind | None) -> Unit:
        """The unit that the command is addressed to, or that its argument ``id`` names. Raises `ServiceError`."""
        if command.resource is not None:
            return find_unit(self._inventory, command.resource)
        tenant, name = command.tenant, command.args["id"]
        for kind in (only,) if only else UNIT_KINDS:
            unit = self._inventory.units.get(Address(tenant.organization, tenant.campus, kind, name))
            if unit is not None:
                return unit
        noun = NOUNS[only] if only else "unit"
        detail = f"there is no {noun} with the id {name!r} in {tenant.organization}/{tenant.campus}"
        raise ServiceError("unknown_resource", detail, field="args.id")

    async def _ask(self, host: str, port: int | None, behind: str, driver: str) -> Sequence[Sighting]:
        """Who answers at a host. Raises `ServiceError` (device_offline)."""
        target = self._sessions.first_contact(host, port, unit=behind)
        try:
            return await look(self._makers, target, None if driver == AUTO else [driver])
        except DriverError as error:
            detail = f"nothing answered at {host} ({error.detail}); with an id and a kind it can be added all the same"
            raise ServiceError("device_offline", detail, field="args.host") from error

    def _asks_hosts(self, driver: str) -> bool:
        return driver == AUTO or bool(self._makers[driver].doors)

    def _check_place(self, host: str | None, port: int | None, behind: str, whose: Address | None = None) -> None:
        """Refuse a place at which another unit is: each has one session. Raises `ServiceError`."""
        there = self._inventory.at(host, port, behind)
        if there is not None and there.address != whose:
            whom = f"{NOUNS[there.address.kind]} {there.address.id} of campus {there.address.campus}"
            detail = f"{host} is {whom} already: remove that one first, or change its host"
            raise ServiceError("duplicate_conflict", detail, field="args.host")

    def _check_driver(self, name: str) -> None:
        if name != AUTO and name not in self._makers:
            detail = f"there is no driver {name!r}; installed: {', '.join(sorted(self._makers))}, or {AUTO}"
            raise ServiceError("schema_violation", detail, field="args.driver")

    def _maker(self, driver: str) -> str:
        return self._makers[driver].manufacturer if driver in self._makers else only_maker(self._makers)


def _names(address: Address, only: Kind | None) -> dict[str, object]:
    """A unit in a reply: ``receiver`` where the verb knows receivers alone, else ``unit`` and ``kind``."""
    return {only.value: address.id} if only else {"unit": address.id, "kind": address.kind.value}


def _is(kind: Kind, wanted: Kind | None) -> bool:
    return wanted in {None, kind}


def _behind(args: Mapping[str, Any]) -> str:
    """The unit behind a gateway that the arguments name; empty where they name none."""
    return args.get("unit") or ""


def _meant(sightings: Sequence[Sighting], args: Mapping[str, Any], only: Kind | None) -> Identity:
    """Who the unit is that the arguments mean, of those that answered. Raises `ServiceError`."""
    try:
        return choose_unit(sightings, args["host"], _behind(args)).identity
    except DriverError as error:
        detail = f"{error.detail} (add it with unit_add)" if only else error.detail
        raise ServiceError("schema_violation", detail, field="args.host" if only else "args.unit") from error


def _check_kind(identity: Identity, host: str, wanted: Kind | None, only: Kind | None) -> None:
    """Refuse what is of another kind than was asked for. Raises `ServiceError`."""
    if _is(identity.kind, wanted):
        return
    remedy = "add it with unit_add" if only else "leave kind out, or give the right one"
    detail = f"{host} is {A_NOUN[identity.kind]}: {remedy}"
    raise ServiceError("schema_violation", detail, field="args.host" if only else "args.kind")


def _labels(args: Mapping[str, Any]) -> dict[str, object]:
    return {key: args[key] for key in LABEL_KEYS if args.get(key) is not None}
