"""The simulated chargers over real sockets: what they answer, report, refuse, and how they fail.

A client of our own reads them with the driver's table, the way a link would: everything once, then what changes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.families import sbc
from services.drivers.shure.families.bays import BayReading, Bays, Charger
from services.drivers.shure.simulation.chargers import server as charger_server
from services.drivers.shure.simulation.chargers.fleet import FAULTS, MODELS, SimulatedCharger, simulate_chargers

HOST = "127.0.0.1"
PATIENCE_S = 5.0


class Part(NamedTuple):
    number: int = 0
    slot: int = 0


UNIT = Part()


def decode(name: str, text: str, *, indexed: bool) -> Mapping[str, object] | None:
    prop = sbc.PROPERTIES.find(name, indexed=indexed)
    if prop is None:
        return None
    try:
        return dict(zip(prop.keys, prop.decode(text.strip()), strict=True))
    except ValueError:
        return None


class Client:
    """One conversation with a charger: lines as they come, and the bays that follow from them."""

    def __init__(self, model: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = sbc.FAMILY.model_of(model)
        assert isinstance(found, Charger)
        self.bays = Bays(found)
        self.seen: dict[int, dict[str, object]] = {}
        self.lines: list[str] = []
        self.closed = False
        self._reader, self._writer = reader, writer
        self._framer = Framer()

    def of(self, bay: int, key: str) -> object:
        return self.seen.get(bay, {}).get(key)

    def send(self, *messages: str) -> None:
        self._writer.write("".join(messages).encode())

    async def ask(self, *messages: str) -> list[str]:
        """What comes until two answers of the fence come with nothing between them."""
        self.lines.clear()
        self.send(*messages, "< GET DEVICE_ID >", "< GET DEVICE_ID >")
        await self.until(lambda: len(self.lines) > 1 and all("REP DEVICE_ID" in line for line in self.lines[-2:]))
        return self.lines[:-2]

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not done():
                await self._receive()

    async def _receive(self) -> None:
        data = await self._reader.read(65_536)
        if not data:
            self.closed = True
            raise ConnectionResetError
        for body in self._framer.feed(data):
            message = codec.parse(body)
            if message is None or message.verb != "REP":
                continue
            self.lines.append(body.decode())
            values = decode(message.name, message.value, indexed=message.index is not None)
            for reading in [] if values is None else self.bays.compose(message.index, values):
                self._merge(reading)

    def _merge(self, reading: BayReading) -> None:
        known = self.seen.setdefault(reading.number, {})
        if reading.whole:
            known.clear()
        known.update({**reading.values, **reading.more})


@asynccontextmanager
async def client_of(unit: SimulatedCharger) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(unit.host, unit.port)
    try:
        yield Client(unit.charger.model, reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def one(product: str = "sbc840", **options: Any) -> AsyncIterator[SimulatedCharger]:
    async with simulate_chargers(product, count=1, listen=HOST, port=0, **{"still": True, **options}) as units:
        yield units[0]


@pytest.fixture
async def unit() -> AsyncIterator[SimulatedCharger]:
    async with one() as charger:
        yield charger


@pytest.fixture
async def client(unit: SimulatedCharger) -> AsyncIterator[Client]:
    async with client_of(unit) as connected:
        yield connected


# -- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", MODELS)
async def test_every_model_is_read_whole_and_knows_its_bays(product: str) -> None:
    bays = {"sbc220": 2, "sbc240": 2, "sbc441": 4, "sbc840": 8, "sbc840m": 8, "sbrc": 6}
    async with one(product) as charger, client_of(charger) as connected:
        await connected.ask("< GET 0 ALL >", "< GET NET_SETTINGS SC >")
        assert connected.bays.numbers == tuple(range(1, bays[product] + 1))
        unit = connected.seen[0]
        assert unit["model"] == charger.charger.model
        assert unit["mac"] == charger.mac
        assert unit["name"] == charger.label
        assert unit["storage_mode"] is False
        for bay in connected.bays.numbers:
            assert connected.seen[bay].keys() >= sbc.BAY_KEYS
            assert connected.of(bay, "charge_state") == "charging"


async def test_a_question_for_one_bay_brings_the_lines_of_the_unit_too(client: Client) -> None:
    lines = await client.ask("< GET 3 ALL >")
    assert {line.split()[1] for line in lines if not line.split()[1].isdigit()} >= {"MODEL", "DEVICE_ID", "FW_VER"}
    assert {line.split()[1] for line in lines if line.split()[1].isdigit()} == {"3"}


async def test_bays_come_in_the_order_of_a_real_charger(client: Client) -> None:
    lines = await client.ask("< GET 0 ALL >")
    names = [line.split()[2] for line in lines if line.startswith("REP 1 ")]
    assert names[:4] == ["BATT_DETECTED", "BATT_TIME_TO_FULL", "BATT_STATE", "BATT_CHARGE"]
    assert names[-1] == "BATT_ERROR"


async def test_index_zero_asks_all_bays(client: Client) -> None:
    lines = await client.ask("< GET 0 BATT_CHARGE >")
    assert lines == [f"REP {bay} BATT_CHARGE 060" for bay in range(1, 9)]


@pytest.mark.parametrize(
    "question",
    [
        "< GET 1 METER_RATE >",
        "< SET 0 METER_RATE 01000 >",
        "< GET METER_RATE >",
        "< GET ALL >",
        "< GET 9 BATT_CHARGE >",
        "< GET 9 ALL >",
        "< GET BATT_CHARGE >",
        "< GET 1 MODEL >",
        "< GET 1 BATT_MODULE_TYPE >",
        "< GET CHAN_NAME >",
        "< GET  MODEL >",
        "< GET 1 BATT_CHARGE 5 >",
        "< GET NET_SETTINGS >",
        "< PUT MODEL >",
        "< MODEL >",
        "< get MODEL >",
        "< SET 1 BATT_CHARGE 100 >",
        "< SET MODEL {SBC220} >",
        "< SET STORAGE_MODE MAYBE >",
        "< SET 1 STORAGE_MODE ON >",
        "< SET FLASH OFF >",
        "< SET DEVICE_ID {} >",
        "< SET DEVICE_ID {        } >",
        "< SET DEVICE_ID {NineSigns} >",
        "< SET DEVICE_ID Dock >",
        "< SET DEVICE_ID {a|b} >",
        "< SET DEVICE_ID {Zoë} >",
        "< SET NET_SETTINGS SC AUTO na na na >",
        "< SET REBOOT now >",
    ],
)
async def test_what_a_charger_does_not_take_is_refused_and_changes_nothing(client: Client, question: str) -> None:
    before = await client.ask("< GET 0 ALL >")
    assert await client.ask(question) == ["REP ERR"]
    assert await client.ask("< GET 0 ALL >") == before


async def test_an_unknown_name_can_stay_without_an_answer() -> None:
    async with one(unknown="silent") as charger, client_of(charger) as connected:
        assert await connected.ask("< GET 1 METER_RATE >") == []


async def test_linked_chargers_answer_as_one() -> None:
    async with one("sbc220", linked=4) as charger, client_of(charger) as connected:
        await connected.ask("< GET 0 ALL >")
        assert connected.bays.numbers == tuple(range(1, 9))
        assert connected.of(1, "module_type") == "primary"
        assert connected.of(8, "module_type") == "secondary_or_primary"


@pytest.mark.parametrize("silent", [True, False])
async def test_the_bays_of_a_rack_are_those_that_have_a_module(silent: bool) -> None:
    options: dict[str, Any] = {"modules": "sbm920,none,sbm910m", "silent_modules": silent}
    async with one("sbrc", **options) as charger, client_of(charger) as connected:
        await connected.ask("< GET 0 ALL >")
        assert connected.bays.numbers == (1, 2, 5, 6)
        assert (
            await connected.ask("< GET 0 BATT_MODULE_TYPE >")
            == [f"REP {module} BATT_MODULE_TYPE {code}" for module, code in enumerate(("004", "000", "006", "000"), 1)][
                : 2 if silent else 4
            ]
        )
        with pytest.raises(ValueError, match="module"):
            charger.set_value(Part(3), "occupied", value=True)


# -- changes -----------------------------------------------------------------------------------------------------


async def test_a_battery_charges_and_the_changes_are_reported_unasked(unit: SimulatedCharger, client: Client) -> None:
    await client.ask("< GET 0 ALL >")
    minutes = client.of(1, "time_to_full_minutes")
    assert isinstance(minutes, int)
    unit.pass_time(3600)
    await client.until(lambda: client.of(8, "battery_percent") == 85)
    assert client.of(1, "time_to_full_minutes") == minutes - 60
    assert client.of(1, "battery_bars") == 5
    unit.pass_time(3600)
    await client.until(lambda: client.of(8, "charge_state") == "full")
    assert client.of(1, "battery_percent") == 100
    assert client.of(1, "time_to_full_minutes") == 0


async def test_half_is_reached_in_an_hour_and_full_in_three(unit: SimulatedCharger, client: Client) -> None:
    await client.ask("< GET 0 ALL >")
    unit.set_value(Part(1), "battery_percent", 2)
    unit.pass_time(3600)
    await client.until(lambda: client.of(1, "battery_percent") in (50, 51, 52))
    unit.pass_time(2 * 3600)
    await client.until(lambda: client.of(1, "battery_percent") == 100)


async def test_time_passes_by_itself_as_fast_as_wished() -> None:
    async with (
        one(still=False, visits=False, time_scale=3600.0, storage_mode=False) as charger,
        client_of(charger) as connected,
    ):
        charger.set_value(Part(1), "occupied", value=False)
        charger.set_value(Part(1), "occupied", value=True)
        await connected.ask("< GET 0 ALL >")
        await connected.until(lambda: connected.of(1, "charge_state") == "full")


async def test_people_bring_and_fetch_batteries(unit: SimulatedCharger, client: Client) -> None:
    await client.ask("< GET 0 ALL >")
    for _ in range(200):
        unit.people_pass(1800)
    await client.ask("< GET DEVICE_ID >")
    assert {client.of(bay, "occupied") for bay in range(1, 9)} == {True, False}


async def test_a_battery_is_taken_out_and_another_put_in(unit: SimulatedCharger, client: Client) -> None:
    await client.ask("< GET 0 ALL >")
    unit.set_value(Part(2), "occupied", value=False)
    await client.ask("< GET DEVICE_ID >")
    assert client.seen[2] == {"occupied": False, "charge_state": "empty"}
    unit.set_value(Part(2), "occupied", value=True)
    await client.ask("< GET DEVICE_ID >")
    assert client.of(2, "charge_state") == "calculating"
    assert client.of(2, "battery_percent") == 42
    unit.pass_time(60)
    await client.until(lambda: client.of(2, "charge_state") == "charging")


@pytest.mark.parametrize("state", ["hot", "cold", "warm", "full", "calculating", "precharging", "charging", "fault"])
async def test_a_bay_can_be_in_every_state(unit: SimulatedCharger, client: Client, state: str) -> None:
    await client.ask("< GET 0 ALL >")
    unit.set_value(Part(4), "charge_state", state)
    await client.ask("< GET DEVICE_ID >")
    assert client.of(4, "charge_state") == state
    assert client.of(4, "fault") == ("charge_failed" if state == "fault" else None)
    unit.set_value(Part(4), "charge_state", None)
    await client.ask("< GET DEVICE_ID >")
    assert client.of(4, "charge_state") in ("charging", "full")


@pytest.mark.parametrize("fault", sorted({*sbc.FAULT_WORDS} - {"unspecified"}))
async def test_a_bay_can_have_every_fault_and_has_no_numbers_then(
    unit: SimulatedCharger, client: Client, fault: str
) -> None:
    await client.ask("< GET 0 ALL >")
    unit.set_value(Part(5), "fault", fault)
    await client.ask("< GET DEVICE_ID >")
    assert client.of(5, "fault") == fault
    assert client.of(5, "battery_percent") is None
    assert client.of(5, "occupied") is True
    unit.set_value(Part(5), "fault", None)
    await client.ask("< GET DEVICE_ID >")
    assert client.of(5, "fault") is None
    assert client.of(5, "battery_percent") == 60


async def test_a_warm_battery_stops_below_a_full_charge_and_goes_on_when_it_is_cooler(
    unit: SimulatedCharger, client: Client
) -> None:
    await client.ask("< GET 0 ALL >")
    unit.set_value(Part(1), "battery_percent", 80)
    unit.set_value(Part(1), "battery_temperature_c", 50)
    assert "REP 1 BATT_STATE WARM_FULL" in await client.ask("< GET 1 BATT_STATE >")
    unit.pass_time(900)
    await client.until(lambda: client.of(1, "charge_state") == "charging")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("battery_percent", 17),
        ("battery_percent", None),
        ("battery_bars", 1),
        ("battery_bars", None),
        ("battery_health_percent", 71),
        ("battery_cycles", 999),
        ("battery_cycles", None),
        ("battery_temperature_c", 31),
        ("battery_temperature_c", None),
        ("time_to_full_minutes", 5),
        ("time_to_full_minutes", None),
        ("capacity_mah", 950),
        ("charged_mah", 12),
    ],
)
async def test_a_value_that_is_set_is_the_value_that_is_read(
    unit: SimulatedCharger, client: Client, key: str, value: object
) -> None:
    await client.ask("< GET 0 ALL >")
    unit.set_value(Part(6), key, value)
    await client.ask("< GET DEVICE_ID >")
    assert client.of(6, key) == value


async def test_what_a_charger_does_not_have_cannot_be_set(unit: SimulatedCharger) -> None:
    for part, key in ((UNIT, "gain_db"), (Part(1), "frequency_mhz"), (Part(9), "occupied"), (UNIT, "lock")):
        with pytest.raises(KeyError):
            unit.set_value(part, key, None)
    unit.set_value(Part(1), "occupied", value=False)
    for key, value in (("battery_percent", 5), ("charge_state", "full")):
        with pytest.raises(ValueError, match="empty"):
            unit.set_value(Part(1), key, value)
    with pytest.raises(ValueError, match="storage_mode"):
        unit.set_value(Part(2), "charge_state", "stored")


async def test_any_text_can_be_put_on_the_wire(unit: SimulatedCharger, client: Client) -> None:
    await client.ask("< GET 0 ALL >")
    unit.set_wire(Part(1), "BATT_TIME_TO_FULL", "65528")
    await client.ask("< GET DEVICE_ID >")
    assert client.of(1, "time_to_full_minutes") is None
    unit.set_wire(Part(1), "BATT_TIME_TO_FULL", None)
    await client.ask("< GET DEVICE_ID >")
    assert client.of(1, "time_to_full_minutes") == 96


async def test_a_healthy_battery_whose_error_is_never_known_has_no_fault() -> None:
    async with one(error_is_255=True) as charger, client_of(charger) as connected:
        assert "REP 1 BATT_ERROR 255" in await connected.ask("< GET 0 ALL >")
        assert connected.of(1, "fault") is None
        assert connected.of(1, "occupied") is True


# -- commands ----------------------------------------------------------------------------------------------------


async def test_storage_mode_brings_batteries_to_forty_percent(unit: SimulatedCharger, client: Client) -> None:
    await client.ask("< GET 0 ALL >")
    unit.set_value(Part(2), "battery_percent", 10)
    assert "REP STORAGE_MODE ON" in await client.ask("< SET STORAGE_MODE TOGGLE >")
    unit.pass_time(60)
    await client.ask("< GET DEVICE_ID >")
    assert client.of(0, "storage_mode") is True
    assert client.of(1, "charge_state") == "discharging"
    assert client.of(2, "charge_state") == "storing"
    assert client.of(2, "time_to_full_minutes") is None
    unit.pass_time(2 * 3600)
    await client.until(lambda: client.of(8, "charge_state") == "stored")
    assert {client.of(bay, "battery_percent") for bay in (1, 2)} <= {39, 40}
    assert await client.ask("< SET STORAGE_MODE ON >") == ["REP STORAGE_MODE ON"]


async def test_everyone_is_told_of_a_new_name_in_its_full_width(unit: SimulatedCharger, client: Client) -> None:
    async with client_of(unit) as other:
        await other.ask("< GET MODEL >")
        lines = await client.ask("< SET DEVICE_ID {Dock 2} >")
        assert lines == [f"REP DEVICE_ID {{{'Dock 2':31}}}"]
        await other.until(lambda: other.of(0, "name") == "Dock 2")
    assert unit.label == "Dock 2"


async def test_a_light_flashes_and_stops_by_itself(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charger_server, "FLASH_S", 0.05)
    client.send("< SET FLASH ON >")
    await client.until(lambda: "REP FLASH OFF" in client.lines)
    assert client.lines == ["REP FLASH ON", "REP FLASH OFF"]


async def test_a_reboot_gives_no_answer_and_the_unit_comes_back(
    unit: SimulatedCharger, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charger_server, "REBOOT_S", 0.05)
    client.send("< SET REBOOT >")
    with pytest.raises(ConnectionResetError):
        await client.until(lambda: False)
    assert client.lines == []
    async with asyncio.timeout(PATIENCE_S):
        while not unit.is_listening:  # noqa: ASYNC110 - nobody tells when a device is back
            await asyncio.sleep(0.01)
    async with client_of(unit) as again:
        assert await again.ask("< GET STORAGE_MODE >") == ["REP STORAGE_MODE OFF"]


# -- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drop", "reset", "offline", "control_refused"])
async def test_a_connection_that_is_ended_is_ended(unit: SimulatedCharger, client: Client, fault: str) -> None:
    await client.ask("< GET 0 ALL >")
    await unit.fault(fault)
    with pytest.raises(ConnectionResetError):
        await client.until(lambda: False)
    assert client.closed is (fault != "reset")


@pytest.mark.parametrize("fault", ["offline", "control_refused"])
async def test_a_unit_that_is_away_refuses_until_it_is_back(unit: SimulatedCharger, fault: str) -> None:
    await unit.fault(fault)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(unit.host, unit.port)
    await unit.fault("none")
    async with client_of(unit) as connected:
        assert await connected.ask("< GET STORAGE_MODE >")


@pytest.mark.parametrize("fault", ["freeze", "control_blocked"])
async def test_a_unit_that_ignores_everything_is_connected_to_and_silent(unit: SimulatedCharger, fault: str) -> None:
    await unit.fault(fault)
    async with client_of(unit) as connected:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connected.ask("< GET MODEL >"), 0.2)
        unit.set_value(Part(1), "battery_percent", 1)
        assert connected.lines == []
        await unit.fault("none")
        assert await connected.ask("< GET 1 BATT_CHARGE >")


@pytest.mark.parametrize("fault", ["fragmented", "garbage", "slow"])
async def test_a_bad_line_spoils_no_value(unit: SimulatedCharger, fault: str) -> None:
    async with client_of(unit) as connected:
        await connected.ask("< GET 0 ALL >")
        healthy = {bay: dict(values) for bay, values in connected.seen.items()}
    await unit.fault(fault)
    async with client_of(unit) as connected:
        await connected.ask("< GET 0 ALL >")
        assert connected.seen == healthy


async def test_another_unit_can_answer_at_the_same_address(unit: SimulatedCharger) -> None:
    own = unit.label, unit.mac
    await unit.fault("swap")
    assert unit.label != own[0]
    assert unit.mac != own[1]
    await unit.fault("none")
    assert (unit.label, unit.mac) == own


async def test_a_fault_that_does_not_exist_is_refused_by_name(unit: SimulatedCharger) -> None:
    with pytest.raises(ValueError, match="control_blocked"):
        await unit.fault("mischief")
    assert {"none", "drop", "reset", "freeze", "fragmented", "garbage", "slow", "offline"} <= FAULTS.keys()


async def test_a_fleet_has_names_and_addresses_of_its_own_and_the_same_ones_again() -> None:
    identities = []
    for _ in range(2):
        async with simulate_chargers("sbc220", count=3, listen="127.0.61.1", port=0, still=True, seed=7) as units:
            identities.append([(unit.label, unit.mac, unit.charger.firmware) for unit in units])
    assert identities[0] == identities[1]
    assert len({mac for _, mac, _ in identities[0]}) == 3


@pytest.mark.parametrize(
    "options", [{"modules": "sbm920,toaster"}, {"linked": 5}, {"fault": "mischief"}, {"colour": "red"}]
)
async def test_an_option_that_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options)) if "fault" not in options else "mischief"):
        async with simulate_chargers(
            "sbrc" if "modules" in options else "sbc220", count=1, listen=HOST, port=0, **options
        ):
            pass
    with pytest.raises(ValueError, match="sbc220"):
        async with simulate_chargers("sbc999", count=1, listen=HOST, port=0):
            pass


def test_the_simulator_knows_nothing_of_the_driver_that_it_checks() -> None:
    folder = Path(charger_server.__file__).parent
    imports = re.compile(r"^(?:from|import) services\.drivers\.shure\.(\w+)", re.MULTILINE)
    known = {found for path in folder.glob("charger*.py") for found in imports.findall(path.read_text())}
    assert known <= {"simulation", "framing", "simulated_faults"}
