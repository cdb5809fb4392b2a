"""What is special of Audio-Technica: one client, one command at a time, linked receivers, docks, notices."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.drivers.audio_technica import asking, polling
from services.drivers.audio_technica.driver import driver
from services.drivers.audio_technica.link import AudioTechnicaLink
from services.drivers.audio_technica.maker import AudioTechnicaMaker, Options
from services.drivers.audio_technica.simulation.simulator import simulator
from services.drivers.audio_technica.simulation.unit import Unit
from services.drivers.port import (
    UNIT,
    Description,
    DriverError,
    Maker,
    Part,
    Reading,
    Sighting,
    Surroundings,
    Target,
)
from services.model import Kind

SOON_S = 5.0
HOST = f"127.{120 + os.getpid() % 60}.17.1"
"""An address of our own, with the real ports, for what goes by address."""


class Heard:
    """What a link reported."""

    def __init__(self) -> None:
        self.values: dict[Part, dict[str, object]] = {}
        self.description: Description | None = None
        self._news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            known = self.values.setdefault(reading.part, {})
            if reading.whole:
                known.clear()
            known.update({**reading.values, **reading.more})
        self._news.set()

    def of(self, number: int, key: str) -> object:
        return self.values.get(Part(number), {}).get(key)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self._news.clear()
                await self._news.wait()


def target(unit: Unit, timeout_s: float = 1.0, *, interval_s: float = 0.0, **options: object) -> Target:
    given = Options.model_validate(options) if options else None
    return Target(
        unit.host,
        unit.port,
        options=given,
        meter_interval_s=interval_s,
        connect_timeout_s=timeout_s,
        answer_timeout_s=timeout_s,
    )


@asynccontextmanager
async def stage(
    product: str, *, listen: str = "127.0.0.1", port: int | None = 0, interface: str = "127.0.0.1", **options: Any
) -> AsyncIterator[tuple[Unit, Maker]]:
    async with (
        simulator.run(product, count=1, listen=listen, port=port, still=True, **options) as (unit,),
        driver.open(Surroundings(interface)) as maker,
    ):
        yield unit, maker


@asynccontextmanager
async def reading(where: Target, maker: Maker) -> AsyncIterator[tuple[AudioTechnicaLink, Heard]]:
    heard = Heard()
    async with maker.connect(where, heard) as link:
        assert isinstance(link, AudioTechnicaLink)
        heard.description = await link.read_all()
        yield link, heard


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "LIVE_S", 0.2)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BUSY_PAUSES_S", (0.02, 0.05, 0.1))


# -- one client --------------------------------------------------------------------------------------------------


async def test_a_unit_that_another_client_has_is_refused_with_the_remedy_and_not_hammered() -> None:
    async with stage("esw_r4180dan") as (unit, maker):
        _, writer = await asyncio.open_connection(unit.host, unit.port)
        with pytest.raises(DriverError, match=r"one client at a time.*stay_away") as failure:
            await maker.look(target(unit))
        writer.close()
        await writer.wait_closed()
    assert (failure.value.reason, failure.value.again_s) == ("refused", 60.0)


async def test_a_closed_port_may_be_a_unit_that_another_client_has() -> None:
    async with stage("esw_r4180dan") as (unit, maker):
        await unit.fault("offline")
        with pytest.raises(DriverError, match="stay_away") as failure:
            await maker.look(target(unit))
    assert (failure.value.reason, failure.value.again_s) == ("refused", 60.0)


async def test_we_leave_the_place_to_others_when_we_go() -> None:
    async with stage("esw_r4180dan") as (unit, maker):
        async with reading(target(unit), maker):
            pass
        reader, writer = await asyncio.open_connection(unit.host, unit.port)
        writer.write(b"gmyname O 0000 00 NC \r")
        async with asyncio.timeout(SOON_S):
            assert (await reader.readuntil(b"\r")).startswith(b'gmyname 0000 00 NC "')
        writer.close()
        await writer.wait_closed()


async def test_our_own_look_does_not_lock_us_out() -> None:
    async with stage("esw_r4180dan") as (unit, maker):
        await maker.look(target(unit))
        async with reading(target(unit), maker):
            assert unit.turned_away == 0


async def test_a_unit_that_we_are_told_to_stay_away_from_is_never_connected_to() -> None:
    async with stage("esw_r4180dan") as (unit, maker):
        for attempt in (maker.look(target(unit, stay_away=True)), maker.look(target(unit))):
            with pytest.raises(DriverError, match="told to leave") as failure:
                await attempt  # the second one is a search, which knows no options
            assert (failure.value.reason, failure.value.again_s) == ("control_blocked", None)
        with pytest.raises(DriverError, match="told to leave"):
            async with maker.connect(target(unit, stay_away=True), Heard()):
                pass
        assert unit.clients == 0
        async with maker.connect(target(unit), Heard()):  # the option was taken out of the configuration
            assert unit.clients == 1


async def test_before_we_take_the_place_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    async with stage("esw_chg4") as (unit, maker):
        for _ in range(2):
            async with maker.connect(target(unit), Heard()):
                pass
    (said,) = [record.message for record in caplog.records if "one client at a time" in record.message]
    assert "options.stay_away = true" in said


async def test_who_is_found_is_said_to_take_one_client() -> None:
    async with stage("atw_r1440") as (unit, maker):
        (seen,) = await maker.look(target(unit))
    assert "one client at a time" in seen.evidence["manners"]


# -- one command at a time ---------------------------------------------------------------------------------------


async def test_a_command_waits_for_the_answer_to_the_last_one() -> None:
    async with stage("esw_chg4", fault="slow") as (unit, maker), reading(target(unit), maker) as (link, _):
        await asyncio.gather(link.read_all(), *(link.identify(Part(1), on=True) for _ in range(3)))
        assert unit.machine.flashed == ["1,1"] * 3
        assert unit.overlapping == 0


@pytest.mark.usefixtures("impatient")
async def test_a_busy_unit_is_asked_again() -> None:
    async with stage("esw_chg4") as (unit, maker), reading(target(unit), maker) as (link, heard):
        await unit.fault("busy")
        asyncio.get_running_loop().call_later(0.1, asyncio.ensure_future, unit.fault("none"))
        await link.read_all()
        assert heard.of(1, "battery_percent") == 90
        assert link.counters()["busy"] > 0


@pytest.mark.usefixtures("impatient")
async def test_a_unit_that_stays_busy_says_so_and_what_was_known_stays() -> None:
    async with stage("esw_chg4") as (unit, maker), reading(target(unit), maker) as (link, heard):
        await unit.fault("safe_mode")
        with pytest.raises(DriverError, match="busy in its safe mode") as failure:
            await link.read_all()
        assert failure.value.again_s == 15.0
        assert heard.of(1, "battery_percent") == 90


@pytest.mark.usefixtures("impatient")
async def test_setting_a_busy_unit_is_rejected_in_words() -> None:
    async with stage("esw_r4180dan") as (unit, maker), reading(target(unit), maker) as (link, _):
        await unit.fault("safe_mode")
        (result,) = (await link.set(Part(1), {"gain_db": 3})).values()
        assert (result.outcome, "safe mode" in result.detail) == ("device_rejected", True)


@pytest.mark.parametrize("fault", ["divided", "fragmented", "garbage"])
async def test_pieces_of_answers_are_put_together(fault: str) -> None:
    async with stage("esw_r4180dan", fault=fault) as (unit, maker), reading(target(unit), maker) as (_, heard):
        assert heard.of(8, "name") == "Vox 8"
        assert heard.of(8, "battery_percent") == 68


async def test_questions_that_old_firmware_leaves_unanswered_are_left_out() -> None:
    async with (
        stage("esw_r4180dan", unknown="silent") as (unit, maker),
        reading(target(unit, 0.1), maker) as (link, _),
    ):
        del unit.machine.gets["gtxkind"], unit.machine.gets["gtxmicgain"]
        found = await link.read_all()
        assert "tx_offset_db" not in found.parts[1].keys
        assert "name" in found.parts[1].keys
        assert link.counters()["unintelligible"] == 0


# -- who it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("product", "port"), [("esw_r4180dan", None), ("atw_r5220", 17300)])
async def test_both_ports_are_knocked_at_where_none_is_given(product: str, port: int | None) -> None:
    async with stage(product, listen=HOST, port=None) as (_, maker):
        (seen,) = await maker.look(Target(HOST, connect_timeout_s=1.0, answer_timeout_s=1.0))
        assert (seen.host, seen.port) == (HOST, port)
        async with reading(Target(HOST, family=seen.identity.family, answer_timeout_s=1.0), maker) as (_, heard):
            assert heard.of(1, "name")


async def test_an_address_where_both_ports_refuse_is_told_in_one_sentence() -> None:
    async with driver.open(Surroundings("127.0.0.1")) as maker:
        with pytest.raises(DriverError, match="TCP 17200 and 17300") as failure:
            await maker.look(Target(HOST, connect_timeout_s=1.0))
    assert failure.value.reason == "refused"


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (b"{word} 0000 00 NC NAK 02\r", "mixer"),
        (b'gmymodel 0000 00 NC "ATDM-0604a"\r', "ATDM-0604a"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH-2.0-OpenSSH_9.6"),
        (b"{word} O 0000 00 NC\r", "no Audio-Technica unit"),
    ],
)
async def test_what_is_no_microphone_is_named(says: bytes, words: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while word := (await reader.read(300)).partition(b" ")[0]:
            writer.write(says.replace(b"{word}", word))
        writer.close()

    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        driver.open(Surroundings("127.0.0.1")) as maker,
    ):
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DriverError, match=words) as failure:
            await maker.look(Target("127.0.0.1", port, answer_timeout_s=0.1))
    assert failure.value.reason == "wrong_model"


async def test_a_web_server_that_ends_the_connection_is_no_unit_that_somebody_else_holds() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(300)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        driver.open(Surroundings("127.0.0.1")) as maker,
    ):
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DriverError, match="no Audio-Technica unit: it says 'HTTP/1") as failure:
            await maker.look(Target("127.0.0.1", port, answer_timeout_s=1.0))
    assert failure.value.reason == "wrong_model"


@pytest.mark.usefixtures("impatient")
async def test_a_unit_that_is_busy_from_the_beginning_is_not_taken_for_a_mixer() -> None:
    async with stage("esw_r4180dan", fault="safe_mode") as (unit, maker):
        with pytest.raises(DriverError, match="busy in its safe mode") as failure:
            await maker.look(target(unit))
    assert (failure.value.reason, failure.value.again_s, failure.value.stranger) == ("timeout", 15.0, "")


async def test_a_unit_that_names_no_model_is_known_by_what_it_answers() -> None:
    async with stage("atw_r3210n") as (unit, maker), reading(target(unit), maker) as (_, heard):
        assert heard.description is not None
        identity = heard.description.identity
        assert (identity.model, identity.family, [*heard.description.parts]) == ("ATW 5000/3000", "atw_5000", [1])


async def test_a_unit_that_is_silent_when_asked_for_its_model_is_read_all_the_same() -> None:
    async with stage("atw_r5220", unknown="silent") as (unit, maker):
        assert await maker.look(target(unit, 0.1))
        async with reading(target(unit, 0.1), maker) as (link, heard):
            assert heard.of(2, "name") == "VOX 2"
            link.ask_alive()


async def test_a_system_20_that_knows_no_rxlink_id_is_read_by_none() -> None:
    async with stage("atw_r1440") as (unit, maker):
        unit.machine.ids = ("0000",)
        assert await maker.look(target(unit))
        async with reading(target(unit), maker) as (link, heard):
            assert (heard.of(4, "gain_db"), heard.of(4, "rx_link")) == (0, 1)
            (result,) = (await link.set(Part(4), {"gain_db": 3})).values()
            assert result.outcome == "ok"


async def test_a_unit_that_names_its_model_is_called_so() -> None:
    async with stage("atw_dr3120", names_model=True) as (unit, maker):
        (seen,) = await maker.look(target(unit))
    assert seen.identity.model == "ATW-DR3120"


async def test_linked_receivers_are_one_unit_with_the_channels_of_all() -> None:
    async with stage("atw_r1440", linked=3, life=True) as (unit, maker), reading(target(unit), maker) as (link, heard):
        assert heard.description is not None
        assert [*heard.description.parts] == list(range(1, 13))
        assert (heard.of(12, "rx_link"), heard.of(12, "transmitter_model")) == (3, "ATW-T1402")
        assert heard.of(12, "battery_runtime_minutes") is not None
        (result,) = (await link.set(Part(12), {"receiver_muted": True})).values()
        assert result.outcome == "ok"
        assert "schmute S 0003 00 NC 4,1" in unit.asked
        assert (await link.identify(Part(12), on=True)).outcome == "ok"
        assert (await link.identify(Part(12), on=False)).outcome == "not_sent"


@pytest.mark.usefixtures("hurried")
async def test_a_linked_receiver_that_falls_silent_leaves_nothing_behind_and_the_others_go_on() -> None:
    async with stage("atw_r1440", linked=2) as (unit, maker), reading(target(unit, 0.05), maker) as (link, heard):
        unit.silent_ids = {"0002"}
        await heard.until(lambda: not heard.values[Part(5)] and not heard.values[Part(8)])
        unit.set_value(Part(1), "transmitter_muted", True)
        await heard.until(lambda: heard.of(1, "transmitter_muted") is True)
        assert [*(await link.read_all()).parts] == [1, 2, 3, 4]
        unit.silent_ids = set()
        assert [*(await link.read_all()).parts] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.usefixtures("hurried")
async def test_slow_units_are_asked_for_everything_in_turn() -> None:
    async with (
        stage("esw_r4180dan", fault="slow") as (unit, maker),
        reading(target(unit, interval_s=0.1), maker) as (_, heard),  # a round of levels takes longer
    ):
        unit.set_value(Part(8), "battery_percent", 12)
        await heard.until(lambda: heard.of(8, "battery_percent") == 12)


async def test_levels_of_a_system_20_are_offered_only_where_it_answers_for_them() -> None:
    async with stage("atw_r1440") as (unit, maker):
        async with reading(target(unit, interval_s=0.05), maker) as (link, heard):
            assert heard.description is not None
            assert heard.description.parts[1].telemetry == frozenset()
            assert link.take_telemetry(Part(1)) is None
        unit.machine.gets["glevelrf"] = lambda _id, found: f"{found[0]},5"
        async with reading(target(unit, interval_s=0.05), maker) as (link, heard):
            assert heard.description is not None
            assert "rf_percent" in heard.description.parts[1].telemetry


async def test_the_mac_address_of_another_unit_is_told() -> None:
    async with stage("esw_r4180dan") as (unit, maker):
        (one,) = await maker.look(target(unit))
        await unit.fault("swap")
        (other,) = await maker.look(target(unit))
    assert one.identity.mac
    assert one.identity.mac != other.identity.mac


# -- docks ---------------------------------------------------------------------------------------------------------


async def test_a_dock_tells_what_lies_in_its_ports() -> None:
    async with stage("esw_chg4") as (unit, maker), reading(target(unit), maker) as (_, heard):
        assert heard.description is not None
        assert heard.description.identity.kind is Kind.CHARGER
        assert [*heard.description.parts] == [1, 2, 3, 4]
        assert heard.of(1, "device_type") == "handheld"
        assert (heard.of(1, "charge_state"), heard.of(1, "time_to_full_minutes")) == ("charging", 24)
        assert heard.values[Part(4)] == {
            "occupied": False,
            "charge_state": "empty",
            "device_id": None,
            "device_model": None,
            "device_type": None,
        }


@pytest.mark.usefixtures("hurried")
async def test_what_is_put_in_and_taken_out_is_noticed() -> None:
    async with stage("esw_chg4") as (unit, maker), reading(target(unit), maker) as (_, heard):
        unit.set_value(Part(4), "occupied", True)
        await heard.until(lambda: heard.of(4, "device_model") == "ESW-T4101")
        unit.set_value(Part(4), "occupied", False)
        await heard.until(lambda: heard.of(4, "occupied") is False)
        assert heard.of(4, "battery_percent") is None


# -- polls and notices ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("hurried")
async def test_a_transmitter_that_comes_is_asked_who_it_is() -> None:
    async with (
        stage("esw_r4180dan", fault="transmitter_off") as (unit, maker),
        reading(target(unit), maker) as (_, heard),
    ):
        assert heard.of(1, "transmitter_present") is False
        await unit.fault("none")
        await heard.until(lambda: heard.of(1, "transmitter_id") == "TX 1")
        assert heard.of(1, "battery_percent") == 90


async def test_levels_come_without_readings_and_end_with_the_interval() -> None:
    async with stage("esw_r4180dan") as (unit, maker), reading(target(unit, interval_s=0.1), maker) as (link, _):
        async with asyncio.timeout(SOON_S):
            while (taken := link.take_telemetry(Part(8))) is None or "audio_peak_percent" not in taken:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (taken["rf_percent"], taken["audio_peak_percent"]) == (71, 57)
        link.meter(None, 0.0)
        await asyncio.sleep(0.3)
        link.take_telemetry(Part(8))
        asked = len(unit.asked)
        await asyncio.sleep(0.3)
        assert not any("glevelrf" in line for line in unit.asked[asked:])


@pytest.mark.parametrize("product", ["esw_r4180dan", "atw_r1440"])
async def test_notices_are_heard_where_they_are_on(product: str) -> None:
    listen = HOST.removesuffix("1") + ("2" if product == "atw_r1440" else "3")
    async with (
        stage(product, listen=listen, port=None, interface="", notices="127.0.0.1") as (unit, maker),
        reading(target(unit), maker) as (link, heard),
    ):
        assert heard.values[UNIT]["notices"] is True
        asked = len(unit.asked)
        async with asyncio.timeout(SOON_S):
            for gain_db in range(-19, 0):  # the ear may open after the first of them
                unit.set_value(Part(2), "gain_db", gain_db)
                await asyncio.sleep(0.02)
                if link.counters()["notices"]:
                    break
        await heard.until(lambda: heard.of(2, "gain_db") == gain_db)
        assert not any(line.startswith("gchvolume") and line.endswith(" 2") for line in unit.asked[asked:])
        assert not any("snotice" in line for line in unit.asked)


async def first_at(host: str, maker: Maker) -> Sighting:
    """Others may send to the same group: a test beside this one, for example."""
    async for seen in maker.sightings():
        if isinstance(seen, Sighting) and seen.host == host:
            return seen
    raise AssertionError("listening ended")


async def test_a_unit_that_nobody_reads_is_found_by_its_notices() -> None:
    listen = HOST.removesuffix("1") + "4"
    async with stage("atw_r1440", listen=listen, port=None, interface="", notices="127.0.0.1") as (unit, maker):
        finding = asyncio.ensure_future(first_at(listen, maker))
        async with asyncio.timeout(SOON_S):
            while not finding.done():
                unit.set_value(Part(1), "receiver_muted", True)
                await asyncio.sleep(0.02)
        seen = await finding
        assert (seen.host, seen.identity.family, seen.identity.model) == (listen, "system20_pro", None)
        assert "nchmute" in seen.evidence["overheard"]
        assert unit.clients == 0


async def test_a_notice_of_another_address_changes_nothing() -> None:
    async with stage("esw_r4180dan") as (unit, maker), reading(target(unit), maker) as (link, heard):
        assert isinstance(maker, AudioTechnicaMaker)
        maker.hear(b"MD nchvolume 0000 00 NC 1,0\r", "203.0.113.9")
        assert heard.of(1, "gain_db") == 0
        maker.hear(b"MD nchvolume 0000 00 NC 1,0\rMD nlevelall 0000 00 NC 1,2,3\rnoise\r", "127.0.0.1")
        assert heard.of(1, "gain_db") == -30
        assert link.counters()["notices"] == 2
        assert link.counters()["meaningless"] == 0
