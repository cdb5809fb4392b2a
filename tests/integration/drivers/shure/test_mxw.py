"""The Shure driver against simulated Microflex Wireless: what is recognised, asked again, polled and kept apart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.drivers import Link, Reading, Surroundings, make_target
from services.drivers.shure.driver import ShureMaker
from services.drivers.shure.families import FAMILIES
from services.drivers.shure.simulation.mxw.fleet import MODELS, simulate_microflex
from services.drivers.shure.simulation.mxw.server import MicroflexUnit
from services.model import Kind, Part

MAKER = ShureMaker(Surroundings())
SOON_S = 3.0


class Heard:
    """What a unit reported, merged, and what was said on the wire."""

    def __init__(self) -> None:
        self.values: dict[Part, dict[str, object]] = {}
        self.more: dict[Part, dict[str, object]] = {}
        self.sent = b""
        self._news = asyncio.Event()

    def listen(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            values, more = self.values.setdefault(reading.part, {}), self.more.setdefault(reading.part, {})
            if reading.whole:
                values |= dict.fromkeys(values)
                more |= dict.fromkeys(more)
            values |= reading.values
            more |= reading.more
        self._news.set()

    def trace(self, direction: str, data: bytes) -> None:
        if direction == ">":
            self.sent += data

    def value(self, number: int, key: str) -> object:
        return self.values[Part(number)].get(key)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def talking(product: str, **options: Any) -> AsyncIterator[tuple[MicroflexUnit, Link, Heard]]:
    async with simulate_microflex(product, count=1, listen="127.0.0.1", port=0, **{"still": True, **options}) as (
        unit,
    ):
        heard = Heard()
        target = make_target(unit.host, unit.port, meter_interval_s=0.1, answer_timeout_s=1.0)
        async with MAKER.connect(target, heard.listen, heard.trace) as link:
            await link.read_all()
            yield unit, link, heard


@pytest.fixture
def polled_fast() -> Iterator[None]:
    """Docks are asked ten times a second instead of every 30 s."""
    families = [FAMILIES["mxw_next_dock"], FAMILIES["mxw_dock"]]
    for family in families:
        object.__setattr__(family, "polled_s", 0.1)
    yield
    for family in families:
        object.__setattr__(family, "polled_s", 30.0)


@pytest.mark.parametrize("unknown", ["refuse", "silent"])
@pytest.mark.parametrize("product", ["mxwapt2", "mxwapt4", "mxwapt8", "mxwncs2", "mxwncs8"])
async def test_what_has_no_word_for_its_model_is_known_by_its_answers(product: str, unknown: str) -> None:
    options: dict[str, Any] = {"still": True, "unknown": unknown}
    async with simulate_microflex(product, count=1, listen="127.0.0.1", port=0, **options) as (unit,):
        (seen,) = await MAKER.look(make_target(unit.host, unit.port, answer_timeout_s=1.0))
    assert (seen.identity.model, seen.identity.serial) == (product.upper(), None)


@pytest.mark.parametrize("product", [name for name, model in MODELS.items() if model.next])
async def test_the_serial_number_is_part_of_who_it_is(product: str) -> None:
    async with simulate_microflex(product, count=1, listen="127.0.0.1", port=0, still=True) as (unit,):
        target = make_target(unit.host, unit.port, answer_timeout_s=1.0)
        (own,) = await MAKER.look(target)
        await unit.fault("swap")
        (other,) = await MAKER.look(target)
    assert own.identity.serial
    assert own.identity.serial != other.identity.serial
    assert own.identity.kind is (Kind.CHARGER if "ndx" in product else Kind.RECEIVER)


@pytest.mark.parametrize("product", ["mxwapt4", "mxwapx4", "mxwapxd2"])
async def test_a_microphone_that_comes_back_is_asked_for_what_changed_meanwhile(product: str) -> None:
    async with talking(product) as (unit, _, heard):
        unit.set_value(Part(2), "transmitter_present", False)
        await heard.until(lambda: heard.value(2, "transmitter_present") is False)
        unit.set_value(Part(2), "battery_percent", 33)
        heard.sent = b""
        unit.set_value(Part(2), "transmitter_present", True)
        await heard.until(lambda: heard.value(2, "battery_percent") == 33)
        await heard.until(lambda: heard.value(2, "transmitter_present") is True)
    assert b"1 BATT_CHARGE" not in heard.sent  # the other channels are left alone


@pytest.mark.usefixtures("polled_fast")
async def test_a_dock_is_asked_for_what_it_does_not_report() -> None:
    async with talking("mxwndx4") as (unit, _, heard):
        unit.set_value(Part(3), "occupied", False)
        await heard.until(lambda: heard.value(3, "occupied") is None)
        assert heard.value(3, "battery_percent") is None
        unit.set_value(Part(3), "occupied", True)
        await heard.until(lambda: heard.value(3, "time_to_full_minutes") == 87)
        assert (heard.value(3, "charge_state"), heard.value(3, "battery_percent")) == ("charging", 42)


@pytest.mark.usefixtures("polled_fast")
async def test_an_older_dock_is_polled_too() -> None:
    async with talking("mxwncs4") as (unit, _, heard):
        unit.set_value(Part(4), "device_id", "BP-9")
        await heard.until(lambda: heard.value(4, "device_id") == "BP-9")


async def test_a_dock_is_polled_no_longer_when_the_conversation_ends() -> None:
    async with talking("mxwndx2") as (_, link, _heard):
        again = link._again  # type: ignore[attr-defined]
        assert again._timer is not None
    assert again._timer is None


@pytest.mark.parametrize("product", ["mxwapx4", "mxwapxd2", "mxwndx4", "mxwapt4"])
async def test_reports_without_the_word_for_the_place_are_understood(product: str) -> None:
    async with talking(product) as (_, _, plain), talking(product, bare=True) as (unit, link, bare):
        unknown = {"serial", "device_id", "name"}
        assert bare.values.keys() == plain.values.keys()
        for part, values in plain.values.items():
            if part.number:
                assert {**values, **dict.fromkeys(unknown)} == {**bare.values[part], **dict.fromkeys(unknown)}
        assert link.counters()["meaningless"] == 0
        assert unit.machine.bare


async def test_bays_of_an_access_point_stand_under_the_unit_and_change_no_channel() -> None:
    async with talking("mxwapxd2") as (_, _, heard):
        more = heard.more[Part(0)]
        assert (more["bay_1_microphone_status"], more["bay_2_microphone_status"]) == ("on_charger", "unknown")
        assert more["bay_1_microphone_id"] == "SPARE-1"
        assert heard.more[Part(1)]["microphone_available"] is True


async def test_a_second_microphone_is_read_and_never_asked_for() -> None:
    async with talking("mxwapt4", second=True) as (unit, _, heard):
        channel = unit.machine.channels[1]  # type: ignore[attr-defined]
        lines = unit.machine.changed_by(lambda: setattr(channel.second, "muted", True))
        for connection in unit.connections:
            connection.send(lines)
        await heard.until(lambda: heard.more[Part(1)].get("second_microphone_status") == "muted")
        assert heard.value(1, "transmitter_muted") is False
        assert b"SEC" not in heard.sent


async def test_a_docked_microphone_is_not_on_the_air_and_its_charge_is_told() -> None:
    async with talking("mxwapt2") as (unit, _, heard):
        unit.set_value(Part(1), "microphone_status", "on_charger")
        await heard.until(lambda: heard.more[Part(1)].get("docked_time_to_full_minutes") == 30)
        assert heard.value(1, "transmitter_present") is False
        assert heard.more[Part(1)]["docked_battery_percent"] == 80


async def test_tenths_of_a_decibel_are_set_and_reported() -> None:
    async with talking("mxwapx8") as (_, link, heard):
        results = await link.set(Part(8), {"gain_db": -10.5, "receiver_muted": True})
        assert {key: (one.outcome, one.reported) for key, one in results.items()} == {
            "gain_db": ("ok", -10.5),
            "receiver_muted": ("ok", True),
        }
        assert b"< SET 28 INPUT_CH_GAIN 995 >" in heard.sent
        assert b"< SET 28 INPUT_CH_MUTE MUTED >" in heard.sent


async def test_only_an_older_access_point_lets_a_channel_flash() -> None:
    async with talking("mxwapt2") as (_, link, _):
        assert (await link.identify(Part(2), on=True)).outcome == "ok"
    async with talking("mxwapx4") as (_, link, _):
        assert (await link.identify(Part(2), on=True)).outcome == "not_sent"


async def test_an_older_dock_that_tells_labels_alone_is_read_and_stays_alive() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while question := await reader.readuntil(b">"):
                known = b"GET" in question and b"TX_DEVICE_ID" in question
                labels = b"< REP 1 TX_DEVICE_ID {BP-1        } >< REP 2 TX_DEVICE_ID UNKNOWN >"
                writer.write(labels if known else b"< REP ERR >")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        heard = Heard()
        target = make_target("127.0.0.1", server.sockets[0].getsockname()[1], answer_timeout_s=0.3)
        async with MAKER.connect(target, heard.listen) as link:
            assert (await link.read_all()).identity.model == "MXWNCS2"
            assert (heard.value(1, "occupied"), heard.value(2, "occupied")) == (True, None)
            before = link.last_received
            link.ask_alive()
            async with asyncio.timeout(SOON_S):
                while link.last_received == before:  # noqa: ASYNC110 - of what has no event to wait for
                    await asyncio.sleep(0.01)
