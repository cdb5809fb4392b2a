"""What every driver promises: one suite for all of them, over real sockets, against the simulators that they bring.

What holds for a product follows from the traits that its simulator declares (docs/adding-a-driver.md).
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import pytest

from services.drivers import (
    Driver,
    DriverError,
    Link,
    Maker,
    Product,
    Reading,
    SimulatedUnit,
    Simulator,
    Surroundings,
    Target,
    find_drivers,
    find_simulators,
    make_target,
)
from services.drivers.several import SeveralDriver, SeveralSimulators
from services.model import (
    KEYS,
    UNIT,
    UNIT_KINDS,
    Facet,
    Kind,
    Part,
)

DRIVERS = find_drivers()
SIMULATORS = find_simulators()

UNIT_FACTS = {"family", "model", "serial", "mac", "cid", "firmware", "band", "device_id", "part_count"}
PART_FACTS = {"antenna_count", "diversity", "battery_runtime_status", "battery_warning"}
SOON_S = 3.0

_hosts = (f"127.{190 + os.getpid() % 60}.{number // 200}.{number % 200 + 1}" for number in itertools.count())
"""Addresses of our own, for units and makers that are told apart by address alone; another run has others."""


@dataclass(frozen=True)
class Case:
    """A product, its driver and its simulator."""

    driver: Driver
    simulator: Simulator
    product: Product

    @property
    def traits(self) -> frozenset[str]:
        return self.simulator.traits[self.product.name]

    @property
    def faults(self) -> Mapping[str, str]:
        """Those of this product: a maker with several protocols has several simulators behind one."""
        if isinstance(self.simulator, SeveralSimulators):
            return self.simulator.faults_of(self.product.name)
        return self.simulator.faults

    @asynccontextmanager
    async def unit(self, fault: str = "none") -> AsyncIterator[SimulatedUnit]:
        own = "fixed_port" in self.traits
        listen, port = (next(_hosts), None) if own else ("127.0.0.1", 0)
        async with self.simulator.run(
            self.product.name, count=1, listen=listen, port=port, still=True, fault=fault
        ) as units:
            yield units[0]

    @asynccontextmanager
    async def maker(self) -> AsyncIterator[Maker]:
        alone = "fixed_port" in self.traits or isinstance(self.driver, SeveralDriver)
        interface = next(_hosts) if alone else "127.0.0.1"  # one of several protocols may want a port of its own
        async with self.driver.open(Surroundings(interface)) as maker:
            yield maker

    @asynccontextmanager
    async def read(self, fault: str = "none", **asked: float) -> AsyncIterator[tuple[SimulatedUnit, Link, Listening]]:
        """A unit, a link that has read it, and what it reported."""
        reported = Listening()
        async with (
            self.unit(fault) as unit,
            self.maker() as maker,
            maker.connect(target(unit, **asked), reported) as link,
        ):
            reported.description = await link.read_all()
            yield unit, link, reported


def _cases() -> list[Case]:
    return [
        Case(driver, SIMULATORS[name], product)
        for name, driver in DRIVERS.items()
        if name in SIMULATORS
        for product in driver.products
        if product.name in SIMULATORS[name].traits
    ]


def products(*traits: str) -> pytest.MarkDecorator:
    """Of each family one product that declares all of these traits, of each protocol by which it is read."""
    fitting = [case for case in _cases() if case.traits >= {*traits}]
    cases = list({(case.driver.name, case.product.family, case.traits): case for case in reversed(fitting)}.values())[
        ::-1
    ]
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.driver.name}-{case.product.name}")


every_family = products()
every_product = pytest.mark.parametrize("case", _cases(), ids=lambda case: f"{case.driver.name}-{case.product.name}")
every_driver = pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)


class Listening:
    """Everything that a driver reported."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.description: object = None
        self._news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        self.readings += readings
        self._news.set()

    def values(self) -> Mapping[Part, dict[str, object]]:
        merged: dict[Part, dict[str, object]] = {}
        for reading in self.readings:
            merged.setdefault(reading.part, {}).update(reading.values)
        return merged

    def value(self, part: Part, key: str) -> object:
        return self.values().get(part, {}).get(key)

    def numbers(self) -> set[int]:
        return {reading.part.number for reading in self.readings if reading.part.number}

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self._news.clear()
                await self._news.wait()


def target(unit: SimulatedUnit, *, meter_interval_s: float = 0.1, answer_timeout_s: float = 1.0) -> Target:
    """``unit`` and ``options`` are of units that are reached only behind a gateway, or with a password."""
    return make_target(
        unit.host,
        unit.port,
        unit=getattr(unit, "unit", ""),
        options=getattr(unit, "options", None),
        meter_interval_s=meter_interval_s,
        connect_timeout_s=1.0,
        answer_timeout_s=answer_timeout_s,
    )


def is_reported(reported: Listening, key: str, value: object) -> bool:
    return reported.value(Part(1), key) == value


async def telemetry(link: Link, part: Part) -> Mapping[str, object]:
    """Meters have no event: they are taken, not reported."""
    taken: list[Mapping[str, object]] = []

    def came() -> bool:
        if (newest := link.take_telemetry(part)) is not None:
            taken.append(newest)
        return bool(taken)

    await comes_true(came)
    return taken[0]


async def comes_true(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():  # noqa: ASYNC110 - of what has no event to wait for
            await asyncio.sleep(0.01)


@every_driver
def test_a_driver_is_data_that_names_its_products(driver: Driver) -> None:
    assert DRIVERS[driver.name] is driver
    assert driver.manufacturer == driver.manufacturer.lower()
    names = [product.name for product in driver.products]
    assert len(names) == len({*names})
    for product in driver.products:
        assert product.name == product.name.lower()
        part_kind = UNIT_KINDS[product.kind].part
        assert product.abilities.keys <= {*KEYS.names(product.kind)}
        assert product.part_abilities.keys <= {*KEYS.names(part_kind)}
        assert product.part_abilities.telemetry <= {*KEYS.names(part_kind, Facet.TELEMETRY)}
        assert {*product.part_abilities.presence} <= product.part_abilities.keys
        assert {*product.part_abilities.settable} <= product.part_abilities.keys | {row.name for row in driver.more}


@every_driver
async def test_a_maker_opens_and_closes_without_any_unit(driver: Driver) -> None:
    for _ in range(2):
        async with driver.open(Surroundings("127.0.0.1")):
            await asyncio.sleep(0)
    gc.collect()


@every_driver
async def test_announcements_can_be_listened_for_and_left_alone(driver: Driver) -> None:
    async with driver.open(Surroundings("127.0.0.1")) as maker:
        listening = asyncio.ensure_future(anext(maker.sightings()))
        await asyncio.sleep(0.05)
        listening.cancel()
        await asyncio.wait({listening})
        assert listening.cancelled() or isinstance(listening.exception(), StopAsyncIteration)


@every_product
async def test_who_answers_is_found_out_by_asking(case: Case) -> None:
    async with case.unit() as unit, case.maker() as maker:
        (seen,) = await maker.look(target(unit))
    assert (seen.driver, seen.host, seen.port) == (case.driver.name, unit.host, unit.port)
    identity = seen.identity
    assert (identity.manufacturer, identity.family) == (case.driver.manufacturer, case.product.family)
    assert identity.kind is case.product.kind
    assert identity.model


@every_product
async def test_a_complete_read_tells_of_every_part_in_words_of_the_product(case: Case) -> None:
    async with case.read() as (_, link, reported):
        description = await link.read_all()
        assert description.identity.model
        assert reported.numbers() == {*description.parts}
        assert case.product.parts in {None, len(description.parts)}
        assert description.identity.kind is case.product.kind
        assert description.abilities.keys <= case.product.abilities.keys
        for part in description.parts.values():
            assert part.keys <= case.product.part_abilities.keys
            assert part.telemetry <= case.product.part_abilities.telemetry
            assert part.slots <= case.product.part_abilities.slots
        more = {key for reading in reported.readings for key in reading.more}
        for reading in reported.readings:
            number, slot = reading.part
            if number == 0:
                allowed = {*KEYS.names(case.product.kind)} | UNIT_FACTS
            elif slot == 0:
                allowed = {*description.parts[number].keys} | PART_FACTS
            else:
                allowed = {*KEYS.names(Kind.CHANNEL, Facet.SLOTS)}
                assert 1 <= slot <= description.parts[number].slots
            assert reading.values.keys() <= allowed
        assert more <= {key.name for key in getattr(case.driver, "more", ())}
        for number, part in description.parts.items():
            if "transmitters" in case.traits:
                assert all(reported.value(Part(number), sign) is not None for sign in part.presence)
            if "frequency" in case.traits:
                assert reported.value(Part(number), "frequency_mhz")
            if "names" in case.traits:
                assert reported.value(Part(number), "name")


@every_family
async def test_a_second_read_heals_without_a_new_connection(case: Case) -> None:
    async with case.read() as (_, link, reported):
        first = reported.values()
        before = await link.read_all()
        reported.readings.clear()
        assert await link.read_all() == before
        again = reported.values()
        for number in before.parts:
            settled = {key: value for key, value in again[Part(number)].items() if key in first[Part(number)]}
            assert settled
            assert settled == {key: first[Part(number)][key] for key in settled}


@products("pushes", "names")
async def test_a_change_on_the_device_is_told_unasked(case: Case) -> None:
    async with case.read() as (unit, _, reported):
        unit.set_value(Part(1), "name", "Lead")
        await reported.until(lambda: reported.value(Part(1), "name") == "Lead")
        if "gain" in case.traits:
            unit.set_value(Part(1), "gain_db", 6)
            await reported.until(lambda: reported.value(Part(1), "gain_db") == 6)


@products("pushes", "mutes")
async def test_a_mute_is_reported_and_taken_back(case: Case) -> None:
    async with case.read() as (unit, _, reported):
        for muted in (True, False):
            unit.set_value(Part(1), "receiver_muted", muted)
            await reported.until(partial(is_reported, reported, "receiver_muted", muted))


@products("names", "blank_name")
async def test_a_blank_name_is_unknown_and_stops_nothing(case: Case) -> None:
    async with case.read(fault="blank_name") as (_, _link, reported):
        assert {reported.value(Part(number), "name") for number in reported.numbers()} == {None}


@products("transmitters")
async def test_without_a_transmitter_its_signs_are_unknown(case: Case) -> None:
    async with case.read(fault="transmitter_off") as (_, _link, reported):
        signs = case.product.part_abilities.presence
        assert signs
        assert {reported.value(Part(number), sign) for sign in signs for number in reported.numbers()} == {None}


@products("transmitters", "pushes")
async def test_what_goes_with_the_transmitter_is_taken_back_while_connected(case: Case) -> None:
    async with case.read() as (unit, link, reported):
        signs = case.product.part_abilities.presence
        await unit.fault("transmitter_off")
        await link.read_all()
        await reported.until(lambda: all(reported.value(Part(1), sign) is None for sign in signs))


@products("meters")
async def test_meters_come_as_one_summary_of_what_was_metered(case: Case) -> None:
    async with case.read() as (_, link, _reported):
        taken = await telemetry(link, Part(1))
        assert taken.keys() <= case.product.part_abilities.telemetry
        assert isinstance(taken["samples"], int)
        assert taken["samples"] >= 1
        if "meters_rf_dbm" in case.traits:
            assert isinstance(taken["rf_dbm"], (int, float))
            assert -130 < taken["rf_dbm"] < 0
        if "meters_rf_percent" in case.traits:
            assert isinstance(taken["rf_percent"], (int, float))
        link.meter(Part(1), 0.5)
        link.meter(None, 0)


@products("stream", "spoilt_lines")
@pytest.mark.parametrize("fault", ["fragmented", "garbage", "slow"])
async def test_readings_survive_a_bad_line(case: Case, fault: str) -> None:
    async with case.read() as (_, _link, clean):
        pass
    async with case.read(fault=fault) as (_, link, spoiled):
        if "meters" in case.traits:
            assert await telemetry(link, Part(1))
        assert link.counters().keys() >= {"ill_formed", "meaningless", "unintelligible"}
    assert spoiled.values() == clean.values()


@every_family
async def test_a_healthy_unit_makes_sense_in_everything_that_it_says(case: Case) -> None:
    async with case.read() as (_, link, _reported):
        assert {word for word, count in link.counters().items() if count} == set()


@products("stream")
@pytest.mark.parametrize(("fault", "reason"), [("drop", "closed_by_device"), ("reset", "reset_by_device")])
async def test_an_ended_connection_is_seen_at_once(case: Case, fault: str, reason: str) -> None:
    async with case.read() as (unit, link, _):
        await unit.fault(fault)
        async with asyncio.timeout(1.0):
            error = await link.wait_closed()
    assert error.reason == reason


@every_family
async def test_silence_shows_in_the_age_of_what_was_heard(case: Case) -> None:
    async with case.read(meter_interval_s=0.0) as (unit, link, _):
        before = link.last_received
        link.ask_alive()
        await comes_true(lambda: link.last_received > before)
        await unit.fault("freeze")
        before = link.last_received
        link.ask_alive()
        await asyncio.sleep(0.1)
        assert link.last_received == before
        await unit.fault("none")


@products("stream")
async def test_a_unit_that_ends_in_the_middle_of_a_read_fails_it_at_once(case: Case) -> None:
    async with case.read() as (unit, link, _):
        await unit.fault("freeze")
        reading = asyncio.create_task(link.read_all())
        await asyncio.sleep(0)
        await unit.fault("offline")
        with pytest.raises(DriverError) as failure:
            async with asyncio.timeout(1.0):
                await reading
    assert failure.value.reason in ("closed_by_device", "reset_by_device")


@products("menu_blocks")
async def test_blocked_control_names_the_way_through_the_menu(case: Case) -> None:
    async with case.unit("control_blocked") as unit, case.maker() as maker:
        with pytest.raises(DriverError, match="Menu > ") as failure:
            await maker.look(target(unit, answer_timeout_s=0.2))
        assert failure.value.reason == "control_blocked"
        with pytest.raises(DriverError) as failure:
            async with maker.connect(target(unit, answer_timeout_s=0.2), Listening()) as link:
                await link.read_all()
        assert failure.value.reason == "control_blocked"


@every_family
async def test_an_address_without_anyone_is_given_up_in_time_and_the_words_help(case: Case) -> None:
    async with case.unit() as unit, case.maker() as maker:
        host, port = unit.host, unit.port
        await unit.fault("offline")
        with pytest.raises(DriverError) as failure:
            async with asyncio.timeout(SOON_S):
                await maker.look(make_target(host, port, connect_timeout_s=0.2, answer_timeout_s=0.2))
        await unit.fault("none")
        assert await maker.look(target(unit))
    assert failure.value.reason in {"refused", "timeout"}
    assert failure.value.detail


@every_family
async def test_everything_that_was_said_can_be_traced(case: Case) -> None:
    traced: dict[str, bytes] = {"<": b"", ">": b""}

    def trace(direction: str, data: bytes) -> None:
        traced[direction] += data

    async with case.unit() as unit, case.maker() as maker:
        await maker.look(target(unit), trace)
    assert all(traced.values())


@every_family
async def test_no_socket_is_left_behind(case: Case) -> None:
    async with case.unit() as unit, case.maker() as maker:
        await maker.look(target(unit))
        await unit.fault("freeze")
        for _ in range(3):
            with pytest.raises(DriverError):
                await maker.look(make_target(unit.host, unit.port, connect_timeout_s=0.1, answer_timeout_s=0.05))
        asking = asyncio.create_task(maker.look(target(unit)))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    gc.collect()  # an unclosed transport warns here, and a warning is an error


@every_family
async def test_every_fault_that_is_offered_can_begin_and_end(case: Case) -> None:
    assert "none" in case.faults
    async with case.unit() as unit, case.maker() as maker:
        for fault in case.faults:
            await unit.fault(fault)
            await unit.fault("none")
        (seen,) = await maker.look(target(unit))
    assert seen.identity.family == case.product.family


@products("names")
async def test_two_units_at_once_are_never_mistaken_for_each_other(case: Case) -> None:
    one, other = Listening(), Listening()
    async with (
        case.unit() as first,
        case.unit() as second,
        case.maker() as maker,
        maker.connect(target(first), one) as link,
        maker.connect(target(second), other) as their_link,
    ):
        await link.read_all()
        await their_link.read_all()
        first.set_value(Part(1), "name", "Left")
        second.set_value(Part(1), "name", "Right")
        await link.read_all()
        await their_link.read_all()
        assert (one.value(Part(1), "name"), other.value(Part(1), "name")) == ("Left", "Right")


def test_every_simulator_belongs_to_a_driver_and_simulates_its_products() -> None:
    for name, simulator in SIMULATORS.items():
        assert {*simulator.traits} <= {product.name for product in DRIVERS[name].products}
        assert {"none", "freeze", "offline"} <= {*simulator.faults}


@every_family
async def test_a_product_or_option_that_does_not_exist_is_refused_with_those_that_do(case: Case) -> None:
    with pytest.raises(ValueError, match=case.product.name):
        async with case.simulator.run("no_such_thing", count=1, listen="127.0.0.1", port=0):
            pass
    with pytest.raises(ValueError, match="still"):
        async with case.simulator.run(case.product.name, count=1, listen="127.0.0.1", port=0, no_such_option=1):
            pass


async def test_what_is_listed_by_hand_never_reports_a_value() -> None:
    manual, reported = DRIVERS["manual"], Listening()
    assert not manual.doors
    async with manual.open(Surroundings()) as maker, maker.connect(make_target("shelf"), reported) as link:
        description = await link.read_all()
        link.ask_alive()
        link.meter(None, 1)
        assert link.take_telemetry(Part(1)) is None
        assert link.last_received == pytest.approx(asyncio.get_running_loop().time(), abs=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await link.wait_closed()
    assert (description.identity.family, description.identity.model, description.parts) == ("manual", None, {})
    assert reported.readings == []
    assert manual.replay("manual", b"") == ()
    assert UNIT not in reported.values()
