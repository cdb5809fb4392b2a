"""A conversation with an EW-DX receiver: events, sessions, transmitters that come and go, meters, settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from services.drivers.port import UNIT, DriverError, Part
from services.drivers.sennheiser.sscv2 import link as link_module
from tests.integration.drivers.sennheiser.https_stage import Stage, online, stage
from tests.integration.drivers.sennheiser.stage import comes_true, telemetry

ONE, TWO = Part(1), Part(2)


def followed(on: Stage) -> set[str]:
    return {path for session in on.unit.sessions._open.values() for path in session.resources}


async def test_a_unit_tells_who_it_is_and_what_it_has() -> None:
    async with stage() as on, online(on) as (link, reported):
        identity = (await link.read_all()).identity
        assert (identity.serial, identity.firmware, identity.band) == (on.unit.receiver.serial, "4.0.1", "Q1-9")
        assert reported.value("frequency_mhz") == 471.2
        assert reported.value("transmitter_model") == "EW_DX_SKM"
        assert (reported.value("battery_percent"), reported.value("battery_runtime_minutes")) == (100, 720)
        assert reported.value("tuning_ranges_mhz") == "470.2-550"
        assert reported.value("certificate_sha256", UNIT) == identity.certificate


async def test_the_session_of_events_is_given_back() -> None:
    async with stage() as on:
        async with online(on):
            assert on.unit.sessions.count == 1
        await comes_true(lambda: on.unit.sessions.count == 0)
        assert len(on.unit.sessions.deleted) == 1


async def test_a_session_is_given_back_even_where_the_read_is_cut_short() -> None:
    async with stage() as on:
        async with on.maker.connect(on.target(), lambda _: None) as link:
            reading = asyncio.create_task(link.read_all())
            await comes_true(
                lambda: any(method == "PUT" for method, _ in on.unit.asked)
            )  # it knows its session by then
            reading.cancel()
            await asyncio.wait({reading})
        await comes_true(lambda: on.unit.sessions.count == 0)
        assert on.unit.sessions.deleted


async def test_no_room_for_a_session_is_said() -> None:
    async with stage(fault="sessions_full") as on:
        with pytest.raises(DriverError, match="too many programs") as failure:
            await on.read()
        assert failure.value.reason == "refused"


async def test_nothing_is_written_that_nobody_asked_for() -> None:
    async with stage() as on:
        async with online(on) as (link, _):
            link.ask_alive()
            link.meter(None, 0.5)
            await link.read_all()
        assert on.writes() == []


async def test_a_transmitter_that_goes_takes_what_it_told_with_it() -> None:
    async with stage() as on, online(on) as (_, reported):
        on.unit.set_value(ONE, "transmitter_present", False)
        await reported.until_value("transmitter_present", False)
        gone = ("transmitter_model", "battery_percent", "battery_runtime_minutes", "capsule", "transmitter_muted")
        assert [reported.value(key) for key in gone] == [None] * len(gone)
        assert reported.value("transmitter_present", TWO) is True


async def test_a_transmitter_that_comes_is_read_whole() -> None:
    async with stage(fault="transmitter_off") as on, online(on) as (_, reported):
        assert reported.value("transmitter_present") is False
        on.unit.set_value(ONE, "transmitter_present", True)
        await reported.until(lambda: reported.value("battery_percent") == 100)
        await reported.until(lambda: reported.value("transmitter_model") == "EW_DX_SKM")
        assert reported.value("transmitter_present") is True


async def test_a_unit_that_tells_the_list_of_transmitters_alone_is_asked_for_the_battery_of_each() -> None:
    async with stage() as on:
        current = on.unit.sessions._current

        def list_alone(path: str) -> Mapping[str, object]:
            if path != "/api/transmitters":
                return current(path)
            of_each = [current(f"{path}/{number}")[f"{path}/{number}"] for number in (0, 1)]
            return {path: [{"id": number, "transmitter": each} for number, each in enumerate(of_each)]}

        on.unit.sessions._current = list_alone
        async with online(on) as (_, reported):
            await reported.until_value("battery_percent", 100)
            await reported.until_value("battery_runtime_minutes", 720)


async def test_transmitters_are_followed_one_by_one_where_their_list_cannot_be() -> None:
    async with stage(fault="refuses_lists") as on, online(on) as (_, reported):
        assert "/api/transmitters/0/battery" in followed(on)
        on.unit.set_value(ONE, "battery_percent", 42)
        await reported.until_value("battery_percent", 42)
        on.unit.set_value(ONE, "transmitter_present", False)
        await reported.until_value("transmitter_present", False)
        on.unit.set_value(ONE, "transmitter_present", True)
        await reported.until_value("transmitter_present", True)


async def test_one_refused_resource_costs_none_of_the_others() -> None:
    async with stage() as on:
        on.unit.sessions.refused = {"/api/channel/0/warnings"}
        async with online(on) as (link, reported):
            assert link.counters()["resources_not_followed"] == 1
            assert {"/api/channel/0", "/api/rf/channels/0"} <= followed(on)
            on.unit.set_value(ONE, "gain_db", 12)
            await reported.until_value("gain_db", 12)


async def test_a_session_that_the_unit_has_forgotten_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "QUIET_S", 0.0)
    async with stage() as on, online(on) as (link, reported):
        await on.unit.fault("forgets_sessions")
        await on.unit.fault("none")
        on.unit.set_value(ONE, "name", "LOST")
        link.ask_alive()
        await reported.until_value("name", "LOST")
        assert on.unit.sessions.count == 1


async def test_a_unit_that_ends_the_session_is_lost() -> None:
    async with stage() as on, online(on) as (link, _):
        await on.unit.fault("ends_sessions")
        async with asyncio.timeout(2):
            assert (await link.wait_closed()).reason == "closed_by_device"


async def test_meters_are_followed_only_while_somebody_wants_them() -> None:
    level = "/api/channel/0/level"
    async with stage() as on, online(on) as (link, _):
        assert level not in followed(on)
        link.meter(ONE, 0.5)
        await comes_true(lambda: level in followed(on))
        assert "/api/channel/1/level" not in followed(on)
        assert (await telemetry(link))["audio_peak_dbfs"] == -24.0
        link.meter(None, 0)
        await comes_true(lambda: level not in followed(on))
        assert link.take_telemetry(ONE) is None


async def test_a_steady_level_holds_while_the_unit_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as on, online(on, meter_interval_s=0.1) as (link, _):
        first = await telemetry(link)
        assert link.take_telemetry(ONE) == {**first, "samples": 1}
        monkeypatch.setattr(link_module, "HEARD_S", 0.0)
        assert link.take_telemetry(ONE) is None


async def test_the_loudest_and_the_weakest_of_an_interval_are_kept() -> None:
    async with stage() as on, online(on, meter_interval_s=0.1) as (link, reported):
        await telemetry(link)
        for strength, voice in ((-80.0, -3.0), (-50.0, -40.0)):
            on.unit.set_value(ONE, "rf_dbm", strength)
            on.unit.set_value(ONE, "audio_peak_dbfs", voice)
        on.unit.set_value(ONE, "name", "DONE")
        await reported.until_value("name", "DONE")
        taken = link.take_telemetry(ONE)
        assert taken is not None
        assert (taken["rf_dbm"], taken["rf_min_dbm"], taken["audio_peak_dbfs"]) == (-50.0, -80.0, -3.0)


async def test_a_lost_signal_is_one_dropout() -> None:
    async with stage() as on, online(on, meter_interval_s=0.1) as (link, reported):
        await telemetry(link)
        for quality in (0, 0, 90):
            on.unit.set_value(ONE, "quality_percent", quality)
        on.unit.set_value(ONE, "name", "DONE")
        await reported.until_value("name", "DONE")
        taken = link.take_telemetry(ONE)
        assert taken is not None
        assert taken["dropouts"] == 1


async def test_a_primary_cell_counts_no_minutes() -> None:
    async with stage() as on, online(on) as (_, reported):
        on.unit.set_value(ONE, "battery_source", "PrimaryCell")
        await reported.until_value("battery_source", "primary")
        assert (
            reported.value("battery_runtime_minutes") is None
            or reported.value("battery_runtime_status") == "not_reported"
        )


@pytest.mark.parametrize("wanted", [{"gain_db": 4}, {"gain_db": 45}, {"frequency_mhz": 600.0}, {"name": "vox"}])
async def test_what_a_unit_does_not_take_is_not_sent(wanted: dict[str, object]) -> None:
    async with stage() as on, online(on) as (link, _):
        (result,) = (await link.set(ONE, wanted)).values()
        assert (result.outcome, on.writes()) == ("not_sent", [])


async def test_a_busy_unit_says_not_now() -> None:
    async with stage(fault="busy") as on, online(on) as (link, reported):
        assert reported.value("device_state", UNIT) == "busy"
        result = (await link.set(ONE, {"receiver_muted": True}))["receiver_muted"]
        assert (result.outcome, result.reported) == ("device_rejected", False)
        assert "not now" in result.detail


async def test_a_password_that_stops_being_right_ends_the_conversation() -> None:
    async with stage() as on, online(on) as (link, _):
        await on.unit.fault("wrong_password")
        link.ask_alive()
        async with asyncio.timeout(2):
            error = await link.wait_closed()
        assert (error.reason, error.again_s) == ("auth_failed", None)


async def test_a_mobile_device_that_is_paired_or_unpaired_is_seen_by_the_next_read() -> None:
    async with stage("spectera") as on, online(on) as (link, reported):
        on.unit.set_value(TWO, "paired", False)
        await reported.until(lambda: reported.value("transmitter_present", TWO) is False)
        on.unit.set_value(Part(9), "paired", "Choir")
        await reported.until(lambda: reported.value("name", Part(9)) == "Choir")
        assert (await link.read_all()).parts.keys() == {1, 9}


async def test_a_base_station_lets_its_own_user_in() -> None:
    async with stage("spectera") as on:
        described = await on.read()
        assert (described.identity.family, described.identity.part_count, on.unit.refused) == ("spectera", 2, 0)


async def test_a_unit_that_is_busy_with_its_mode_is_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as on:
        read = on.unit.receiver.read
        busy = (409, {"path": "/api/channel/0", "error": 409})
        monkeypatch.setattr(on.unit.receiver, "read", lambda path: busy if path == "/api/channel/0" else read(path))
        with pytest.raises(DriverError, match="busy") as failure:
            await on.read()
        assert (failure.value.reason, failure.value.again_s) == ("refused", 5.0)


async def test_a_firmware_without_channels_is_named_as_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as on:
        read = on.unit.receiver.read
        gone = (404, {"path": "/api/channel/0", "error": 404})
        monkeypatch.setattr(on.unit.receiver, "read", lambda path: gone if path == "/api/channel/0" else read(path))
        with pytest.raises(DriverError, match="firmware") as failure:
            await on.read()
        assert failure.value.reason == "wrong_model"


async def test_what_one_read_brought_is_not_taken_back_by_an_older_answer() -> None:
    async with stage() as on, online(on) as (link, reported):
        reading = asyncio.create_task(link.read_all())
        for gain in range(0, 42, 3):
            on.unit.set_value(ONE, "gain_db", gain)
            await asyncio.sleep(0)
        await reading
        await reported.until_value("gain_db", 39)
