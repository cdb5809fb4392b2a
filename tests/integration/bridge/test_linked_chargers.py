"""Two-bay chargers that are linked while the bridge is connected, and a charger that speaks words that nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from tests.integration.bridge.test_chargers import bay, online, with_units
from tests.integration.house import LOOPBACK, House

BATTERY = {
    "BATT_DETECTED": "YES",
    "BATT_STATE": "NORMAL",
    "BATT_CHARGE": "071",
    "BATT_HEALTH": "098",
    "BATT_BARS": "004",
    "BATT_TIME_TO_FULL": "00045",
    "BATT_CYCLE": "00012",
    "BATT_TEMP_C": "064",
    "BATT_ERROR": "000",
}


class LinkedCharger:
    """An SBC220 as its command strings are published: answers GET, reports what changes, refuses what it lacks."""

    def __init__(self) -> None:
        self.port = 0
        self.bays = {1: dict(BATTERY), 2: dict(BATTERY)}
        self._writers: set[asyncio.StreamWriter] = set()

    def change(self, number: int, name: str, value: str) -> None:
        """Change a value and report it."""
        self.bays[number][name] = value
        for writer in self._writers:
            writer.write(f"< REP {number} {name} {value} >\r\n".encode())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while question := await reader.readuntil(b">"):
                words = question.decode("ascii", "replace").strip("< >\r\n").split()
                writer.write("".join(f"< REP {line} >\r\n" for line in self._answers(words)).encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            self._writers.discard(writer)
            writer.close()

    def _answers(self, words: list[str]) -> Iterator[str]:
        unit = {
            "MODEL": "MODEL {SBC220                          }",
            "FW_VER": "FW_VER {1.4.53.0                }",
            "DEVICE_ID": "DEVICE_ID {Dock                           }",
            "STORAGE_MODE": "STORAGE_MODE OFF",
        }
        match words:
            case ["GET", "0", "ALL"]:
                yield from unit.values()
                for number, values in self.bays.items():
                    yield from (f"{number} {name} {value}" for name, value in values.items())
            case ["GET", name] if name in unit:
                yield unit[name]
            case _:
                yield "ERR"


@asynccontextmanager
async def linked_charger() -> AsyncIterator[LinkedCharger]:
    unit = LinkedCharger()
    server = await asyncio.start_server(unit.serve, LOOPBACK, 0)
    unit.port = server.sockets[0].getsockname()[1]
    try:
        yield unit
    finally:
        server.close()


def at(house: House, unit: LinkedCharger) -> House:
    return with_units(house, {"host": LOOPBACK, "port": unit.port, "id": "dock", "kind": "charger"})


async def test_a_charger_that_is_linked_to_another_shows_all_bays_with_their_abilities_at_the_next_read(
    house: House,
) -> None:
    async with linked_charger() as unit, at(house, unit).running() as (_, seen):
        await online(seen)
        await seen.until(lambda: bay(seen, 2).get("occupied"))
        unit.bays |= {3: dict(BATTERY), 4: dict(BATTERY)}
        await seen.ask("charger/dock", "refresh")
        await seen.until(lambda: bay(seen, 4).get("battery_percent") == 71)
        await seen.until(lambda: seen.newest("charger/dock", "info")["data"]["bay_count"] == 4)
        abilities = seen.newest("bay/dock-1", "info")["data"]["capabilities"]
        await seen.until(lambda: seen.newest("bay/dock-4", "info")["data"]["capabilities"] == abilities)
        assert "battery_percent" in abilities


async def test_a_state_that_no_document_has_is_unknown_and_not_the_last_one_that_was_known(house: House) -> None:
    async with linked_charger() as unit, at(house, unit).running() as (_, seen):
        await online(seen)
        await seen.until(lambda: bay(seen, 1).get("charge_state") == "charging")
        unit.change(1, "BATT_STATE", "WIRELESS_BOOST")
        await seen.until(lambda: bay(seen, 1)["charge_state"] is None)
        assert bay(seen, 1)["occupied"] is True
        assert bay(seen, 1)["status"] == "unknown"
