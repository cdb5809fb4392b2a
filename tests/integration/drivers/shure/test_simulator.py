"""Simulated Shure receivers over real sockets, spoken to in raw bytes."""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest

from services.drivers import Sighting
from services.drivers.shure.adverts import sighting_of
from services.drivers.shure.codec import slp
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.simulation.simulator import FAULTS, Unit, simulate
from services.model import UNIT, Part

HOST = "127.0.20.1"


class Client:
    """A raw connection: what came, and when it ended."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.raw = b""
        self.bodies: list[str] = []
        self._framer = Framer()

    @classmethod
    @asynccontextmanager
    async def of(cls, unit: Unit) -> AsyncIterator[Self]:
        reader, writer = await asyncio.open_connection(unit.host, unit.port)
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()

    def write(self, text: str) -> None:
        self.writer.write(text.encode())

    async def read(self) -> bytes:
        data = await self.reader.read(65536)
        self.raw += data
        self.bodies += [body.decode("latin-1") for body in self._framer.feed(data)]
        return data

    async def until(self, pattern: str, seconds: float = 5) -> str:
        """Read until a body fits, and return it; bodies before it are gone through."""
        async with asyncio.timeout(seconds):
            while True:
                while self.bodies:
                    body = self.bodies.pop(0)
                    if re.fullmatch(pattern, body):
                        return body
                assert await self.read(), "the unit closed the connection"

    async def ask(self, request: str, pattern: str) -> str:
        self.write(f"< {request} >")
        return await self.until(pattern)

    async def nothing_comes(self, seconds: float = 0.3) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return not await self.reader.read(1)
        except TimeoutError:
            return True


@asynccontextmanager
async def one(family: str = "ulxd", **options: Any) -> AsyncIterator[tuple[Unit, Client]]:
    async with simulate(family, count=1, listen=HOST, port=0, still=True, **options) as units, Client.of(units[0]) as c:
        yield units[0], c


async def test_a_unit_answers_in_the_words_of_its_hardware() -> None:
    async with one() as (_, client):
        assert await client.ask("GET MODEL", "REP MODEL .*") == f"REP MODEL {{{'ULXD4Q':<32}}}"
        assert await client.ask("SET 1 METER_RATE 00050", "REP .*") == "REP ERR"
        assert await client.ask("GET NO_SUCH_KEY", "REP .*") == "REP ERR"


async def test_requests_may_come_in_pieces_and_in_heaps() -> None:
    async with one() as (_, client):
        for piece in ("< GET 1 CHAN", "_NAME >< GET 2 CHAN_NAME >\r\n<", " GET 3 CHAN_NAME >"):
            client.write(piece)
            await client.writer.drain()
            await asyncio.sleep(0)
        await client.until(r"REP 1 CHAN_NAME \{.{8}\}")
        await client.until(r"REP 2 CHAN_NAME \{.{8}\}")
        await client.until(r"REP 3 CHAN_NAME \{.{8}\}")


async def test_a_dump_of_everything_tells_meters_once_and_none_after_that() -> None:
    async with one() as (_, client):
        await client.ask("GET 0 ALL", "REP 4 AUDIO_LVL .*")
        assert await client.nothing_comes()


async def test_metering_runs_at_its_rate_and_stops() -> None:
    async with one() as (_, client):
        client.write("< SET 2 METER_RATE 00100 >")
        await client.until("REP 2 METER_RATE 00100")
        loop = asyncio.get_running_loop()
        await client.until("SAMPLE 2 ALL .*")
        start = loop.time()
        for _ in range(10):
            await client.until(r"SAMPLE 2 ALL (AX|XB|AB|XX) \d{3} \d{3}")
        assert 0.8 < loop.time() - start < 2.0
        assert "SAMPLE 1" not in client.raw.decode()
        await client.ask("SET 2 METER_RATE 0", "REP 2 METER_RATE 00000")
        client.bodies.clear()
        assert await client.nothing_comes()


async def test_metering_belongs_to_the_unit_and_goes_to_everyone() -> None:
    async with one() as (unit, client), Client.of(unit) as other:
        await other.ask("GET 1 METER_RATE", "REP 1 METER_RATE 00000")
        client.write("< SET 1 METER_RATE 00100 >")
        await other.until("REP 1 METER_RATE 00100")
        await other.until("SAMPLE 1 .*")


async def test_a_change_is_reported_to_everyone_unasked() -> None:
    async with one() as (unit, client), Client.of(unit) as other:
        await other.ask("GET MODEL", "REP MODEL .*")
        client.write("< SET 1 CHAN_NAME {Longer than eight} >")
        assert await client.until("REP .*") == "REP 1 CHAN_NAME {Longer t}"
        assert await other.until("REP .*") == "REP 1 CHAN_NAME {Longer t}"
        before = asyncio.get_running_loop().time()
        unit.set_value(Part(1), "battery_percent", 25)
        assert before <= unit.last_written <= asyncio.get_running_loop().time()
        assert await other.until("REP .*") == "REP 1 BATT_CHARGE 025"
        unit.set_value(Part(1), "battery_percent", 25)
        unit.set_value(UNIT, "device_id", "RACK 9")
        assert await other.until("REP .*") == "REP DEVICE_ID {RACK 9  }"


async def test_a_transmitter_that_goes_is_reported_with_its_unknown_values() -> None:
    async with one() as (unit, client):
        await client.ask("GET MODEL", "REP MODEL .*")
        unit.set_value(Part(1), "transmitter_present", value=False)
        await client.until("REP 1 TX_TYPE UNKN")
        await client.until("REP 1 BATT_BARS 255")
        await client.until("REP 1 BATT_RUN_TIME 65535")
        client.write("< SET 1 METER_RATE 00100 >")
        await client.until("SAMPLE 1 ALL XX 020 000")


async def test_slxd_plus_refuses_the_dump_of_everything_and_meters() -> None:
    async with one("slxd_plus") as (_, client):
        assert await client.ask("GET 0 ALL", "REP .*") == "REP ERR"
        await client.until(r"SAMPLE 1 ALL \d{3} \d{3} \d{3}")


@pytest.mark.parametrize("family", ["ulxd", "qlxd", "slxd", "slxd_plus", "axient"])
async def test_every_family_can_be_read_in_one_to_three_byte_pieces(family: str) -> None:
    async with one(family) as (unit, client):
        client.write("< GET 1 ALL >")
        await client.until("REP 1 METER_RATE .*")
        plain = client.raw
        await unit.fault("fragmented")
        async with Client.of(unit) as other:
            other.write("< GET 1 ALL >")
            reads = 0
            while len(other.raw) < len(plain):
                assert await other.read()
                reads += 1
        assert other.raw[: len(plain)] == plain
        assert reads > 10


async def test_garbage_stands_between_messages_and_not_in_them() -> None:
    async with one() as (unit, client):
        await unit.fault("garbage")
        client.write("< GET 0 ALL >" * 3)
        for _ in range(3):
            for channel in (1, 2, 3, 4):
                await client.until(rf"REP {channel} CHAN_NAME \{{.{{8}}\}}")
                await client.until(rf"REP {channel} BATT_TYPE LION")
        assert b"\x00\xff" in client.raw
        assert re.search(rb">[^<]*\{[^<}]*<", client.raw)


async def test_a_blank_name_is_reported_blank_and_comes_back() -> None:
    async with one() as (unit, client):
        name = await client.ask("GET 1 CHAN_NAME", "REP 1 CHAN_NAME .*")
        await unit.fault("blank_name")
        assert await client.until("REP 1 CHAN_NAME .*") == "REP 1 CHAN_NAME {        }"
        await unit.fault("none")
        assert await client.until("REP 1 CHAN_NAME .*") == name


async def test_dropping_closes_cleanly_once() -> None:
    async with one() as (unit, client):
        await client.ask("GET MODEL", "REP MODEL .*")
        await unit.fault("drop")
        assert await asyncio.wait_for(client.reader.read(), 1) == b""
        async with Client.of(unit) as again:
            await again.ask("GET MODEL", "REP MODEL .*")


async def test_resetting_is_seen_as_a_reset() -> None:
    async with one() as (unit, client):
        await client.ask("GET MODEL", "REP MODEL .*")
        await unit.fault("reset")
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(client.reader.read(), 1)


async def test_a_frozen_unit_stays_connected_and_silent() -> None:
    async with one() as (unit, client):
        await client.ask("SET 1 METER_RATE 00100", "REP 1 METER_RATE .*")
        await unit.fault("freeze")
        client.write("< GET MODEL >")
        unit.set_value(Part(1), "battery_percent", 11)
        while client.bodies or not await client.nothing_comes(0.2):  # what was on its way
            client.bodies.clear()
        async with Client.of(unit) as other:
            other.write("< GET MODEL >")
            assert await other.nothing_comes()
            await unit.fault("none")
            await other.until("REP MODEL .*")
        await client.until("REP MODEL .*")
        await client.until("SAMPLE 1 .*")


async def test_blocked_control_accepts_and_ignores() -> None:
    async with one(fault="control_blocked") as (unit, client):
        client.write("< GET MODEL >")
        unit.set_value(Part(1), "battery_percent", 11)
        assert await client.nothing_comes()
        assert not client.reader.at_eof()


@pytest.mark.parametrize("fault", ["control_refused", "offline"])
async def test_a_closed_port_refuses_and_opens_again_at_the_same_place(fault: str) -> None:
    async with one() as (unit, client):
        await unit.fault(fault)
        assert await asyncio.wait_for(client.reader.read(), 1) == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(unit.host, unit.port)
        await unit.fault("none")
        async with Client.of(unit) as again:
            await again.ask("GET MODEL", "REP MODEL .*")


async def test_slow_answers_come_half_a_second_late() -> None:
    async with one() as (unit, client):
        await unit.fault("slow")
        start = asyncio.get_running_loop().time()
        await client.ask("GET MODEL", "REP MODEL .*")
        assert 0.45 < asyncio.get_running_loop().time() - start < 2.0


async def test_another_unit_can_answer_at_the_address() -> None:
    async with one("slxd_plus") as (unit, client):
        before = [await client.ask(f"GET {key}", f"REP {key} .*") for key in ("DEVICE_ID", "NET_SETTINGS SC")]
        mac = unit.mac
        await unit.fault("swap")
        assert await asyncio.wait_for(client.reader.read(), 1) == b""
        async with Client.of(unit) as other:
            after = [await other.ask(f"GET {key}", f"REP {key} .*") for key in ("DEVICE_ID", "NET_SETTINGS SC")]
        assert all(old != new for old, new in zip(before, after, strict=True))
        assert after[1].endswith(unit.mac.upper())
        await unit.fault("none")
        assert unit.mac == mac
        async with Client.of(unit) as own:
            assert await own.ask("GET DEVICE_ID", "REP .*") == before[0]


async def test_faults_are_explained_and_others_refused() -> None:
    async with one() as (unit, _):
        with pytest.raises(ValueError, match="drop, reset, freeze"):
            await unit.fault("explode")
    assert all(FAULTS.values())


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"model": "ULXD9"}, "ULXD4Q"), ({"fault": "explode"}, "freeze"), ({"colour": "red"}, "colour")],
)
async def test_what_cannot_be_simulated_is_said(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        async with simulate("ulxd", count=1, listen=HOST, port=0, **options):
            pass


async def test_an_address_that_is_not_ours_is_an_error_with_a_remedy() -> None:
    with pytest.raises(OSError, match=r"cannot listen on 192\.0\.2\.1.*choose"):
        async with simulate("ulxd", count=1, listen="192.0.2.1", port=0):
            pass


async def test_units_stand_on_neighbouring_addresses_and_never_on_0_or_255() -> None:
    async with simulate("qlxd", count=3, listen="127.94.17.253", still=True) as units:
        assert [(unit.host, unit.port) for unit in units] == [
            ("127.94.17.253", 2202),
            ("127.94.17.254", 2202),
            ("127.94.18.1", 2202),
        ]


async def test_a_living_unit_drains_and_meters_differently_from_sample_to_sample() -> None:
    async with (
        simulate("ulxd", count=1, listen=HOST, port=0, drain_per_hour=36000) as units,
        Client.of(units[0]) as client,
    ):
        await client.ask("GET 1 ALL", "REP 1 METER_RATE .*")
        await client.until("REP 1 BATT_CHARGE .*")
        await client.ask("SET 1 METER_RATE 00100", "REP 1 METER_RATE 00100")
        assert len({await client.until("SAMPLE 1 .*") for _ in range(10)}) > 1


async def test_adverts_name_the_unit_and_carry_its_address() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((slp.GROUP, slp.PORT))
        membership = struct.pack("4s4s", socket.inet_aton(slp.GROUP), socket.inet_aton("127.0.0.1"))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        host = "127.94.19.7"
        async with simulate("ulxd", count=1, listen=host, port=0, still=True, advertise="127.0.0.1") as units:
            adverts: list[Sighting | None] = []
            async with asyncio.timeout(5):
                while units[0].mac not in [advert.identity.mac for advert in adverts if advert]:
                    adverts.append(sighting_of(await asyncio.get_running_loop().sock_recv(sock, 4096), host))
            advert = adverts[-1]
            assert advert is not None
            assert (advert.identity.model, advert.name) == ("ULXD4Q", units[0].label)
            assert advert.host == host
            assert units[0].mac.startswith("00:0e:dd:")


async def test_a_thousand_units_fit_into_one_process() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3500:
        pytest.fail(f"a hard limit of {hard} open files is too low; 3,500 are needed (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        async with simulate("ulxd", count=1000, listen=HOST, port=0, still=True) as units:
            assert len({unit.port for unit in units}) == 1000
            frequencies = set()
            for unit in (units[0], units[499], units[999]):
                async with Client.of(unit) as client:
                    frequencies.add(await client.ask("GET 1 FREQUENCY", r"REP 1 FREQUENCY \d{6}"))
            assert len(frequencies) == 3
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
