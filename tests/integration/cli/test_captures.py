"""What `mic2mqtt capture` writes: a test without anybody's names and addresses, of whatever product."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bridge.cli import captures
from bridge.cli.devices import Asked, capture
from services.drivers import SimulatedUnit, find_drivers, find_simulators
from services.model import Part
from tests.captures.test_captures import read

DRIVERS = find_drivers()


def data_of(path: Path) -> bytes:
    return read(path)[1]


async def recorded(unit: SimulatedUnit, path: Path, *, agree: bool = True, listen_s: float = 0.5) -> list[str]:
    """Record a simulated Shure receiver; what was shown."""
    said: list[str] = []
    asked = Asked(unit.host, unit.port, "shure", interface="127.0.0.1", meter_interval_s=0.1)
    await capture(asked, listen_s=listen_s, path=path, agree=lambda _: agree, write=said.append)
    return said


async def test_a_capture_is_a_test_and_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "rack.capture"
    async with find_simulators()["shure"].run("ulxd4d", count=1, listen="127.0.0.1", port=0, still=True) as units:
        units[0].set_value(Part(1), "name", "Hamlet")
        units[0].set_value(Part(2), "name", "Hamlet")
        said = await recorded(units[0], path)
    header, data = read(path)
    assert header == {"driver": "shure", "product": "ulxd4d"}
    expected = json.loads(path.with_suffix(".json").read_text())
    assert captures.understood(DRIVERS["shure"].replay("ulxd4d", data)) == expected
    assert b"Hamlet" not in path.read_bytes()
    assert expected["part 1"]["name"] == expected["part 2"]["name"] != "Hamlet"
    assert expected["part 1 telemetry"]["samples"] > 0
    assert any("'Hamlet' -> " in line and "2 times" in line for line in said), said


async def test_addresses_are_replaced_in_the_form_in_which_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "rack.capture"
    async with find_simulators()["shure"].run("ulxd4", count=1, listen="127.0.0.1", port=0, still=True) as units:
        await recorded(units[0], path)
    network = next(line for line in data_of(path).splitlines() if b"NET_SETTINGS" in line)
    assert b"192.000.002." in network
    assert b"00:0E:DD:00:00:" in network, "the maker's part of the MAC stays"


async def test_nothing_is_written_before_somebody_agrees(tmp_path: Path) -> None:
    path = tmp_path / "rack.capture"
    async with find_simulators()["shure"].run("ulxd4", count=1, listen="127.0.0.1", port=0, still=True) as units:
        said = await recorded(units[0], path, agree=False, listen_s=0.0)
    assert not path.exists()
    assert said[-1] == "nothing was written"


async def test_a_unit_that_does_not_answer_is_said_and_not_recorded(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        said: list[str] = []
        asked = Asked("127.0.0.1", port, "shure", interface="127.0.0.1")
        path = tmp_path / "x.capture"
        assert not await capture(asked, listen_s=0.0, path=path, agree=lambda _: True, write=said.append)
    assert "nothing was recorded: closed_by_device" in said[-1]


LINES = (
    b"< REP MODEL {ULXD4D                          } >\n< REP FW_VER {2.4.20.0                } >\n"
    b"< REP 1 CHAN_NAME {BATTERY } >\n< REP 1 TX_POWER_SOURCE BATTERY >\n"
    b"< REP 2 CHAN_NAME {Vox     } >\n< REP NA_DEVICE_NAME {Hall-left                      } >\n"
)


def test_a_name_that_is_a_word_of_the_protocol_stays_and_is_told() -> None:
    redaction = captures.redact(LINES, DRIVERS["shure"], "ulxd4d", ["BATTERY", "Vox"], ["2.4.20.0"])
    redacted = redaction.apply(LINES)
    assert redaction.left == [b"BATTERY"]
    assert b"TX_POWER_SOURCE BATTERY" in redacted
    assert b"Vox" not in redacted


def test_a_name_that_no_driver_understands_is_found_by_the_word_before_it() -> None:
    redaction = captures.redact(LINES, DRIVERS["shure"], "ulxd4d", [], ["2.4.20.0"])
    assert b"Hall-left" not in redaction.apply(LINES)


def test_what_stands_between_properties_of_json_is_no_name() -> None:
    lines = (
        b'{"device":{"identity":{"product":"EWDX2CH"}}}\n{"device":{"name":"Hall-left","location":""}}\n'
        b'{"osc":{"state":{"subscribe":[{"#":{"lifetime":30},"rx1":{"name":null,"frequency":null}}]},"xid":7}}\n'
        b'{"device":{"location": null}}\n'
    )
    redacted = captures.redact(lines, DRIVERS["sennheiser"], "ewdx_em2", [], []).apply(lines)
    assert b"Hall-left" not in redacted
    assert redacted.count(b"null") == lines.count(b"null")


def test_a_version_that_looks_like_an_address_stays() -> None:
    redaction = captures.redact(LINES, DRIVERS["shure"], "ulxd4d", [], ["2.4.20.0"])
    assert b"{2.4.20.0 " in redaction.apply(LINES)


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_message_that_came_in_two_reads_is_one_line(cut: int) -> None:
    recording = captures.Recording()
    message = b"< REP 1 CHAN_NAME {Vox 1   } >< REP 2 CHAN_NAME {Vox 2   } >"
    recording.trace(">", b"< GET 0 ALL >")
    recording.trace("<", message[:cut])
    recording.trace("<", message[cut:])
    assert b"".join(recording.received().split(b"\n")) == message
    assert recording.received().count(b"\n") == 2
