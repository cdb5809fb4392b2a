"""The simulated units do what the notes say: their grammar, their refusals, and what changes in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.drivers.audio_technica.simulation.simulator import simulator
from services.drivers.audio_technica.simulation.unit import Unit
from services.drivers.port import Part


@asynccontextmanager
async def unit_of(product: str, **options: Any) -> AsyncIterator[Unit]:
    async with simulator.run(product, count=1, listen="127.0.0.1", port=0, still=True, **options) as (unit,):
        yield unit


def replies(unit: Unit, line: str) -> list[str]:
    return [reply.decode() for reply in unit.replies(line.encode())]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("gchname O 0000 00 NC 1", 'gchname 0000 00 NC 1,"Vox 1"\r'),
        ("gmymodel O 0000 00 NC ", 'gmymodel 0000 00 NC "ESW-R4180DAN",1\r'),
        ("gmymodel O 0000 00 NC", 'gmymodel 0000 00 NC "ESW-R4180DAN",1\r'),
        ("gchvolume O 0000 00 NC 8", "gchvolume 0000 00 NC 8,30\r"),
        ("schvolume S 0000 00 NC 8,40", "schvolume 0000 00 NC ACK\r"),
        ("schvolume S 0000 00 NC 8,41", "schvolume 0000 00 NC NAK 04\r"),
        ("gchname O 0000 00 NC 9", "gchname 0000 00 NC NAK 04\r"),
        ("GCHNAME O 0000 00 NC 1", "GCHNAME 0000 00 NC NAK 02\r"),
        ("glevelbatt O 0000 00 NC 1", "glevelbatt 0000 00 NC NAK 02\r"),
        ("gchname 1", "gchname 0000 00 NC NAK 01\r"),
        ("gchname O 0000 00 NC " + "1" * 280, "gchname 0000 00 NC NAK 01\r"),
        ("rledflash S 0000 00 NC 0,1", "rledflash 0000 00 NC ACK\r"),
        ("rledflash S 0000 00 NC 1,1", "rledflash 0000 00 NC NAK 04\r"),
    ],
)
async def test_an_esw_answers_as_the_notes_say(line: str, reply: str) -> None:
    async with unit_of("esw_r4180dan") as unit:
        assert replies(unit, line) == [reply]


async def test_what_is_set_without_asking_for_an_acknowledgement_gets_none() -> None:
    async with unit_of("esw_r4180dan") as unit:
        assert replies(unit, 'schname O 0000 00 NC 1,"A, B"') == []
        assert replies(unit, "gchname O 0000 00 NC 1") == ['gchname 0000 00 NC 1,"A, B"\r']


async def test_an_empty_port_of_a_dock_is_refused_with_11_and_one_that_is_none_with_04() -> None:
    async with unit_of("esw_chg4") as unit:
        assert replies(unit, "glevelbatt O 0000 00 NC 4") == ["glevelbatt 0000 00 NC NAK 11\r"]
        assert replies(unit, "glevelbatt O 0000 00 NC 5") == ["glevelbatt 0000 00 NC NAK 04\r"]
        unit.set_value(Part(4), "occupied", True)
        assert replies(unit, "glevelbatt O 0000 00 NC 4") == ["glevelbatt 0000 00 NC 4,1,57,37,97,0143,24,1\r"]


async def test_a_linked_receiver_answers_to_its_own_id_alone() -> None:
    async with unit_of("atw_r1440", linked=2) as unit:
        assert replies(unit, "schmute S 0002 00 NC 1,1") == ["schmute 0002 00 NC ACK\r"]
        assert replies(unit, "gchmute O 0002 00 NC 1") == ["gchmute 0002 00 NC 1,1\r"]
        assert replies(unit, "gchmute O 0001 00 NC 1") == ["gchmute 0001 00 NC 1,0\r"]
        assert replies(unit, "gchmute O 0003 00 NC 1") == ["gchmute 0003 00 NC NAK 04\r"]


async def test_a_divided_answer_has_the_same_text_in_three_pieces() -> None:
    async with unit_of("atw_r5220") as unit:
        (whole,) = replies(unit, "gprch O 0000 00 NC 1")
        await unit.fault("divided")
        pieces = replies(unit, "gprch O 0000 00 NC 1")
    assert [piece.split(" ")[3] for piece in pieces] == ["CS", "CM", "CE"]
    assert "".join(piece.rstrip("\r").split(" ", 4)[4] for piece in pieces) == whole.rstrip("\r").split(" ", 4)[4]


async def test_a_transmitter_that_is_used_drains_and_a_docked_one_is_charged() -> None:
    async with unit_of("esw_r4180dan") as unit:
        unit.machine.step(3600.0)
        assert replies(unit, "glevelbatttx O 0000 00 NC 1") == ["glevelbatttx 0000 00 NC 1,1,78,0614,0\r"]
    async with unit_of("esw_chg4") as unit:
        unit.machine.step(3600.0)
        assert replies(unit, "glevelbatt O 0000 00 NC 1") == ["glevelbatt 0000 00 NC 1,1,100,37,97,0000,24,0\r"]
