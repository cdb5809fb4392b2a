"""However a stream is cut, and whatever stands between its messages, it means the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.drivers.port import Reading
from services.drivers.shure.driver import driver
from services.drivers.shure.families import model_of
from services.drivers.shure.replaying import replay

FOLDER = Path(__file__).parents[3] / "captures" / "shure"
STRINGS = {f"product {each.name}".encode() for each in driver.products if model_of(each.model) is not None}
"""Products that speak command strings; the other protocols of this maker are datagrams and documents."""
CAPTURES = [path for path in sorted(FOLDER.glob("*.capture")) if STRINGS & set(path.read_bytes().splitlines())]

Cut = Callable[[list[bytes]], Iterator[bytes]]


def by_line(lines: list[bytes]) -> Iterator[bytes]:
    yield from lines


def by_byte(lines: list[bytes]) -> Iterator[bytes]:
    yield from (bytes([byte]) for line in lines for byte in line)


def in_fragments(lines: list[bytes]) -> Iterator[bytes]:
    stream = b"".join(lines)
    yield from (stream[place : place + 7] for place in range(0, len(stream), 7))


def with_noise_between(lines: list[bytes]) -> Iterator[bytes]:
    yield from (b"\x00\xff} > noise " + line + b"\r\n>" for line in lines)


def understood(product: str, pieces: Iterator[bytes]) -> list[Reading]:
    found = model_of({each.name: each.model for each in driver.products}[product])
    assert found is not None
    return replay(*found, pieces)


@pytest.mark.parametrize("cut", [by_line, by_byte, in_fragments, with_noise_between], ids=lambda cut: cut.__name__)
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.stem)
def test_what_a_unit_said_is_understood_however_it_arrives(capture: Path, cut: Cut) -> None:
    lines = [line for line in capture.read_bytes().splitlines() if line and not line.startswith(b"#")]
    product = lines[1].decode().removeprefix("product ")
    whole = understood(product, iter([b"".join(lines[2:])]))
    assert whole
    assert understood(product, cut(lines[2:])) == whole
