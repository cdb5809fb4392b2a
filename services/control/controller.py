"""One control of one unit or part: everything is checked before one byte is sent, and nothing is sent twice at once.

A control waits for its turn in the unit's queue; only then it is checked, against what holds then: a rule, a lock or
the unit may have gone while it waited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from services import clock
from services.control.locks import Locks
from services.control.rules import (
    ControlRule,
    Place,
    allowed,
    check_together,
    checked,
    is_idle,
    relative,
    rule_of,
    within_limits,
)
from services.drivers import Link, SetResult
from services.live import Inventory, StateWriter, Unit, UnitPart
from services.model import NOUNS, UNIT, Abilities, Address, Allowed, ErrorCode, Part, ServiceError
from services.units import Sessions, UnitQueues, find_unit
from services.verbs import is_relative

Before = Callable[[], Awaitable[None]]

Status = Literal["succeeded", "partial", "failed", "rejected"]

NO_RULE: Final = (
    "no control rule of the configuration allows {what}: add one under [[control.rules]] (docs/control.md) and reload"
)
_CODES: Final[Mapping[str, ErrorCode]] = {
    "device_rejected": "device_rejected",
    "device_timeout": "device_timeout",
    "not_sent": "device_rejected",
}
"""Outcome of a driver -> error code, the worst first."""


@dataclass(frozen=True, slots=True)
class Controlled:
    """A unit, or a part of it, that is to be controlled."""

    unit: Unit
    part: UnitPart | None = None

    @property
    def address(self) -> Address:
        """Its address."""
        return self.part.address if self.part is not None else self.unit.address

    @property
    def place(self) -> Part:
        """What a driver calls it."""
        return self.part.place if self.part is not None else UNIT

    @property
    def abilities(self) -> Abilities:
        """What it can; nothing as long as nobody knows."""
        return (self.part.abilities if self.part is not None else self.unit.abilities) or Abilities()

    @property
    def state(self) -> Mapping[str, object]:
        """Its state, a maker's own keys beside the others."""
        state = self.part.state if self.part is not None else self.unit.state
        more = state.get("more")
        return {**state, **(more if isinstance(more, Mapping) else {})}


@dataclass(frozen=True, slots=True)
class Done:
    """How a control ended."""

    status: Status
    data: Mapping[str, object]
    rules: Sequence[int]
    """Numbers of the rules that allowed it."""
    error: ServiceError | None = None
    is_sent: bool = True
    """Whether anything was sent to a unit."""


class Controller:
    """Controls units."""

    def __init__(
        self, inventory: Inventory, writer: StateWriter, sessions: Sessions, queues: UnitQueues, locks: Locks
    ) -> None:
        self._inventory = inventory
        self._writer = writer
        self._sessions = sessions
        self._queues = queues
        self._locks = locks
        self._rules: tuple[ControlRule, ...] = ()
        self._unsure: set[tuple[Address, str]] = set()
        """Keys of units that did not say what became of a value."""
        self._boosts: dict[Address, asyncio.TimerHandle] = {}

    def use_rules(self, rules: Sequence[ControlRule]) -> None:
        """Use other rules from now on; what they allow is published anew."""
        if tuple(rules) != self._rules:
            self._rules = tuple(rules)
            for unit in self._inventory.units.values():
                self._writer.abilities_changed(unit)

    def allowed(self, unit: Unit, part: UnitPart | None) -> Allowed:
        """What rules allow of a unit or part now."""
        if not self._rules:
            return Allowed()
        place, can = place_of(unit), Controlled(unit, part).abilities
        may_identify = can.identifies and rule_of(self._rules, place, "identify") is not None
        return Allowed(allowed(self._rules, place, can.settable), may_identify)

    def controlled(self, address: Address) -> Controlled:
        """The unit or part of an address. Raises `ServiceError` (unknown_resource)."""
        found = self._inventory.part(address)
        return Controlled(*found) if found is not None else Controlled(find_unit(self._inventory, address))

    async def set(
        self, one: Controlled, wanted: Mapping[str, Any], *, until: str | None = None, before: Before | None = None
    ) -> Done:
        """Set keys, if their turn comes before ``until`` (RFC 3339), and after ``before`` is done.

        Raises `ServiceError` where nothing was sent, also what ``before`` raises.
        """

        async def work() -> Done:
            _check_time(until)
            values, rules = self._check(one, wanted)
            if await self._made_sure(one, wanted) | await _done_before(before):
                _check_time(until)
                values, rules = self._check(one, wanted)  # much may have changed meanwhile
            results = await self._link(one).set(one.place, values)
            self._note_unsure(one, results)
            return _done(results, rules)

        self._permit(one, "set")
        return await self._queues.run(one.unit.address, work)

    async def identify(self, one: Controlled, *, on: bool, until: str | None = None) -> Done:
        """Let a unit or part show itself, likewise. Raises `ServiceError` where nothing was sent."""

        async def work() -> Done:
            _check_time(until)
            rule = self._permit(one, "identify")
            _check_idle(rule, one, "identify")
            self._link(one)  # of a unit that was never read nobody knows what it can
            if not one.abilities.identifies:
                raise ServiceError("not_settable", f"{_words(one)} has nothing that shows it to people")
            return _done({"identify": await self._link(one).identify(one.place, on=on)}, [rule.number])

        self._permit(one, "identify")
        return await self._queues.run(one.unit.address, work)

    async def boost(self, one: Controlled, interval_s: float, for_s: float) -> Done:
        """Meter faster for a while, then as before; ends with the connection too. Raises `ServiceError`."""
        rule = self._permit(one, "meter_boost")
        _check_idle(rule, one, "meter_boost")
        if not one.abilities.telemetry:
            raise ServiceError("not_settable", f"{_words(one)} has no meters")
        link = self._link(one)
        if (running := self._boosts.pop(one.address, None)) is not None:
            running.cancel()
        link.meter(one.place, interval_s)
        self._boosts[one.address] = asyncio.get_running_loop().call_later(for_s, self._end_boost, one, link)
        return Done("succeeded", {"interval": interval_s, "duration": for_s}, [rule.number])

    async def _made_sure(self, one: Controlled, wanted: Mapping[str, Any]) -> bool:
        """Read a unit anew before a step, where it did not say what became of an earlier value. Raises `ServiceError`.

        It may have taken that value late: a step from what it had before would lead elsewhere.
        """
        if not any((one.address, key) in self._unsure for key, value in wanted.items() if is_relative(value)):
            return False
        session = self._sessions.get(one.unit.address)
        if session is None:
            return False
        await session.read()
        self._unsure = {(address, key) for address, key in self._unsure if address != one.address}
        return True

    def _note_unsure(self, one: Controlled, results: Mapping[str, SetResult]) -> None:
        for key, result in results.items():
            (self._unsure.add if result.outcome == "device_timeout" else self._unsure.discard)((one.address, key))

    def _end_boost(self, one: Controlled, link: Link) -> None:
        self._boosts.pop(one.address, None)
        session = self._sessions.get(one.unit.address)
        if session is not None and session.link is link:
            link.meter(one.place, session.meter_interval_s)

    # -- checks ------------------------------------------------------------------------------------------------

    def _permit(self, one: Controlled, verb: str) -> ControlRule:
        place = place_of(one.unit)
        rule = rule_of(self._rules, place, verb)
        if rule is None:
            raise ServiceError("forbidden", NO_RULE.format(what=f"{verb} at {_words(one)}"))
        lock = self._locks.of(place)
        if lock is not None:
            until = f" until {lock.until}" if lock.until else ""
            raise ServiceError("forbidden", f"control is locked{until}: {lock.reason}")
        return rule

    def _check(self, one: Controlled, wanted: Mapping[str, Any]) -> tuple[dict[str, object], list[int]]:
        """Every value as it may be sent, and the rules that allow it. Raises `ServiceError` for one that may not."""
        self._permit(one, "set")
        self._link(one)  # raises where the unit is not there
        settable = one.abilities.settable
        check_together(wanted)
        values: dict[str, object] = {}
        numbers: set[int] = set()
        for key, value in wanted.items():
            where = f"args.{key}"
            if key not in settable:
                raise ServiceError("not_settable", _not_settable(one, key), field=where)
            rule = rule_of(self._rules, place_of(one.unit), "set", key)
            may = within_limits(settable[key], rule.limits.get(key)) if rule is not None else None
            if rule is None or may is None:
                raise ServiceError("forbidden", self._why_not(one, key), field=where)
            _check_idle(rule, one, key, where)
            if is_relative(value):
                value = relative(key, value, one.state.get(key))  # noqa: PLW2901 - the value that it stands for
            values[key] = checked(key, may, value)
            numbers.add(rule.number)
        return values, sorted(numbers)

    def _why_not(self, one: Controlled, key: str) -> str:
        """Why no rule lets a key be set, with the remedy."""
        place = place_of(one.unit)
        for rule in self._rules:
            if rule.covers(place, "set") and replace(rule, allow_rf=True).allows(key) and not rule.allows(key):
                return (
                    f"{key} of {_words(one)} moves or ends a carrier: rule {rule.number} lacks allow_rf = true for that"
                )
        return NO_RULE.format(what=f"{key} of {_words(one)} to be set")

    def _link(self, one: Controlled) -> Link:
        """The open conversation of a live unit. Raises `ServiceError` (device_offline)."""
        session = self._sessions.get(one.unit.address)
        if session is None or session.link is None or not session.live:
            there = one.unit.availability
            detail = f"{_words(one)} is offline: {there.detail or there.reason or 'it is not read'}"
            raise ServiceError("device_offline", detail)
        return session.link


async def _done_before(before: Before | None) -> bool:
    """Do what has to be done before; whether there was anything."""
    if before is None:
        return False
    await before()
    return True


def _check_time(until: str | None) -> None:
    """Refuse what waited for its turn for too long: nobody expects it any more."""
    if until is not None and clock.unix_seconds(until) < clock.now():
        detail = f"valid_until was {until}, and it still waited for its turn: nothing was sent"
        raise ServiceError("expired", detail, field="valid_until")


def _check_idle(rule: ControlRule, one: Controlled, what: str, field: str | None = None) -> None:
    """Refuse what a rule allows only while nothing is on the air: on the part, or on any part of a unit."""
    parts = [one.part] if one.part is not None else one.unit.parts.values()
    if rule.only_idle and not is_idle(part.state for part in parts):
        detail = f"rule {rule.number} allows {what} only while no transmitter is on the air: one is, or may be"
        raise ServiceError("forbidden", detail, field=field)


def _not_settable(one: Controlled, key: str) -> str:
    """What can be set instead, or at which part of the unit the key can be."""
    parts = one.unit.parts.values() if one.part is None else ()
    part = next((part for part in parts if key in Controlled(one.unit, part).abilities.settable), None)
    if part is not None:
        return f"{key} belongs to a part of {_words(one)}: send it to {part.address.kind}/{part.address.id}, or another"
    return f"{key} of {_words(one)} cannot be set; what can: {', '.join(sorted(one.abilities.settable)) or 'nothing'}"


def place_of(unit: Unit) -> Place:
    """A unit as rules and locks see it."""
    return Place(unit.address.tenant, unit.address.id, unit.record.tags)


def _words(one: Controlled) -> str:
    return f"{NOUNS[one.address.kind]} {one.address.id}"


def _done(results: Mapping[str, SetResult], rules: Sequence[int]) -> Done:
    """What a driver made of the values, in the words of a reply."""
    data: dict[str, object] = {
        key: {"wanted": one.wanted, "reported": one.reported, "ok": one.outcome == "ok"} for key, one in results.items()
    }
    wrong = {key: one for key, one in results.items() if one.outcome != "ok"}
    if not wrong:
        return Done("succeeded", data, rules)
    worst = next(outcome for outcome in _CODES if any(one.outcome == outcome for one in wrong.values()))
    detail = "; ".join(f"{key}: {one.detail}" for key, one in wrong.items())
    first = next(key for key, one in wrong.items() if one.outcome == worst)
    error = ServiceError(_CODES[worst], detail, field=f"args.{first}")
    return Done("partial" if len(wrong) < len(results) else "failed", data, rules, error)
