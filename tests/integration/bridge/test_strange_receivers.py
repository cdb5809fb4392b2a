"""Receivers that are none of ours, in front of the whole bridge: what a user sees of them.

Their lines and their manners are those of the makers' documents and of reports from real devices; see `hardware`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.hardware import CAPTURES, Hardware, Manners, expected, plugged_in
from tests.integration.house import House
from tests.integration.observer import Observer

KNOWN = sorted(path.stem for path in CAPTURES.glob("*.txt"))
DELIVERIES = ("whole", "fragments", "bytes", "noise")

OWN: Mapping[str, Manners] = {
    "qlxd4": Manners(unknown=b""),
    "ulxd4d_old": Manners(unknown=b"", whole_dump="silence", dump="silence"),
    "slxd4qdan_plus": Manners(whole_dump="refused"),
}
"""What some of them do beside answering everything."""


def tight(line: str) -> str:
    """No padding in braces, none between the brackets."""
    return re.sub(r" *\} *>$", "}>", re.sub(r"^< ", "<", line)).replace(" >", ">")


def wide(line: str) -> str:
    """Far more padding than documented, and several blanks where one is due."""
    head, brace, text = line.partition("{")
    return head.replace(" ", "   ") + (brace + text.replace("}", " " * 40 + "}  ") if brace else "")


def with_line_ends(line: str) -> str:
    return line + "\r\n"


def tabbed(line: str) -> str:
    head, brace, text = line.partition("{")
    return head.replace(" ", "\t") + brace + text


def receiver_of(device: Hardware) -> str:
    return f"r{device.port}"


def entry(device: Hardware) -> dict[str, object]:
    return {"host": device.host, "port": device.port, "id": receiver_of(device), "driver": "shure"}


@asynccontextmanager
async def served(
    house: House, *kinds: tuple[str, Manners], **sections: Any
) -> AsyncIterator[tuple[Observer, list[Hardware]]]:
    """A bridge with these receivers, and somebody who watches it."""
    async with AsyncExitStack() as stack:
        devices = [await stack.enter_async_context(plugged_in(name, manners)) for name, manners in kinds]
        house.serve(*map(entry, devices), **sections)
        _, seen = await stack.enter_async_context(house.running())
        yield seen, devices


def differences(seen: Observer, device: Hardware) -> list[str]:
    """What a user sees otherwise than it should be, and what is missing."""
    wrong: list[str] = []
    rack = receiver_of(device)
    facts = expected(device.name)

    def compare(where: str, is_now: Mapping[str, Any], should: Mapping[str, Any]) -> None:
        wrong.extend(
            f"{device.name} {where} {key}: {is_now.get(key, 'missing')!r}, not {value!r}"
            for key, value in should.items()
            if key not in is_now or is_now[key] != value
        )

    compare("info", seen.newest(f"receiver/{rack}", "info").get("data", {}), facts["info"])
    compare("state", seen.newest(f"receiver/{rack}", "state").get("data", {}), facts["receiver"])
    for channel, should in facts["channels"].items():
        compare(f"channel {channel}", seen.data(f"{rack}-{channel}"), should)
    for channel, should in facts.get("channel_info", {}).items():
        compare(f"channel {channel} info", seen.newest(f"channel/{rack}-{channel}", "info").get("data", {}), should)
    for channel, should in facts.get("telemetry", {}).items():
        meters = seen.all("telemetry", f"/{rack}-{channel}/")
        compare(f"telemetry {channel}", meters[-1].body["data"] if meters else {}, should)
    for channel, slots in facts.get("slots", {}).items():
        told = seen.newest(f"channel/{rack}-{channel}", "slots").get("data", {}).get("slots", [])
        by_number = {str(each["number"]): each for each in told}
        for number, should in slots.items():
            compare(f"slot {channel}/{number}", by_number.get(number, {}), should)
    return wrong


async def shows(seen: Observer, device: Hardware, seconds: float = 4.0) -> None:
    """Wait until everything is seen as it should be."""
    try:
        await seen.until(lambda: not differences(seen, device), seconds)
    except AssertionError:
        raise AssertionError("\n".join(differences(seen, device))) from None


def manners_of(name: str, **more: Any) -> Manners:
    return replace(OWN.get(name, Manners()), **more)


async def all_live(seen: Observer, devices: Sequence[Hardware], seconds: float) -> None:
    try:
        await seen.live(*map(receiver_of, devices), seconds=seconds)
    except AssertionError:
        waiting = [device for device in devices if not seen.is_live(receiver_of(device))]
        raise AssertionError(
            [(each.name, each.manners, seen.available(receiver_of(each))) for each in waiting]
        ) from None


def times_lost(seen: Observer, device: Hardware) -> int:
    """How often it was said to be offline after it had been online."""
    said = [one.body["state"] for one in seen.all("availability", f"/receiver/{receiver_of(device)}/")]
    return said[said.index("online") :].count("offline")


def reasons(seen: Observer, device: Hardware) -> list[str | None]:
    """All that was said of why it is not there."""
    return [one.body["reason"] for one in seen.all("availability", f"/receiver/{receiver_of(device)}/")]


def times_said(seen: Observer, device: Hardware) -> int:
    """How often anything was said of its availability."""
    return len(seen.all("availability", f"/receiver/{receiver_of(device)}/"))


async def is_right(seen: Observer, devices: Sequence[Hardware]) -> None:
    for device in devices:
        await shows(seen, device)
        assert not device.offences, device.name


@pytest.mark.parametrize("delivery", DELIVERIES)
async def test_what_a_receiver_knows_is_seen_whole_however_its_bytes_arrive(house: House, delivery: str) -> None:
    kinds = [(name, manners_of(name, delivery=delivery)) for name in KNOWN]
    async with served(house, *kinds) as (seen, devices):
        await all_live(seen, devices, 4)
        await is_right(seen, devices)


@pytest.mark.parametrize("delivery", DELIVERIES)
async def test_a_recording_that_answers_nothing_is_understood_too(house: House, delivery: str) -> None:
    kinds = [(name, manners_of(name, delivery=delivery, recording=True)) for name in KNOWN]
    async with served(house, *kinds) as (seen, devices):
        await all_live(seen, devices, 6)
        await is_right(seen, devices)
        assert [times_lost(seen, device) for device in devices] == [0] * len(devices)


STYLES = (tight, wide, with_line_ends, tabbed)


async def test_how_a_receiver_spaces_its_words_makes_no_difference(house: House) -> None:
    kinds = [(name, manners_of(name, style=style)) for name in KNOWN for style in STYLES]
    async with served(house, *kinds) as (seen, devices):
        await all_live(seen, devices, 6)
        await is_right(seen, devices)


CHATTER = (
    "< SAMPLE 1 ALL XX 001 000 >",
    "< REP 1 UNHEARD_OF 003 >",
    "< REP UNHEARD_OF {x} >",
    "< REP 99 CHAN_NAME {Nobody  } >",
    "< REP 0 AUDIO_GAIN 000 >",
    "< REP 1 SLOT_STATUS 99 EMPTY >",
    "< REP 1 SLOT_STATUS 0 EMPTY >",
    "< REP 300 CHAN_NAME {x} >",
    "< REP ERR >",
    "< SAMPLE 77 ALL AX 050 040 >",
    "< SAMPLE 1 ALL nonsense >",
    "< >",
)
BANNER = b"Welcome <to> {this\r\n\x00\xff< device {"


async def test_what_is_said_unasked_in_the_middle_of_the_first_read_disturbs_nothing(house: House) -> None:
    ways: tuple[Mapping[str, Any], ...] = ({"chatter": CHATTER, "meters_already": True}, {"banner": BANNER})
    kinds = [(name, manners_of(name, **way)) for name in KNOWN for way in ways]
    async with served(house, *kinds) as (seen, devices):
        await all_live(seen, devices, 5)
        for device in devices:
            facts = expected(device.name)
            for channel, should in facts["channels"].items():
                data = seen.data(f"{receiver_of(device)}-{channel}")
                assert {key: data.get(key) for key in should} == should, device.name
            assert not seen.newest(f"channel/{receiver_of(device)}-99", "state")


SILENT: Mapping[str, Mapping[str, Any]] = {
    "metering rate": {"deaf_to": frozenset({"METER_RATE"})},
    "metering rate, in silence": {"deaf_to": frozenset({"METER_RATE"}), "unknown": b""},
    "what is asked last": {"deaf_to": frozenset({"DEVICE_ID"})},
    "what is asked last, in silence": {"deaf_to": frozenset({"DEVICE_ID"}), "unknown": b""},
    "both": {"deaf_to": frozenset({"DEVICE_ID", "METER_RATE"}), "unknown": b""},
    "both, and everything at once": {
        "deaf_to": frozenset({"DEVICE_ID", "METER_RATE"}),
        "unknown": b"",
        "whole_dump": "silence",
        "dump": "silence",
    },
    "everything at once": {"whole_dump": "silence", "dump": "silence", "unknown": b""},
    "half of everything": {"whole_dump": "half", "unknown": b""},
}
ASKED_BY_NAME = sorted({*KNOWN} - {"slxd4"})
"""All that tell everything under the names that their documents have."""


@pytest.mark.parametrize("half", [0, 1])
async def test_a_receiver_that_ignores_questions_comes_online_soon_and_stays(house: House, half: int) -> None:
    plus = {"whole_dump": "refused"}
    kinds = [
        (name, manners_of(name, **{**way, **(plus if name == "slxd4qdan_plus" else {})}))
        for name in ASKED_BY_NAME[half::2]
        for way in SILENT.values()
    ]
    async with served(house, *kinds, polling={"meter_interval": "0s"}) as (seen, devices):
        await all_live(seen, devices, 5)
        reply = await seen.ask("bridge/main", "refresh", 20)
        assert (reply["status"], reply["data"]["counts"]["failed"]) == ("succeeded", 0)
        await asyncio.sleep(2.5)  # more than two keep-alives, in which nothing but our own question makes it speak
        for device in devices:
            assert times_lost(seen, device) == 0, (device.name, device.manners)
            for channel, should in expected(device.name)["channels"].items():
                data = seen.data(f"{receiver_of(device)}-{channel}")
                assert {key: data.get(key) for key in should} == should, (device.name, device.manners)
            assert not device.offences, device.name


SLOW: tuple[Mapping[str, Any], ...] = (
    {"slow": {"FW_VER": 0.9, "BATT_CHARGE": 0.3}},
    {"slow": {"ALL": 0.9}},
    {"late": {"MODEL": 0.9, "CHAN_NAME": 0.9, "BATT_CHARGE": 0.9}},
    {"late": {"MODEL": 0.9, "CHAN_NAME": 0.9}, "whole_dump": "silence", "dump": "silence"},
)


async def test_answers_that_take_nearly_a_second_are_waited_for(house: House) -> None:
    names = ("ulxd4q", "ulxd4d_old", "qlxd4", "slxd4d", "ad4d_fdc", "anx4_16")
    kinds = [(name, manners_of(name, **way)) for name in names for way in SLOW]
    async with served(house, *kinds) as (seen, devices):
        await all_live(seen, devices, 8)
        await is_right(seen, devices)
        assert [times_lost(seen, device) for device in devices] == [0] * len(devices)


async def test_channels_without_a_linked_transmitter_are_there_and_nothing_is_invented_of_them(house: House) -> None:
    async with served(house, ("slxd4qdan_plus", manners_of("slxd4qdan_plus"))) as (seen, (device,)):
        await all_live(seen, [device], 3)
        rack = receiver_of(device)
        empty = seen.data(f"{rack}-3")
        reported = {"transmitter_present"}
        ours = {"audio_path", "status", "status_reasons", "alerts", "more"}
        assert {key for key, value in empty.items() if value is not None} == reported | ours
        device.change("< REP 3 CHAN_NAME {New one                        } >", "< REP 3 TX_MODEL SLXD2+ >")
        await seen.until(lambda: seen.data(f"{rack}-3")["name"] == "New one")
        assert seen.data(f"{rack}-3")["transmitter_present"] is True


ON_THE_AIR = (
    # type, bars, source of power, whether it is there
    ("ULXD2", "004", "BATTERY", True),
    ("ULXD2", "000", "BATTERY", True),
    ("ULXD2", "004", "UNKN", True),
    ("ULXD2", "255", "BATTERY", False),
    ("ULXD2", "255", "UNKN", False),
    ("ULXD1", "255", "EXTERNAL", True),
    ("UNKN", "255", "UNKN", False),
    ("UNKN", "255", "EXTERNAL", False),
    ("UNKN", "004", "BATTERY", False),
)


async def test_type_and_bars_together_tell_whether_a_transmitter_is_on_the_air(house: House) -> None:
    """Which of them a ULX-D clears when its transmitter goes is not documented; nothing is received here."""
    async with served(house, ("ulxd4q", Manners())) as (seen, (device,)):
        device.memory.samples[1] = ["< SAMPLE 1 ALL XX 001 000 >"]
        await all_live(seen, [device], 3)
        channel = f"{receiver_of(device)}-1"
        for number, (model, bars, source, there) in enumerate(ON_THE_AIR):
            device.change(
                f"< REP 1 TX_TYPE {model} >",
                f"< REP 1 BATT_BARS {bars} >",
                f"< REP 1 TX_POWER_SOURCE {source} >",
                f"< REP 1 AUDIO_GAIN {number:03} >",
            )
            await seen.until(lambda gain=number - 18: seen.data(channel)["gain_db"] == gain)  # type: ignore[misc]
            data = seen.data(channel)
            assert data["transmitter_present"] is there, (model, bars, source)
            assert (data["battery_bars"] is not None) is (there and bars != "255")
            assert data["transmitter_model"] == (model if there else None)


async def test_marks_for_unknown_are_null_and_zero_is_zero(house: House) -> None:
    marks = (
        ("BATT_CHARGE", "battery_percent", ["254", "255"]),
        ("BATT_HEALTH", "battery_health_percent", ["255"]),
        ("BATT_CYCLE", "battery_cycles", ["65535"]),
        ("BATT_TEMP_C", "battery_temperature_c", ["254", "255"]),
        ("BATT_RUN_TIME", "battery_runtime_minutes", ["65533", "65534", "65535"]),
        ("TX_OFFSET", "tx_offset_raw", ["255"]),
    )
    async with served(house, ("ulxd4q", Manners())) as (seen, (device,)):
        await all_live(seen, [device], 3)
        channel = f"{receiver_of(device)}-1"
        for name, key, unknown in marks:
            width = 5 if "65535" in unknown else 3
            zero = -40 if key == "battery_temperature_c" else 0
            for mark in unknown:
                device.change(f"< REP 1 {name} {0:0{width}} >")
                await seen.until(lambda key=key, zero=zero: seen.data(channel)[key] == zero)  # type: ignore[misc]
                device.change(f"< REP 1 {name} {mark} >")
                await seen.until(lambda key=key: seen.data(channel)[key] is None)  # type: ignore[misc]


async def test_blocked_control_is_named_both_ways_with_the_path_through_the_menu(house: House) -> None:
    silent, refusing = ("slxd4d", Manners(blocked=True)), ("slxd4", Manners())
    async with served(house, silent, refusing) as (seen, (mute, gone)):
        await all_live(seen, [gone], 3)
        await gone.unplug()
        await seen.offline(receiver_of(mute), "control_blocked", 5)
        await seen.offline(receiver_of(gone), "refused", 5)
        assert mute.heard
        for device in (mute, gone):
            rack = receiver_of(device)
            await seen.until(lambda rack=rack: "Menu >" in str(seen.link(rack).get("last_error")))  # type: ignore[misc]
        await gone.plug_in()
        await all_live(seen, [gone], 5)


async def test_one_that_hangs_up_at_once_is_not_hammered(house: House) -> None:
    async with served(house, ("qlxd4", Manners(hangs_up=True))) as (seen, (device,)):
        ended = {"closed_by_device", "reset_by_device"}  # what the system makes of it: our question may still be unread
        await seen.until(lambda: ended & {*reasons(seen, device)}, 3)
        before = device.connections
        await asyncio.sleep(3)
        assert 1 <= device.connections - before <= 4
        assert times_said(seen, device) <= 2


async def test_one_that_takes_a_single_client_is_left_alone_by_discoveries(house: House) -> None:
    async with served(house, ("qlxd4", manners_of("qlxd4", one_client=True))) as (seen, (device,)):
        await all_live(seen, [device], 3)
        reply = await seen.ask("bridge/main", "discover", 10, hosts=[f"{device.host}:{device.port}"])
        assert reply["status"] == "succeeded", reply
        assert (device.connections, times_lost(seen, device)) == (1, 0)
        for client in [*device.clients]:
            client.hang_up(reset=True)
        await seen.until(lambda: times_lost(seen, device) == 1, 1)
        await all_live(seen, [device], 5)


@pytest.mark.parametrize(("reset", "reason"), [(False, "closed_by_device"), (True, "reset_by_device")])
async def test_an_end_is_seen_within_a_second_and_the_return_within_five(
    house: House, *, reset: bool, reason: str
) -> None:
    kinds = [(name, manners_of(name)) for name in ("ulxd4q", "ad4d_fdc", "qlxd4")]
    async with served(house, *kinds) as (seen, devices):
        await all_live(seen, devices, 4)
        await asyncio.gather(*(device.unplug(reset=reset) for device in devices))
        for device in devices:
            await seen.until(lambda device=device: reason in reasons(seen, device), 1)  # type: ignore[misc]
            assert seen.data(f"{receiver_of(device)}-1")["status"] == "offline"
        await asyncio.gather(*(device.plug_in() for device in devices))
        await all_live(seen, devices, 5)
        await is_right(seen, devices)


async def test_a_frozen_receiver_is_lost_after_two_keep_alives_and_taken_back_with_what_changed(house: House) -> None:
    async with served(house, ("ad4q_quadversity", Manners())) as (seen, (device,)):
        await all_live(seen, [device], 3)
        device.frozen = True
        asked = len(device.heard)
        await seen.offline(receiver_of(device), "silent", 3)
        assert len(device.heard) > asked, "it was not asked whether it is there"
        device.memory.learn("< REP 1 CHAN_NAME {Renamed meanwhile              } >")
        device.frozen = False
        await all_live(seen, [device], 5)
        assert seen.data(f"{receiver_of(device)}-1")["name"] == "Renamed meanwhile"


async def test_channels_go_and_come_with_the_mode_that_decides_how_many_there_are(house: House) -> None:
    async with served(house, ("ad4q_quadversity", Manners())) as (seen, (device,)):
        await all_live(seen, [device], 3)
        rack, whole = receiver_of(device), device.memory.lines
        device.memory.lines = [line for line in whole if line[0] not in {3, 4}]
        device.say("< REP QUADVERSITY_MODE OFF >")
        await seen.until(lambda: not seen.newest(f"channel/{rack}-3", "state"), 10)
        assert seen.newest(f"receiver/{rack}", "info")["data"]["channel_count"] == 2
        device.memory.lines = whole
        device.say("< REP QUADVERSITY_MODE ON >")
        await seen.until(lambda: seen.newest(f"receiver/{rack}", "info")["data"]["channel_count"] == 4, 10)
        await seen.until(lambda: bool(seen.newest(f"channel/{rack}-4", "state")), 3)


async def test_another_controller_that_sets_the_metering_rate_again_and_again_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.drivers.shure.metering.AGAIN_AFTER_S", 0.0)
    async with served(house, ("ad4q_quadversity", Manners())) as (seen, (device,)):
        await all_live(seen, [device], 3)
        rack = receiver_of(device)

        def asked() -> int:
            return sum(question.startswith("SET 1 METER_RATE") for question in device.heard)

        for times in (2, 3, 3):
            answer = await seen.ask(f"receiver/{rack}", "detail")  # a complete read: the unit has confirmed our rate
            assert answer["data"]["receiver"]["link"]["last_error"] is None
            device.say("< REP 1 METER_RATE 60000 >")
            await device.until(lambda times=times: asked() >= times)  # type: ignore[misc]
        answer = await seen.ask(f"receiver/{rack}", "detail")
        assert "another controller" in answer["data"]["receiver"]["link"]["last_error"]


async def test_metering_is_stopped_channel_by_channel_before_we_leave(house: House) -> None:
    async with AsyncExitStack() as stack:
        devices = [await stack.enter_async_context(plugged_in(name, manners_of(name))) for name in KNOWN]
        house.serve(*map(entry, devices))
        async with house.running() as (_, seen):
            await all_live(seen, devices, 4)
        for device in devices:
            await device.until(lambda device=device: not device.clients)  # type: ignore[misc]
            metered = {word.split()[1] for word in device.heard if word.startswith("SET")}
            assert metered == {str(channel) for channel in device.memory.channels}
            last = {word.split()[1]: word.split()[3] for word in device.heard if word.startswith("SET")}
            assert set(last.values()) == {"00000"}, device.name
            assert not device.offences


async def test_no_name_stops_anything(house: House) -> None:
    names = {b"b\xc3\xa9b\xc3\xa9": "b\u00e9b\u00e9", b"b\xe9b\xe9": "b\u00e9b\u00e9", b"a<b>c<": "a<b>c<", b"<>": "<>",
             b"> REP 1": "> REP 1", b"": None, b"        ": None, b"x\0\0\0": "x", b"last": "last"}  # fmt: skip
    async with served(house, ("ulxd4q", Manners())) as (seen, (device,)):
        await all_live(seen, [device], 3)
        channel = f"{receiver_of(device)}-1"
        for written, name in names.items():
            device.say_bytes(b"< REP 1 CHAN_NAME {" + written + b"} >< REP 1 AUDIO_MUTE ON >")
            await seen.until(lambda name=name: seen.data(channel)["name"] == name)  # type: ignore[misc]
        for broken in (b"{a{b} >", b"{a}b} >", b"{lost >", b"lost} >", b"{" + b"long" * 99 + b"} >"):
            device.say_bytes(b"< REP 1 CHAN_NAME " + broken)
            device.say_bytes(b"< REP 1 CHAN_NAME {between}>")
            device.say_bytes(b"< REP 1 CHAN_NAME {after}>")
            await seen.until(lambda: seen.data(channel)["name"] == "after", 2)
        assert times_lost(seen, device) == 0
