"""A file is a test: what a device said, and what we understand of it.

A ``.capture`` has comments (``#``) on where its lines come from, one line ``family <name>``, and then the lines as they
came. The ``.json`` beside it has everything that was understood, merged. For a new capture write the first file, run
this test once, look hard at the second file that it leaves behind, and keep both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.composing import Composer
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.codec.samples import summarise
from services.drivers.shure.families import FAMILIES, Family

HERE = Path(__file__).parent
CAPTURES = sorted(path for path in HERE.rglob("*.capture") if not path.stem.startswith("sbc_"))

Cut = Callable[[list[bytes]], Iterator[bytes]]


def whole(lines: list[bytes]) -> Iterator[bytes]:
    yield b"".join(lines)


def by_line(lines: list[bytes]) -> Iterator[bytes]:
    yield from lines


def by_byte(lines: list[bytes]) -> Iterator[bytes]:
    yield from (bytes([byte]) for line in lines for byte in line)


def in_fragments(lines: list[bytes]) -> Iterator[bytes]:
    stream = b"".join(lines)
    yield from (stream[place : place + 7] for place in range(0, len(stream), 7))


def with_noise_between(lines: list[bytes]) -> Iterator[bytes]:
    yield from (b"\x00\xff} > noise " + line + b"\r\n>" for line in lines)


def read(capture: Path) -> tuple[Family, list[bytes]]:
    lines = [line for line in capture.read_bytes().splitlines() if line and not line.startswith(b"#")]
    word, family = lines[0].decode().split()
    assert word == "family"
    return FAMILIES[family], lines[1:]


def understand(family: Family, pieces: Iterator[bytes]) -> dict[str, Any]:
    """Everything that a stream says, merged by what it is about."""
    framer, composer = Framer(), Composer()
    told: dict[str, Any] = {}
    samples = b""
    for body in (body for piece in pieces for body in framer.feed(piece)):
        message = codec.parse(body)
        if message is None:
            continue
        if message.verb == "SAMPLE":
            samples += b"< %b >" % body
        elif (reading := codec.decode(message, family.properties)) is not None:
            for composed in composer.compose(reading):
                place = "receiver" if composed.channel is None else f"channel {composed.channel}"
                place += "" if composed.slot is None else f" slot {composed.slot}"
                told.setdefault(place, {}).update(composed.values)
    if family.meters is not None:
        summaries = summarise(family.meters.sample, samples)
        told |= {f"channel {channel} telemetry": summary for channel, summary in summaries.items()}
    return {place: values for place, values in told.items() if values}


@pytest.mark.parametrize(
    "cut", [whole, by_line, by_byte, in_fragments, with_noise_between], ids=lambda cut: cut.__name__
)
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.stem)
def test_what_a_device_said_is_understood_however_it_arrives(capture: Path, cut: Cut) -> None:
    family, lines = read(capture)
    understood = understand(family, cut(lines))
    expected = capture.with_suffix(".json")
    if not expected.exists():
        expected.write_text(json.dumps(understood, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        pytest.fail(f"{expected.name} did not exist and was written: look at it, and keep it if it is right")
    assert understood == json.loads(expected.read_text())


def test_there_are_captures() -> None:
    assert CAPTURES
