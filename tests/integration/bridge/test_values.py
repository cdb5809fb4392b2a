"""What a receiver says that nobody listed, in front of the whole bridge: what a user sees of it."""

from __future__ import annotations

import httpx
import pytest

from services.drivers import NONSENSE
from tests.integration.bridge.test_strange_receivers import receiver_of, served
from tests.integration.hardware import Manners
from tests.integration.house import House, own_address

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
        device.say_bytes(b"noise")
        device.say("< REP ERR >")
        await seen.until(lambda: seen.shows(f"{rack}-1", battery_type=None))
        await seen.until(lambda: seen.all("telemetry", f"/{rack}-1/"))
        expected = {"ill_formed": 1, "meaningless": 1, "unintelligible": 1, "unknown_values": 1, "discarded_bytes": 5}
        said = {**dict.fromkeys(NONSENSE, 0), **expected}
        assert await counters(listen, rack) == said
        await device.unplug()
        await seen.offline(rack)
        assert await counters(listen, rack) == {**dict.fromkeys(NONSENSE, 0), **expected}, (
            "over the end of a conversation"
        )


async def counters(listen: str, rack: str) -> dict[str, int]:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"http://{listen}/metrics")).text
    lines = [
        line for line in text.splitlines() if line.startswith("mic2mqtt_receiver_nonsense_total{") and rack in line
    ]
    return {line.partition('kind="')[2].partition('"')[0]: round(float(line.split()[-1])) for line in lines}
