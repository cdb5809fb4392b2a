"""PSM1000 over real sockets: lines that get lost, few places, meters of the unit, and strangers at the same port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from services.drivers import DriverError, Link, Reading, Surroundings, Target
from services.drivers.shure import detection, metering
from services.drivers.shure.driver import ShureMaker
from services.drivers.shure.lines import alive
from services.drivers.shure.simulation.transmitters.fleet import simulate_transmitters
from services.drivers.shure.simulation.transmitters.server import SimulatedTransmitter
from services.model import UNIT, Part

MAKER = ShureMaker(Surroundings())
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Told:
    """What a link reported."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def __call__(self, readings: Sequence[Reading]) -> None:
        self.readings += readings

    def of(self, part: Part) -> dict[str, object]:
        merged: dict[str, object] = {}
        for reading in self.readings:
            if reading.part == part:
                merged |= {**reading.values, **reading.more}
        return merged


@asynccontextmanager
async def transmitter(**options: Any) -> AsyncIterator[SimulatedTransmitter]:
    async with simulate_transmitters(count=1, listen="127.0.0.1", port=0, **{"still": True, **options}) as units:
        yield units[0]


@asynccontextmanager
async def stranger(serve: Serve) -> AsyncIterator[Target]:
    serving: set[asyncio.Task[None]] = set()

    async def until_gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                await serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(until_gone(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        yield Target("127.0.0.1", server.sockets[0].getsockname()[1], answer_timeout_s=0.3)
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)


def target(unit: SimulatedTransmitter, **asked: float) -> Target:
    return Target(unit.host, unit.port, **{"answer_timeout_s": 1.0, "meter_interval_s": 0.1, **asked})  # type: ignore[arg-type]


async def comes_true(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5.0):
        while not true():  # noqa: ASYNC110 - of what has no event to wait for
            await asyncio.sleep(0.01)


async def meters(link: Link, number: int = 1) -> dict[str, object]:
    taken: dict[str, object] = {}

    def came() -> bool:
        taken.update(link.take_telemetry(Part(number)) or {})
        return bool(taken)

    await comes_true(came)
    return taken


async def test_a_look_finds_an_in_ear_transmitter_with_two_parts_and_its_label() -> None:
    async with transmitter() as unit:
        (seen,) = await MAKER.look(target(unit))
    assert (seen.identity.kind, seen.identity.model, seen.identity.part_count) == ("iem", "P10T", 2)
    assert (seen.name, seen.identity.mac, seen.identity.serial) == ("RACK1", None, None)


async def test_every_command_is_a_line_of_its_own_and_the_next_one_waits_for_the_answer() -> None:
    reads: list[bytes] = []

    def trace(direction: str, data: bytes) -> None:
        reads.append(direction.encode() + data)

    async with transmitter() as unit, MAKER.connect(target(unit), Told(), trace) as link:
        await link.read_all()
        sent = [each for each in reads if each[:1] == b">"]
        assert all(each.endswith(b" >\r\n") for each in sent)
        assert all(each.count(b"<") == 1 for each in sent[1:]), "only what a stranger is asked first comes together"
        asked = [place for place, each in enumerate(reads) if each.startswith(b">< GET")][2:]
        assert all(reads[place + 1].startswith(b"<") for place in asked)


async def test_nothing_is_missing_of_a_unit_that_loses_every_fourth_command() -> None:
    clean, lossy = Told(), Told()
    async with transmitter() as unit:
        async with MAKER.connect(target(unit), clean) as link:
            await link.read_all()
        await unit.fault("lossy")
        async with MAKER.connect(target(unit, answer_timeout_s=0.2), lossy) as link:
            for _ in range(2):
                await link.read_all()
                assert [lossy.of(part) for part in (UNIT, Part(1), Part(2))] == [
                    clean.of(part) for part in (UNIT, Part(1), Part(2))
                ]
            assert await meters(link)


async def test_a_set_that_is_lost_is_sent_again() -> None:
    where = {"answer_timeout_s": 0.2, "meter_interval_s": 0.0}
    async with transmitter(fault="lossy") as unit, MAKER.connect(target(unit, **where), Told()) as link:
        await link.read_all()
        for level in range(-20, -15):
            (result,) = (await link.set(Part(1), {"input_level_db": level})).values()
            assert (result.outcome, result.reported) == ("ok", level)


async def test_a_unit_that_loses_the_question_whether_it_is_there_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alive, "AGAIN_S", 0.05)
    async with transmitter() as unit, MAKER.connect(target(unit, meter_interval_s=0.0), Told()) as link:
        await link.read_all()
        await unit.fault("freeze")
        before = link.last_received
        link.ask_alive()
        await asyncio.sleep(0.02)
        unit.faults.clear()  # what came meanwhile was not read, as if it had been lost
        for connection in unit.connections:
            connection.read_or_freeze()
        await comes_true(lambda: link.last_received > before)


async def test_a_unit_without_a_free_place_is_said_to_have_none_with_the_remedy_and_left_in_peace() -> None:
    async with transmitter(places=1) as unit, MAKER.connect(target(unit), Told()) as first:
        await first.read_all()
        with pytest.raises(DriverError, match="old connections hold its few places: end other programs") as failure:
            await MAKER.look(replace(target(unit), family="psm1000"))
    assert failure.value.reason in ("closed_by_device", "reset_by_device")
    assert failure.value.again_s == detection.CLOSES_AGAIN_S


async def test_a_unit_that_refuses_may_have_no_place_either() -> None:
    async with transmitter(fault="control_refused") as unit:
        with pytest.raises(DriverError, match="PSM1000 refuses as long as old connections") as failure:
            await MAKER.look(target(unit))
    assert failure.value.reason == "refused"


async def test_the_rate_is_asked_for_in_plain_numbers_and_stopped_at_the_end() -> None:
    async with transmitter() as unit:
        async with MAKER.connect(target(unit, meter_interval_s=0.5), Told()) as link:
            await link.read_all()
            assert unit.rack.meter_ms == {1: 500, 2: 500}
            assert [line for line in unit.heard if b"SET" in line] == [
                b"< SET 1 METER_RATE 500 >",
                b"< SET 2 METER_RATE 500 >",
            ]
        await comes_true(lambda: unit.rack.meter_ms == {1: 0, 2: 0})


async def test_meters_that_another_program_asked_for_come_to_a_fresh_client_and_get_our_rate() -> None:
    async with transmitter() as unit:
        unit.take_rate(100)
        async with MAKER.connect(target(unit, meter_interval_s=0.4), Told()) as link:
            await link.read_all()
            assert unit.rack.meter_ms == {1: 400, 2: 400}


async def test_another_controllers_rate_is_answered_once_and_then_left_and_not_stopped_at_the_end() -> None:
    async with transmitter() as unit:
        async with MAKER.connect(target(unit, meter_interval_s=0.5), Told()) as link:
            await link.read_all()
            unit.take_rate(100)
            await comes_true(lambda: unit.rack.meter_ms == {1: 500, 2: 500})
            unit.take_rate(100)
            await comes_true(lambda: link.counters()["foreign_meter_rates"] == 2)
            await link.read_all()
            assert unit.rack.meter_ms == {1: 100, 2: 100}
        await comes_true(lambda: not unit.connections)
        assert unit.rack.meter_ms == {1: 100, 2: 100}


async def test_a_controller_that_comes_after_the_pause_is_answered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "ONCE_IN_S", 0.0)
    async with transmitter() as unit, MAKER.connect(target(unit, meter_interval_s=0.5), Told()) as link:
        await link.read_all()
        for _ in range(3):
            unit.take_rate(100)
            await comes_true(lambda: unit.rack.meter_ms == {1: 500, 2: 500})
        assert link.counters()["foreign_meter_rates"] == 0


async def test_a_controller_that_switched_its_meters_off_has_gone_and_ours_come_back_with_the_next_read() -> None:
    async with transmitter() as unit, MAKER.connect(target(unit, meter_interval_s=0.5), Told()) as link:
        await link.read_all()
        unit.take_rate(100)
        await comes_true(lambda: unit.rack.meter_ms == {1: 500, 2: 500})
        unit.take_rate(0)
        await comes_true(lambda: link.counters()["foreign_meter_rates"] == 2)
        await link.read_all()
        assert unit.rack.meter_ms == {1: 500, 2: 500}
        assert link.counters()["foreign_meter_rates"] == 0


async def test_meters_are_the_units_own_numbers() -> None:
    async with transmitter() as unit, MAKER.connect(target(unit), Told()) as link:
        unit.set_value(Part(1), "audio_left_raw", 3_548_184)
        await link.read_all()
        taken = await meters(link)
        assert (taken["audio_left_raw"], taken["audio_right_raw"]) == (3_548_184, 98_765)
        assert link.counters()["ill_formed"] == link.counters()["meaningless"] == 0


async def test_a_unit_that_only_sends_meters_is_read_for_what_it_tells() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"< REPORT 1 AUDIO_IN_LVL_L 400 >\r\n< REPORT 1 AUDIO_IN_LVL_R 300 >\r\n")
            try:
                async with asyncio.timeout(0.05):
                    if not await reader.read(4096):
                        return
            except TimeoutError:
                continue

    told = Told()
    async with stranger(mute) as where, MAKER.connect(where, told) as link:
        description = await link.read_all()
        assert (description.identity.family, len(description.parts)) == ("psm1000", 2)
        assert not description.parts[1].settable
        assert (await meters(link))["audio_left_raw"] == 400
    assert told.of(Part(1)) == {}


async def test_a_unit_that_falls_silent_fails_its_next_read() -> None:
    async with transmitter() as unit, MAKER.connect(target(unit, answer_timeout_s=0.3), Told()) as link:
        await link.read_all()
        await unit.fault("control_blocked")
        with pytest.raises(DriverError, match="did not answer anything") as failure:
            await link.read_all()
    assert failure.value.reason == "timeout"


async def test_what_is_changed_at_the_unit_is_told_and_what_it_no_longer_answers_is_taken_back() -> None:
    told = Told()
    async with transmitter() as unit, MAKER.connect(target(unit, answer_timeout_s=0.2), told) as link:
        await link.read_all()
        unit.set_value(Part(2), "input_line_level", "aux")
        await comes_true(lambda: told.of(Part(2)).get("input_line_level") == "aux")
        del unit.rack.values[2, "AUDIO_IN_LINE_LVL"]
        await link.read_all()
    assert told.of(Part(2))["input_line_level"] is None
    assert told.of(Part(1))["input_line_level"] == "line"


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html><body>400</body></html>")


async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await reader.readline()
    writer.write(b"Invalid SSH identification string.\r\n")


async def tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"\x15\x03\x01\x00\x02\x02\x46")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)


async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof() and not writer.is_closing():
        writer.write(b"< REPORT < {{ } REP >> " * 50)
        try:
            async with asyncio.timeout(0.01):
                if not await reader.read(4096):
                    return
        except TimeoutError:
            continue


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        (http, r"is a web server \(HTTP\)"),
        (ssh, "is an SSH server"),
        (tls, "is a TLS server"),
        (echo, "repeats what it is sent"),
        (shout, "not in Shure's command strings"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
async def test_a_service_of_another_kind_is_named_and_asked_seldom(serve: Serve, words: str) -> None:
    async with stranger(serve) as where:
        with pytest.raises(DriverError, match=words) as failure:
            async with asyncio.timeout(5.0):
                await MAKER.look(where)
    assert failure.value.reason == "wrong_model"
    assert failure.value.again_s == detection.OTHER_S
    assert bool(failure.value.stranger) == (serve is not shout)


async def test_a_slow_receiver_is_waited_for_though_it_was_asked_as_a_transmitter_as_well() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\xfb\x01\r\n")  # a converter in front of it greets at once
        names = {b"MODEL": b"{ULXD4}", b"DEVICE_ID": b"{R1}", b"FW_VER": b"{2.7.6.0}"}
        with suppress(asyncio.IncompleteReadError):
            while True:
                question = await reader.readuntil(b">")
                await asyncio.sleep(0.12)
                name = question.split()[2]
                writer.write(b"< REP %b %b >" % (name, names[name]) if name in names else b"< REP ERR >")

    async with stranger(slow) as where:
        (seen,) = await MAKER.look(where)
    assert seen.identity.model == "ULXD4"
