"""What every driver promises: one suite for all of them, over real sockets, against the simulators that they bring."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from services.drivers import Driver, DriverError, Link, Reading, SimulatedReceiver, Target, find_drivers
from services.model import CHANNEL_STATE_KEYS, KEYS, RECEIVER_STATE_KEYS, SLOT_KEYS, ChannelTelemetry, Facet, Kind

DRIVERS = find_drivers()
FAMILIES = [(driver, family) for driver in DRIVERS.values() if driver.scans for family in driver.families]
IDS = [f"{driver.name}-{family}" for driver, family in FAMILIES]

RECEIVER_FACTS = {"family", "model", "serial", "mac", "firmware", "band", "device_id", "part_count"}
CHANNEL_FACTS = {"antenna_count", "diversity", "battery_runtime_status", "battery_warning"}
SOON_S = 3.0

every_family = pytest.mark.parametrize(("driver", "family"), FAMILIES, ids=IDS)
every_driver = pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)


class Listening:
    """Everything that a driver told."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        self.readings += readings
        self._news.set()

    def value(self, channel: int | None, key: str) -> object:
        about = [each.values for each in self.readings if each.channel == channel and each.slot is None]
        told = [values[key] for values in about if key in values]
        return told[-1] if told else None

    def channels(self) -> set[int]:
        return {reading.channel for reading in self.readings if reading.channel is not None}

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def simulated(driver: Driver, family: str, fault: str = "none") -> AsyncIterator[SimulatedReceiver]:
    async with driver.simulator(family, count=1, listen="127.0.0.1", port=0, still=True, fault=fault) as receivers:
        yield receivers[0]


def target(receiver: SimulatedReceiver, *, meter_interval_s: float = 0.1, answer_timeout_s: float = 1.0) -> Target:
    return Target(
        receiver.host,
        receiver.port,
        meter_interval_s=meter_interval_s,
        connect_timeout_s=1.0,
        answer_timeout_s=answer_timeout_s,
    )


async def telemetry(link: Link, channel: int) -> ChannelTelemetry:
    """Meters have no event: they are taken, not told."""
    taken: list[ChannelTelemetry] = []

    def came() -> bool:
        if (newest := link.take_telemetry(channel)) is not None:
            taken.append(newest)
        return bool(taken)

    await comes_true(came)
    return taken[0]


async def comes_true(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():  # noqa: ASYNC110 - of what has no event to wait for
            await asyncio.sleep(0.01)


@every_driver
def test_a_driver_says_who_it_is(driver: Driver) -> None:
    assert DRIVERS[driver.name] is driver
    assert driver.manufacturer == driver.manufacturer.lower()
    for family, capabilities in driver.families.items():
        assert capabilities.family == family
        assert capabilities.channel_keys <= {*CHANNEL_STATE_KEYS}
        assert capabilities.receiver_keys <= {*RECEIVER_STATE_KEYS}
        assert capabilities.telemetry_keys <= {*KEYS.names(Kind.CHANNEL, Facet.TELEMETRY)}


@every_driver
async def test_adverts_can_be_listened_for_and_left_alone(driver: Driver) -> None:
    async with driver.adverts("127.0.0.1") as adverts:
        assert hasattr(adverts, "__anext__")


@every_family
async def test_who_answers_is_found_out_by_asking(driver: Driver, family: str) -> None:
    async with simulated(driver, family) as receiver:
        identity = await driver.identify(target(receiver))
    assert (identity.manufacturer, identity.family) == (driver.manufacturer, family)
    assert identity.model
    assert identity.part_count
    assert identity.firmware


@every_family
async def test_a_complete_read_tells_of_every_channel_in_words_of_the_product(driver: Driver, family: str) -> None:
    told = Listening()
    async with simulated(driver, family) as receiver, driver.connect(target(receiver), told) as link:
        identity = await link.read_all()
        assert told.channels() == {*range(1, (identity.part_count or 0) + 1)}
    capabilities = driver.families[family]
    for reading in told.readings:
        if reading.channel is None:
            allowed = {*RECEIVER_STATE_KEYS} | RECEIVER_FACTS
        elif reading.slot is None:
            allowed = {*capabilities.channel_keys} | CHANNEL_FACTS
        else:
            allowed = {*SLOT_KEYS}
            assert 1 <= reading.slot <= capabilities.slots
        assert reading.values.keys() <= allowed
    assert told.value(None, "family") == family
    for channel in told.channels():
        assert told.value(channel, "frequency_mhz")
        assert told.value(channel, "name")
        for sign in capabilities.presence_keys:
            assert told.value(channel, sign) is not None


@every_family
async def test_a_second_read_heals_without_a_new_connection(driver: Driver, family: str) -> None:
    told = Listening()
    async with simulated(driver, family) as receiver, driver.connect(target(receiver), told) as link:
        first = await link.read_all()
        told.readings.clear()
        assert await link.read_all() == first
        assert told.value(1, "name")


@every_family
async def test_a_change_on_the_device_is_told_unasked(driver: Driver, family: str) -> None:
    told = Listening()
    async with simulated(driver, family) as receiver, driver.connect(target(receiver), told) as link:
        await link.read_all()
        receiver.set_value(1, "gain_db", 6)
        receiver.set_value(1, "name", "Lead")
        await told.until(lambda: told.value(1, "gain_db") == 6 and told.value(1, "name") == "Lead")


@every_family
async def test_a_blank_name_is_unknown_and_stops_nothing(driver: Driver, family: str) -> None:
    told = Listening()
    async with (
        simulated(driver, family, fault="blank_name") as receiver,
        driver.connect(target(receiver), told) as link,
    ):
        await link.read_all()
        assert {told.value(channel, "name") for channel in told.channels()} == {None}
        assert told.value(1, "frequency_mhz")
        await telemetry(link, 1)


@every_family
async def test_without_a_transmitter_its_signs_are_unknown(driver: Driver, family: str) -> None:
    told = Listening()
    async with (
        simulated(driver, family, fault="transmitter_off") as receiver,
        driver.connect(target(receiver), told) as link,
    ):
        await link.read_all()
    signs = driver.families[family].presence_keys
    assert signs
    assert {told.value(channel, sign) for sign in signs for channel in told.channels()} == {None}


@every_family
async def test_meters_come_as_one_summary_of_what_was_metered(driver: Driver, family: str) -> None:
    async with simulated(driver, family) as receiver, driver.connect(target(receiver), Listening()) as link:
        await link.read_all()
        taken = await telemetry(link, 1)
        assert taken.keys() <= driver.families[family].telemetry_keys
        assert taken["samples"] >= 1
        assert -130 < (taken["rf_dbm"] or 0) < 0
        link.set_meter_interval(0)


@every_family
@pytest.mark.parametrize("fault", ["fragmented", "garbage", "slow"])
async def test_readings_survive_a_bad_line(driver: Driver, family: str, fault: str) -> None:
    clean, spoiled = Listening(), Listening()
    async with simulated(driver, family) as receiver, driver.connect(target(receiver), clean) as link:
        await link.read_all()
    async with simulated(driver, family, fault=fault) as receiver, driver.connect(target(receiver), spoiled) as link:
        await link.read_all()
        assert await telemetry(link, 1)
    assert merged(spoiled) == merged(clean)


def merged(told: Listening) -> Mapping[tuple[int | None, int | None], dict[str, object]]:
    places: dict[tuple[int | None, int | None], dict[str, object]] = {}
    for reading in told.readings:
        places.setdefault((reading.channel, reading.slot), {}).update(reading.values)
    return places


@every_family
@pytest.mark.parametrize(("fault", "reason"), [("drop", "closed_by_device"), ("reset", "reset_by_device")])
async def test_an_ended_connection_is_seen_at_once(driver: Driver, family: str, fault: str, reason: str) -> None:
    async with simulated(driver, family) as receiver, driver.connect(target(receiver), Listening()) as link:
        await link.read_all()
        await receiver.fault(fault)
        async with asyncio.timeout(1.0):
            error = await link.wait_closed()
    assert error.reason == reason


@every_family
async def test_silence_shows_in_the_age_of_what_was_heard(driver: Driver, family: str) -> None:
    unmetered = {"meter_interval_s": 0.0}
    async with (
        simulated(driver, family) as receiver,
        driver.connect(target(receiver, **unmetered), Listening()) as link,
    ):
        await link.read_all()
        before = link.last_heard
        link.ask_alive()
        await comes_true(lambda: link.last_heard > before)
        await receiver.fault("freeze")
        before = link.last_heard
        link.ask_alive()
        await asyncio.sleep(0.1)
        assert link.last_heard == before
        await receiver.fault("none")


@every_family
async def test_a_receiver_that_ends_in_the_middle_of_a_read_fails_it_at_once(driver: Driver, family: str) -> None:
    async with simulated(driver, family) as receiver, driver.connect(target(receiver), Listening()) as link:
        await link.read_all()
        await receiver.fault("freeze")
        reading = asyncio.create_task(link.read_all())
        await asyncio.sleep(0)
        await receiver.fault("offline")
        with pytest.raises(DriverError) as failure:
            async with asyncio.timeout(1.0):
                await reading
    assert failure.value.reason in ("closed_by_device", "reset_by_device")


@every_family
@pytest.mark.parametrize(("fault", "reason"), [("control_blocked", "control_blocked"), ("control_refused", "refused")])
async def test_blocked_control_names_the_way_through_the_menu(
    driver: Driver, family: str, fault: str, reason: str
) -> None:
    async with simulated(driver, family, fault=fault) as receiver:
        with pytest.raises(DriverError, match="Menu > ") as failure:
            await driver.identify(target(receiver, answer_timeout_s=0.2))
        assert failure.value.reason == reason
        with pytest.raises(DriverError) as failure:
            async with driver.connect(target(receiver, answer_timeout_s=0.2), Listening()) as link:
                await link.read_all()
        assert failure.value.reason == reason


@pytest.mark.parametrize("driver", [each for each in DRIVERS.values() if each.scans], ids=lambda driver: driver.name)
async def test_an_address_without_anyone_is_given_up_in_time(driver: Driver) -> None:
    async with AsyncExitStack() as stack:
        # a listener with a full queue never answers, on whatever network this test runs
        full = socket.socket()
        stack.callback(full.close)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = socket.socket()
            stack.callback(waiting.close)
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        host, port = full.getsockname()
        with pytest.raises(DriverError) as failure:
            async with asyncio.timeout(SOON_S):
                await driver.identify(Target(host, port, connect_timeout_s=0.2, answer_timeout_s=0.2))
    assert failure.value.reason == "timeout"


@every_family
async def test_everything_that_was_said_can_be_traced(driver: Driver, family: str) -> None:
    traced: dict[str, bytes] = {"<": b"", ">": b""}

    def trace(direction: str, data: bytes) -> None:
        traced[direction] += data

    async with simulated(driver, family) as receiver:
        await driver.identify(target(receiver), trace)
    assert all(traced.values())


@every_family
async def test_no_socket_is_left_behind(driver: Driver, family: str) -> None:
    async with simulated(driver, family) as receiver:
        await driver.identify(target(receiver))
        await receiver.fault("control_blocked")
        for _ in range(3):
            with pytest.raises(DriverError):
                await driver.identify(target(receiver, answer_timeout_s=0.05))
        asking = asyncio.create_task(driver.identify(target(receiver)))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    gc.collect()  # an unclosed transport warns here, and a warning is an error


@every_family
async def test_every_fault_that_is_offered_can_begin_and_end(driver: Driver, family: str) -> None:
    assert "none" in driver.faults
    async with simulated(driver, family) as receiver:
        for fault in driver.faults:
            await receiver.fault(fault)
            await receiver.fault("none")
        assert (await driver.identify(target(receiver))).family == family


async def test_what_is_listed_by_hand_never_reports_a_value() -> None:
    manual, told = DRIVERS["manual"], Listening()
    assert manual.scans is False
    async with manual.connect(Target("shelf"), told) as link:
        identity = await link.read_all()
        link.ask_alive()
        link.set_meter_interval(1)
        assert link.take_telemetry(1) is None
        assert link.last_heard == pytest.approx(asyncio.get_running_loop().time(), abs=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await link.wait_closed()
    assert (identity.family, identity.model, identity.part_count) == ("manual", None, None)
    assert told.readings == []
    with pytest.raises(ValueError, match="no protocol"):
        manual.simulator("manual", count=1, listen="127.0.0.1")
