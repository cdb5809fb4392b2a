"""ew G4 units in a whole house: found beside Shure's, published, audited, lost and read again, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.drivers import NONSENSE
from services.drivers.sennheiser.simulation.simulator import media_control as simulator
from services.drivers.sennheiser.simulation.unit import PORT, Unit
from services.drivers.transport.udp import first_use
from tests.integration.drivers.sennheiser.stage import CHANNEL, addresses
from tests.integration.house import House, rack
from tests.integration.observer import Observer, Seen

RECEIVER, IEM = "em_g4", "sr_iem_g4"
TUNING = {"tuning_ranges_mhz", "tuning_step_khz"}
STILL: Mapping[str, Any] = {"count": 1, "still": True}


def at(house: House, home: str, *units: Mapping[str, object], networks: tuple[str, ...] = ()) -> House:
    """A configuration with an address of its own for the bridge, these units, and these networks to search."""
    house.document |= {
        "discovery": {
            "interface": home,
            "ranges": [{"network": network} for network in networks],
        },
        "units": list(units),
    }
    return house


def unit_entry(unit: Unit, name: str) -> dict[str, object]:
    return {"host": unit.host, "id": name}


def is_online(seen: Observer, resource: str) -> bool:
    online: bool = seen.newest(resource, "availability").get("state") == "online"
    return online and seen.newest(resource, "state").get("stale") is False


async def online(seen: Observer, *resources: str, seconds: float = 20.0) -> None:
    await seen.until(lambda: all(is_online(seen, resource) for resource in resources), seconds)


def data_of(seen: Observer, resource: str, facet: str = "state") -> dict[str, Any]:
    data: dict[str, Any] = seen.newest(resource, facet).get("data", {})
    return data


def shows(seen: Observer, resource: str, **values: object) -> bool:
    return values.items() <= data_of(seen, resource).items()


def by_host(seen: Observer) -> dict[str, tuple[str, str]]:
    """Host of each unit that was published, with its kind and id."""
    return {
        one.body["data"]["host"]: (kind, one.topic.split("/")[-2])
        for kind in ("receiver", "iem")
        for one in seen.all("info", f"/{kind}/")
        if one.payload
    }


def sockets_of(home: str) -> int:
    """UDP sockets of this machine that are bound to the protocol's port at this address (proc(5), /proc/net/udp)."""
    wanted = f"{int.from_bytes(socket.inet_aton(home), 'little'):08X}:{PORT:04X}"
    return sum(line.split()[1] == wanted for line in Path("/proc/net/udp").read_text().splitlines()[1:])


async def test_units_of_two_makers_in_one_network_are_found_and_published_each_as_what_it_is(house: House) -> None:
    home, _, first = addresses()
    network = first.rsplit(".", 1)[0]
    shure, iem = f"{network}.2", f"{network}.3"
    at(house, home, networks=(f"{network}.0/29",))
    async with (
        simulator.run(RECEIVER, listen=first, **STILL),
        simulator.run(IEM, listen=iem, **STILL),
        rack("ulxd", listen=shure, **STILL),
        house.running() as (_, seen),
    ):
        found = await seen.until(lambda: found if len(found := by_host(seen)) == 3 else None, 20)
        assert {host: kind for host, (kind, _) in found.items()} == {
            first: "receiver",
            shure: "receiver",
            iem: "iem",
        }
        receiver, monitor = found[first][1], found[iem][1]
        parts = f"channel/{receiver}-1", f"iem_channel/{monitor}-1"
        await online(seen, f"receiver/{receiver}", f"iem/{monitor}", f"receiver/{found[shure][1]}", *parts)
        assert {data_of(seen, f"{kind}/{name}", "info")["manufacturer"] for kind, name in found.values()} == {
            "shure",
            "sennheiser",
        }
        assert data_of(seen, f"receiver/{receiver}", "info")["family"] == "ew_g4"
        assert data_of(seen, f"iem/{monitor}", "info")["family"] == "ew_iem_g4"
        assert sockets_of(home) == 1
        audited = {event["resource"] for event in seen.audit()}
        assert {f"{kind}/{name}" for kind, name in found.values()} <= audited


async def test_a_receiver_is_published_in_percent_and_dbuv_and_never_in_dbm(house: House) -> None:
    home, _, first = addresses()
    async with (
        simulator.run(RECEIVER, listen=first, **STILL) as (unit,),
        at(house, home, unit_entry(unit, "vox")).running() as (_, seen),
    ):
        await online(seen, "receiver/vox", "channel/vox-1")
        state = data_of(seen, "channel/vox-1")
        assert state["frequency_mhz"] == 566.9
        assert state["transmitter_present"] is True
        assert state["battery_percent"] == 100
        assert state["audio_path"] == "live"
        assert state["status"] == "good"
        assert state["more"]["squelch_db"] is not None
        assert state["more"].keys() >= {"squelch_db", "equalizer", "pilot", "low_rf_signal", *TUNING}
        await seen.until(lambda: seen.all("telemetry", "/channel/vox-1"))
        meters = seen.all("telemetry", "/channel/vox-1")[-1].body["data"]
        assert meters["rf_dbuv"] == pytest.approx(0.4 * meters["rf_percent"])
        assert not [key for key in meters if key.endswith("dbm")]


async def test_a_monitor_transmitter_is_published_with_its_carrier_and_inputs(house: House) -> None:
    home, _, first = addresses()
    async with (
        simulator.run(IEM, listen=first, **STILL) as (unit,),
        at(house, home, unit_entry(unit, "ears")).running() as (_, seen),
    ):
        await online(seen, "iem/ears", "iem_channel/ears-1")
        assert shows(seen, "iem_channel/ears-1", rf_muted=False, status="on_air", audio_mode="stereo")
        await seen.until(lambda: seen.all("telemetry", "/iem_channel/ears-1"))
        meters = seen.all("telemetry", "/iem_channel/ears-1")[-1].body["data"]
        assert {"audio_left_raw", "audio_right_raw", "samples"} <= meters.keys()
        unit.set_value(CHANNEL, "rf_muted", True)
        await seen.until(lambda: shows(seen, "iem_channel/ears-1", rf_muted=True, status="rf_muted"))


async def test_what_is_turned_at_the_panel_is_published_and_audited(house: House) -> None:
    home, _, first = addresses()
    async with (
        simulator.run(RECEIVER, listen=first, **STILL) as (unit,),
        at(house, home, unit_entry(unit, "vox")).running() as (_, seen),
    ):
        await online(seen, "receiver/vox", "channel/vox-1")
        unit.set_value(CHANNEL, "gain_db", 12)
        await seen.until(lambda: shows(seen, "channel/vox-1", gain_db=12))
        changed = await seen.until(lambda: [one for one in seen.audit() if (one.get("after") or {}).get("gain_db")])
        assert changed[-1]["after"] == {"gain_db": 12}
        await unit.fault("transmitter_off")
        await seen.until(lambda: shows(seen, "channel/vox-1", transmitter_present=False, status="lost"))
        await seen.until(lambda: seen.events("transmitter_lost", "vox-1"))
        assert data_of(seen, "channel/vox-1")["last_battery_percent"] == 100


async def test_a_name_that_is_changed_at_the_panel_is_the_units_name_everywhere(house: House) -> None:
    home, _, first = addresses()
    async with (
        simulator.run(RECEIVER, listen=first, **STILL) as (unit,),
        at(house, home, unit_entry(unit, "vox")).running() as (_, seen),
    ):
        await online(seen, "receiver/vox", "channel/vox-1")
        unit.set_value(CHANNEL, "name", "Choir")
        await seen.until(lambda: shows(seen, "receiver/vox", name="Choir"))
        await seen.until(lambda: data_of(seen, "receiver/vox", "info")["name"] == "Choir")


async def test_a_network_that_loses_one_datagram_in_five_costs_time_and_nothing_else(house: House) -> None:
    home, _, first = addresses()
    monitor = first.rsplit(".", 1)[0] + ".2"
    async with (
        simulator.run(RECEIVER, listen=first, fault="lossy", **STILL) as (unit,),
        simulator.run(IEM, listen=monitor, fault="lossy", **STILL) as (ears,),
        at(house, home, unit_entry(unit, "vox"), unit_entry(ears, "ears")).running() as (_, seen),
    ):
        await online(seen, "receiver/vox", "channel/vox-1", "iem/ears", "iem_channel/ears-1")
        for number in range(3):
            unit.set_value(CHANNEL, "name", f"Vox {number}")
            ears.set_value(CHANNEL, "name", f"Ears {number}")
            await seen.until(partial(shows, seen, "channel/vox-1", name=f"Vox {number}"))
            await seen.until(partial(shows, seen, "iem_channel/ears-1", name=f"Ears {number}"))
        assert is_online(seen, "receiver/vox")
        assert is_online(seen, "iem/ears")


async def test_a_bridge_that_was_killed_comes_back_while_its_units_still_report(house: House) -> None:
    home, _, first = addresses()
    async with simulator.run(RECEIVER, listen=first, **STILL) as (unit,), house.observer() as seen:
        process = at(house, home, unit_entry(unit, "vox")).process()
        async with process:
            await online(seen, "receiver/vox", "channel/vox-1")
            await process.kill()
            unit.set_value(CHANNEL, "name", "While")
            sent = len(unit.asked)
            await process.start()
            await seen.until(lambda: shows(seen, "channel/vox-1", name="While"), 20)
            await online(seen, "receiver/vox", "channel/vox-1")
            assert len(unit.asked) > sent
            before = len(seen.all("telemetry", "vox-1"))
            await seen.until(lambda: len(seen.all("telemetry", "vox-1")) > before)


async def test_units_that_are_not_there_cost_no_socket_and_no_other_unit_anything(house: House) -> None:
    home, _, first = addresses()
    empty = first.rsplit(".", 1)[0]
    absent = [{"host": f"{empty}.{100 + number}", "id": f"gone{number}", "kind": "receiver"} for number in range(20)]
    async with (
        simulator.run(RECEIVER, listen=first, **STILL) as (unit,),
        at(house, home, unit_entry(unit, "vox"), *absent).running() as (_, seen),
    ):
        await online(seen, "receiver/vox", "channel/vox-1")
        for one in absent:
            await seen.offline(str(one["id"]))
        assert sockets_of(home) == 1
        unit.set_value(CHANNEL, "name", "Still")
        await seen.until(lambda: shows(seen, "channel/vox-1", name="Still"))
        assert is_online(seen, "receiver/vox")


async def test_a_port_that_another_program_holds_is_said_with_the_remedy_and_harms_no_other_maker(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_use, "TAKEN_AGAIN_S", 0.2)
    monkeypatch.setattr(first_use, "BIND_PAUSE_S", 0.0)
    home, _, first = addresses()
    beside = first.rsplit(".", 1)[0] + ".2"
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind((home, PORT))
        async with (
            simulator.run(RECEIVER, listen=first, **STILL) as (unit,),
            rack("ulxd", listen=beside, **STILL) as (shure,),
            at(
                house,
                home,
                {**unit_entry(unit, "vox"), "kind": "receiver", "driver": "sennheiser"},
                {"host": shure.host, "id": "rack"},
            ).running() as (_, seen),
        ):
            await online(seen, "receiver/rack", "channel/rack-1")
            await seen.offline("vox", "local_port_unavailable")
            words = await seen.until(lambda: seen.link("vox").get("last_error"))
            assert f"UDP port {PORT} of {home}" in words
            assert "end it, or give it and the bridge a local address each" in words
            other.close()
            await online(seen, "receiver/vox", "channel/vox-1")


async def test_a_search_says_once_that_a_port_of_this_machine_is_taken_and_finds_all_others(house: House) -> None:
    home, _, first = addresses()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind((home, PORT))
        at(house, home).document["discovery"]["allow"] = [f"{first}/29"]
        async with rack("ulxd", listen=first, **STILL), house.running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            answer = await seen.ask("bridge/main", "discover", networks=[f"{first}/29"])
            assert answer["status"] == "succeeded", answer
            (warning,) = [words for words in answer["warnings"] if str(PORT) in words]
            assert "units of sennheiser were not looked for" in warning


async def program(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("mic2mqtt"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def said(*arguments: str) -> str:
    async with asyncio.timeout(30):
        output, _ = await (await program(*arguments)).communicate()
    return output.decode()


async def test_simulate_discover_and_probe_work_from_the_command_line() -> None:
    home, _, first = addresses()
    simulated = await program("simulate", "--product", "sennheiser/em_g4", "--listen", first, "--count", "2")
    assert simulated.stdout is not None
    try:
        async with asyncio.timeout(20):
            while b"Ctrl-C" not in await simulated.stdout.readline():
                continue
        found = await said("discover", f"{first}/30", "--interface", home)
        assert found.count("sennheiser") == 2, found
        assert "EM  1 ch  Vox 1  firmware" in found, "units without a number are told apart by their names"
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
            other.bind((home, PORT))
            missed = await said("discover", f"{first}/30", "--interface", home)
            assert missed.count(f"UDP port {PORT} of {home} of this machine is held by") == 1, missed
        probed = await said("probe", first, "--interface", home, "--listen", "1s")
        assert "VERDICT: a unit that mic2mqtt understands (driver sennheiser)" in probed, probed
        assert "ew_g4" in probed
        assert "> FirmwareRevision" in probed
        assert "< Name Vox 1" in probed
        assert "\\r" not in probed, "each line of a datagram stands on a line of its own"
    finally:
        simulated.terminate()
        await simulated.wait()


async def test_what_a_unit_sends_and_nobody_can_read_is_counted_in_metrics_and_in_detail(house: House) -> None:
    home, _, first = addresses()
    listen = f"{home}:8099"
    async with simulator.run(IEM, listen=first, **STILL) as (unit,):
        at(house, home, unit_entry(unit, "ears")).serve(http={"listen": listen})
        async with house.running() as (_, seen):
            await online(seen, "iem/ears")
            assert await nonsense(listen) == dict.fromkeys(NONSENSE, 0)
            await unit.fault("garbage")
            await seen.until(partial(enough, seen.all("telemetry"), seen), 10)
            after = await nonsense(listen)
            assert {kind for kind, count in after.items() if count} == {"ill_formed", "meaningless", "unknown_values"}
            detail = (await seen.ask("iem/ears", "detail"))["data"]["iem"]["link"]["nonsense"]
            assert all(detail[kind] >= count for kind, count in after.items())


def enough(before: list[Seen], seen: Observer) -> bool:
    """Four intervals of meters more."""
    return len(seen.all("telemetry")) >= len(before) + 4


async def nonsense(listen: str) -> dict[str, int]:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"http://{listen}/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("mic2mqtt_iem_nonsense_total{")]
    return {line.partition('kind="')[2].partition('"')[0]: round(float(line.split()[-1])) for line in lines}
