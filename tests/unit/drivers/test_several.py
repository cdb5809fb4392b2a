"""One driver of several protocols: who answers decides, and is asked again where conversations bring nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel

from services.drivers import (
    Door,
    DriverError,
    Gone,
    Listener,
    Product,
    Reading,
    Sighting,
    Surroundings,
    Target,
    Trace,
    make_target,
    more_of,
)
from services.drivers.several import LOOK_EVERY, Protocol, SeveralMaker, join, join_simulators
from services.model import UNIT, Abilities, AvailabilityReason, Identity, Key, Kind


@dataclass
class Scripted:
    """A protocol by which units at ``hosts`` answer; it is driver and maker in one, and notes what it is asked."""

    family: str
    port: int = 1
    hosts: set[str] = field(default_factory=set)
    reason: AvailabilityReason = "timeout"
    again_s: float | None = 0.0
    after_s: float = 0.0
    secret: bool = False
    name: str = "acme"
    manufacturer: str = "acme"
    more: Sequence[Key] = ()
    options: type[BaseModel] | None = None
    asked: list[str] = field(default_factory=list)
    adverts: list[Sighting | Exception] = field(default_factory=list)

    @property
    def products(self) -> Sequence[Product]:
        abilities = Abilities()
        return [Product(self.family, self.family, self.family, self.family, Kind.RECEIVER, 1, abilities, abilities)]

    @property
    def doors(self) -> Sequence[Door]:
        return [Door("udp", self.port, needs_secret=self.secret)]

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Scripted]:
        yield self

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        return [Reading(UNIT, {"name": self.family})]

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        self.asked.append("look")
        await asyncio.sleep(self.after_s)
        if where.host not in self.hosts:
            raise DriverError(self.reason, f"{self.family} at {where.host}", again_s=self.again_s)
        return [Sighting(self.name, where.host, Identity("acme", self.family), unit=where.unit)]

    async def sightings(self) -> AsyncIterator[Sighting | Gone]:
        for advert in self.adverts:
            if isinstance(advert, Exception):
                raise advert
            yield advert
        await asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def connect(self, where: Target, listener: Listener, trace: Trace | None = None) -> AsyncIterator[Any]:
        self.asked.append("connect")
        if where.host not in self.hosts:
            raise DriverError(self.reason, f"{self.family} at {where.host}", again_s=self.again_s)
        listener([Reading(UNIT, {"family": self.family})])
        yield self


async def converse(maker: SeveralMaker, host: str, family: str = "") -> str | None:
    """The family that a conversation with a host reports."""
    families: list[object] = []

    def listen(readings: Sequence[Reading]) -> None:
        families.extend(each.values["family"] for each in readings)

    with suppress(DriverError):
        async with maker.connect(make_target(host, family=family), listen):
            pass
    return str(families[0]) if families else None


@asynccontextmanager
async def opened(*protocols: Scripted | Protocol) -> AsyncIterator[SeveralMaker]:
    async with join(*protocols).open(Surroundings()) as maker:
        assert isinstance(maker, SeveralMaker)
        yield maker


async def test_a_unit_is_read_by_the_protocol_that_it_answers() -> None:
    old, new = Scripted("old", hosts={"192.0.2.1"}), Scripted("new", hosts={"192.0.2.2"})
    async with opened(old, new) as maker:
        assert [await converse(maker, "192.0.2.1"), await converse(maker, "192.0.2.2")] == ["old", "new"]


async def test_a_unit_that_is_known_is_not_looked_for() -> None:
    old, new = Scripted("old", hosts={"192.0.2.1"}), Scripted("new")
    async with opened(old, new) as maker:
        await converse(maker, "192.0.2.1", family="old")
        await converse(maker, "192.0.2.1")
    assert (old.asked, new.asked) == (["connect", "connect"], [])


async def test_a_unit_with_new_firmware_is_found_behind_its_other_door() -> None:
    old, new = Scripted("old", hosts={"192.0.2.1"}), Scripted("new")
    async with opened(old, new) as maker:
        assert await converse(maker, "192.0.2.1", family="old") == "old"
        old.hosts, new.hosts = set(), {"192.0.2.1"}
        found = [await converse(maker, "192.0.2.1", family="old") for _ in range(LOOK_EVERY)]
        assert found == [None] * (LOOK_EVERY - 1) + ["new"]


async def test_of_two_doors_that_answer_the_first_protocol_is_taken_though_it_is_slower() -> None:
    better, quicker = Scripted("better", hosts={"192.0.2.1"}, after_s=0.02), Scripted("quicker", hosts={"192.0.2.1"})
    async with opened(better, quicker) as maker:
        assert [each.identity.family for each in await maker.look(make_target("192.0.2.1"))] == ["better"]


async def test_where_nobody_answers_the_most_useful_failure_is_reported_with_the_shortest_pause() -> None:
    first, second = Scripted("first", again_s=60.0), Scripted("second", reason="control_blocked", again_s=None)
    async with opened(first, second) as maker:
        with pytest.raises(DriverError) as raised:
            await maker.look(make_target("192.0.2.1"))
    assert (raised.value.reason, raised.value.again_s) == ("control_blocked", 60.0)


async def test_a_refused_password_is_not_tried_again_because_another_door_is_silent() -> None:
    first, second = Scripted("first"), Scripted("second", reason="auth_failed", again_s=None)
    async with opened(first, second) as maker:
        with pytest.raises(DriverError) as raised:
            await maker.look(make_target("192.0.2.1"))
    assert (raised.value.reason, raised.value.again_s) == ("auth_failed", None)


async def test_a_port_of_the_configuration_chooses_the_protocol() -> None:
    one, two = Scripted("one", 1, {"192.0.2.1"}), Scripted("two", 2, {"192.0.2.1"})
    async with opened(one, two) as maker:
        await maker.look(make_target("192.0.2.1", 2))
    assert (one.asked, two.asked) == ([], ["look"])


async def test_who_answers_with_a_key_alone_is_not_asked_without_settings() -> None:
    open_door, locked = Scripted("open", hosts={"192.0.2.1"}), Scripted("locked", secret=True)
    async with opened(locked, open_door) as maker:
        await maker.look(make_target("192.0.2.1"))
    assert locked.asked == []


class KeyOptions(BaseModel):
    """Options of a unit whose maker has a key for some of its units."""

    key: str = "hunter22"


async def test_a_key_goes_to_nobody_who_is_not_known_to_have_that_door() -> None:
    open_door, locked = Scripted("open", 1, {"192.0.2.1"}), Scripted("locked", 2, {"192.0.2.1"}, secret=True)
    async with opened(locked, open_door) as maker:
        await maker.look(make_target("192.0.2.1", options=KeyOptions()))
        assert locked.asked == []
        await maker.look(make_target("192.0.2.1", 2, options=KeyOptions()))
        await maker.look(make_target("192.0.2.1", family="locked", options=KeyOptions()))
        assert locked.asked == ["look", "look"]


async def test_a_unit_has_rows_for_its_own_protocol_s_keys_alone() -> None:
    rows = Key("turns", int, "Turns."), Key("gears", int, "Gears.")
    driver = join(Scripted("one", more=rows[:1]), Scripted("two", more=rows[1:]))
    assert [row.name for row in more_of(driver, "one", "one")] == ["turns"]
    assert [row.name for row in more_of(driver, None, None)] == ["turns", "gears"]


async def test_a_unit_behind_a_gateway_is_asked_of_gateways_alone() -> None:
    plain, gateway = Scripted("plain", hosts={"192.0.2.1"}), Scripted("gateway", hosts={"192.0.2.1"})
    async with opened(plain, Protocol(gateway, gateway=True)) as maker:
        await maker.look(make_target("192.0.2.1", unit="A"))
    assert (plain.asked, gateway.asked) == ([], ["look"])


async def test_listening_goes_on_where_one_protocol_cannot_listen(caplog: pytest.LogCaptureFixture) -> None:
    deaf = Scripted("deaf", adverts=[OSError("the port is taken")])
    hearing = Scripted("hearing", adverts=[Sighting("acme", "192.0.2.7", Identity("acme", "hearing"))])
    async with opened(deaf, hearing) as maker, aclosing(maker.sightings()) as sightings:  # type: ignore[type-var]
        async with asyncio.timeout(5):
            assert (await anext(sightings)).host == "192.0.2.7"
    assert [record.why for record in caplog.records if hasattr(record, "why")] == ["the port is taken"]


def test_what_stands_twice_is_refused_when_it_is_joined() -> None:
    with pytest.raises(ValueError, match="two protocols"):
        join(Scripted("same"), Scripted("same"))
    with pytest.raises(ValueError, match="two things"):
        join(Scripted("a", more=[Key("x", int, "One.")]), Scripted("b", more=[Key("x", int, "Another.")]))


@dataclass
class Simulated:
    """A simulator of one product."""

    product: str
    faults: dict[str, str]
    name: str = "acme"

    @property
    def traits(self) -> dict[str, frozenset[str]]:
        return {self.product: frozenset()}

    def run(self, product: str, **asked: Any) -> Any:
        raise NotImplementedError


def test_a_product_has_the_faults_of_its_own_simulator_alone() -> None:
    both = join_simulators(
        Simulated("one", {"none": "Over.", "drop": "Closed."}), Simulated("two", {"none": "", "lossy": ""})
    )
    assert both.faults_of("two").keys() == {"none", "lossy"}
    assert both.faults == {"none": "Over.", "drop": "Closed.", "lossy": ""}
    with pytest.raises(KeyError):
        both.faults_of("three")


async def test_a_first_conversation_begins_by_the_usual_protocol_without_a_look() -> None:
    usual, other = Scripted("usual", hosts={"192.0.2.1"}), Scripted("other", hosts={"192.0.2.2"})
    async with opened(Protocol(usual, usual=True), other) as maker:
        assert await converse(maker, "192.0.2.1") == "usual"
        assert (usual.asked, other.asked) == (["connect"], [])
        assert await converse(maker, "192.0.2.2") == "other"
        assert (usual.asked, other.asked) == (["connect", "connect"], ["look", "connect"])
