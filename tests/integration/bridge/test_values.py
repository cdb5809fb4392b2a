"""What a receiver says that nobody listed, in front of the whole bridge: what a user sees of it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from services import clock
from services.drivers import NONSENSE
from services.rules import reception
from tests.integration.bridge.test_strange_receivers import entry, receiver_of, served
from tests.integration.cli.test_cli import run
from tests.integration.hardware import Hardware, Manners, plugged_in
from tests.integration.house import House, own_address
from tests.integration.observer import Observer

ILLEGIBLE = {
    "GROUP_CHAN U1,03": ("group", "group_channel"),
    "BATT_TYPE LIPO": ("battery_type",),
    "FREQUENCY UNKN": ("frequency_mhz",),
    "RF_INT_DET WARNING": ("interference",),
    "AUDIO_GAIN 03O": ("gain_db",),
    "AUDIO_MUTE": ("receiver_muted",),
    "BATT_HEALTH 101": ("battery_health_percent",),
    "TX_OFFSET 040": ("tx_offset_raw",),
}
"""What channel 1 of a ULX-D says, and the keys that are unknown then."""


async def test_a_value_that_nobody_can_read_is_unknown_counted_and_named_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(house, ("ulxd4q", Manners())) as (seen, [device]):
        rack = receiver_of(device)
        await seen.live(rack)
        keys = [key for several in ILLEGIBLE.values() for key in several]
        before = seen.data(f"{rack}-1")
        assert None not in [before[key] for key in keys]
        for _ in range(2):
            device.change(*(f"< REP 1 {each} >" for each in ILLEGIBLE))
        await seen.until(lambda: seen.shows(f"{rack}-1", **dict.fromkeys(keys)))
        unchanged = before.keys() - {*keys, "audio_path", "alerts"}
        assert {key: seen.data(f"{rack}-1")[key] for key in unchanged} == {key: before[key] for key in unchanged}
        counted = (await seen.ask(f"receiver/{rack}", "detail"))["data"]["receiver"]["link"]["nonsense"]
        assert counted["unknown_values"] == 2 * len(ILLEGIBLE)
        lines = [vars(record) for record in caplog.records if "that we do not know" in record.message]
        assert [(line["property"], line["text"]) for line in lines].count(("GROUP_CHAN", "U1,03")) == 1
        assert len(lines) == len(ILLEGIBLE)
        await seen.ask(f"receiver/{rack}", "refresh")
        assert seen.shows(f"{rack}-1", **dict.fromkeys(keys)), "a complete read says the same"


async def test_every_kind_of_nonsense_is_a_metric_from_the_start(house: House) -> None:
    listen = f"{own_address()}:8099"
    async with served(house, ("ulxd4q", Manners()), http={"listen": listen}) as (seen, [device]):
        rack = receiver_of(device)
        await seen.live(rack)
        assert await counters(listen, rack) == dict.fromkeys(NONSENSE, 0)
        device.say("< REP 1 UNHEARD_OF 003 >", "< REP 1 BATT_TYPE LIPO >", "< HELLO >", "< SAMPLE 1 SLOT 2 ALL 005 >")
        device.say("< SAMPLE 7 ALL AX 087 023 >")
        device.say_bytes(b"noise")
        device.say("< REP ERR >")
        await seen.until(lambda: seen.shows(f"{rack}-1", battery_type=None))
        await seen.until(lambda: seen.all("telemetry", f"/{rack}-1/"))
        expected = {"ill_formed": 1, "meaningless": 2, "unintelligible": 1, "unknown_values": 1, "discarded_bytes": 5}
        said = {**dict.fromkeys(NONSENSE, 0), **expected}
        assert await counters(listen, rack) == said
        await device.unplug()
        await seen.offline(rack)
        assert await counters(listen, rack) == {**dict.fromkeys(NONSENSE, 0), **expected}, (
            "over the end of a conversation"
        )


LIVE = "< SAMPLE 1 ALL AX 078 020 >"
IDLE = "< SAMPLE 1 ALL XX 012 000 >"
OFF = ("< REP 1 TX_TYPE UNKN >", "< REP 1 BATT_BARS 255 >", "< REP 1 BATT_RUN_TIME 65535 >")
ON = ("< REP 1 TX_TYPE ULXD1 >", "< REP 1 BATT_BARS 004 >", "< REP 1 BATT_RUN_TIME 00300 >")


def plays(device: Hardware, *samples: str) -> None:
    """What it meters from now on, in rotation."""
    device.memory.samples[1] = list(samples)


def intervals(seen: Observer, rack: str) -> int:
    return len(seen.all("telemetry", f"/{rack}-1/"))


async def interval(seen: Observer, rack: str, number: int = 1) -> dict[str, object]:
    """The meters after so many intervals more."""
    until = intervals(seen, rack) + number
    await seen.until(lambda: intervals(seen, rack) >= until)
    data: dict[str, object] = seen.all("telemetry", f"/{rack}-1/")[-1].body["data"]
    return data


async def dropouts(listen: str, rack: str) -> int:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"http://{listen}/metrics")).text
    name = "mic2mqtt_rf_dropouts_total{"
    (line,) = [each for each in text.splitlines() if each.startswith(name) and f'"{rack}-1"' in each]
    return round(float(line.split()[-1]))


async def test_only_a_transmitter_can_lose_its_radio_signal(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "LAG_S", 0.6)
    listen = f"{own_address()}:8099"
    async with served(house, ("ulxd4q", Manners()), http={"listen": listen}) as (seen, [device]):
        rack = receiver_of(device)
        plays(device, IDLE)
        device.change(*OFF)
        await seen.until(lambda: seen.shows(f"{rack}-1", transmitter_present=False))
        assert (await interval(seen, rack, 2))["dropouts"] == 0
        plays(device, LIVE)  # the meters show it first, the reports follow
        await interval(seen, rack)
        device.change(*ON)
        await seen.until(lambda: seen.shows(f"{rack}-1", transmitter_present=True))
        await interval(seen, rack)
        assert await dropouts(listen, rack) == 0
        plays(device, LIVE, IDLE)  # it fades
        await interval(seen, rack, 2)
        plays(device, LIVE)
        await interval(seen, rack)
        faded = await dropouts(listen, rack)
        assert faded > 3
        plays(device, IDLE)  # it is switched off
        await interval(seen, rack)
        device.change(*OFF)
        await seen.until(lambda: seen.shows(f"{rack}-1", transmitter_present=False))
        assert (await interval(seen, rack, 3))["dropouts"] == 0
        assert await dropouts(listen, rack) <= faded + 1


async def test_a_transmitter_that_is_received_is_there_though_its_battery_says_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "FADE_S", 0.5)
    async with served(house, ("ulxd4q", Manners())) as (seen, [device]):
        rack = receiver_of(device)
        plays(device, "< SAMPLE 1 ALL AB 083 034 >")
        await seen.live(rack)
        await interval(seen, rack)
        device.change("< REP 1 BATT_BARS 255 >", "< REP 1 BATT_RUN_TIME 65533 >")
        await seen.until(lambda: seen.shows(f"{rack}-1", battery_status="communication_error"))
        await interval(seen, rack)
        states = [each.body["data"] for each in seen.all("state", f"/{rack}-1/")]
        assert {state["transmitter_present"] for state in states if state["battery_bars"] is None} == {True}
        plays(device, IDLE)
        await seen.until(lambda: seen.shows(f"{rack}-1", transmitter_present=False))
        await seen.until(lambda: len(seen.events("transmitter_lost", f"/{rack}-1/")) == 1)


async def test_a_transmitter_whose_battery_says_nothing_is_there_over_a_restart_of_the_bridge(house: House) -> None:
    async with plugged_in("ulxd4q") as device:
        plays(device, LIVE)
        device.change("< REP 1 BATT_BARS 255 >", "< REP 1 BATT_RUN_TIME 65533 >")
        house.serve(entry(device))
        rack = receiver_of(device)
        for _ in range(2):
            async with house.running() as (_, seen):
                await seen.live(rack)
                await seen.until(lambda seen=seen: seen.shows(f"{rack}-1", transmitter_present=True))  # type: ignore[misc]
                await interval(seen, rack)
                states = [each.body["data"] for each in seen.all("state", f"/{rack}-1/")]
                assert False not in {state["transmitter_present"] for state in states}
                assert not seen.all("event", f"/{rack}-1/")


async def test_a_unit_that_is_away_over_a_restart_is_away_since_it_was_last_heard(house: House) -> None:
    async with plugged_in("ulxd4q") as device:
        house.serve(entry(device))
        rack = receiver_of(device)
        async with house.running() as (_, seen):
            await seen.live(rack)
        stopped = clock.now_text()
        await device.unplug()
        async with house.running() as (_, seen):
            await seen.offline(rack, "refused")
            assert seen.newest(f"receiver/{rack}", "availability")["since"] < stopped


async def test_what_a_receiver_does_not_have_any_more_goes_with_what_says_so(house: House) -> None:
    second = dict.fromkeys(("frequency_2_mhz", "group_2", "group_channel_2", "interference_2"))
    async with served(house, ("ad4d_fdc", Manners())) as (seen, [device]):
        rack = receiver_of(device)
        await seen.live(rack)
        assert seen.shows(f"{rack}-1", frequency_2_mhz=602.125, interference_2="detected")
        device.say("< REP 1 FD_MODE OFF >", "< REP 1 SLOT_STATUS 1 EMPTY >")
        await seen.until(lambda: seen.shows(f"{rack}-1", **second))
        await seen.until(lambda: slot(seen, rack)["status"] == "empty")
        assert {value for key, value in slot(seen, rack).items() if key not in {"number", "status"}} == {None}


async def test_slots_that_are_not_answered_any_more_are_unknown(house: House) -> None:
    async with served(house, ("ad4d_fdc", Manners())) as (seen, [device]):
        rack = receiver_of(device)
        await seen.live(rack)
        assert slot(seen, rack)["battery_percent"] == 90
        device.memory.lines = [line for line in device.memory.lines if not line[1].startswith("SLOT_")]
        await seen.ask(f"receiver/{rack}", "refresh")
        await seen.until(lambda: slot(seen, rack)["status"] is None)
        assert {value for key, value in slot(seen, rack).items() if key != "number"} == {None}


def slot(seen: Observer, rack: str) -> dict[str, object]:
    found: dict[str, object] = seen.newest(f"channel/{rack}-1", "slots")["data"]["slots"][0]
    return found


async def test_a_transmitter_that_somebody_switched_off_over_showlink_is_not_lost(house: House) -> None:
    async with served(house, ("ad4d_fdc", Manners())) as (seen, [device]):
        rack = receiver_of(device)
        await seen.live(rack)
        device.say("< REP 1 SLOT_RF_OUTPUT 1 RF_MUTE >", "< REP 1 TX_MODEL UNKNOWN >")
        await seen.until(lambda: seen.shows(f"{rack}-1", transmitter_present=False))
        assert seen.shows(f"{rack}-1", status="muted", status_reasons=["transmitter_rf_muted", "interference_2"])
        device.say("< REP 1 SLOT_RF_OUTPUT 1 RF_ON >", "< REP 1 TX_MODEL ADX2FD >")
        await seen.until(lambda: seen.shows(f"{rack}-1", transmitter_present=True, transmitter_rf_muted=False))
        assert not seen.events("transmitter_lost", f"/{rack}-1/")


async def test_probe_counts_every_kind_of_nonsense(tmp_path: Path) -> None:
    chatter = ("< REP 1 UNHEARD_OF 003 >", "< REP 1 BATT_TYPE LIPO >", "< HELLO >", "< SAMPLE 1 SLOT 2 ALL 005 >")
    async with plugged_in("ulxd4q", Manners(chatter=chatter, delivery="noise")) as device:
        arguments = ("--port", str(device.port), "--driver", "shure", "--listen", "200ms", "--meter-interval", "100ms")
        code, said = await run("probe", device.host, *arguments, folder=tmp_path)
    assert code == 0, said
    (line,) = [each for each in said.splitlines() if each.startswith("  nonsense")]
    words = [kind.replace("_", " ") for kind in NONSENSE]
    assert all(f" {word}" in line for word in words), line
    assert {word for word in words if f" 0 {word}" in line} == {"dropped samples", "foreign meter rates"}, line


async def counters(listen: str, rack: str) -> dict[str, int]:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"http://{listen}/metrics")).text
    lines = [
        line for line in text.splitlines() if line.startswith("mic2mqtt_receiver_nonsense_total{") and rack in line
    ]
    return {line.partition('kind="')[2].partition('"')[0]: round(float(line.split()[-1])) for line in lines}
