"""A file is a test: what a unit said, and what its driver understands of it.

A ``.capture`` has comments (``#``) on where its lines come from, the lines ``driver <name>`` and ``product <name>``,
and then the lines as they came. The ``.json`` beside it has everything that was understood, merged. For a new capture
write the first file, run this test once, look hard at the second file that it leaves behind, and keep both.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.cli.captures import as_json, understood
from services.drivers import Reading, find_drivers
from services.model import Part

DRIVERS = find_drivers()
HERE = Path(__file__).parent
CAPTURES = sorted(HERE.rglob("*.capture"))


def read(capture: Path) -> tuple[dict[str, str], bytes]:
    """The header, and the bytes behind it."""
    lines = [line for line in capture.read_bytes().splitlines() if line and not line.startswith(b"#")]
    header: dict[str, str] = {}
    while lines and lines[0].split(b" ")[0] in {b"driver", b"product"}:
        word, _, value = lines.pop(0).decode().partition(" ")
        header[word] = value
    return header, b"\n".join(lines) + b"\n"


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: f"{capture.parent.name}-{capture.stem}")
def test_what_a_unit_said_is_understood(capture: Path) -> None:
    header, data = read(capture)
    driver = DRIVERS[header["driver"]]
    assert header["product"] in {product.name for product in driver.products}
    found = understood(driver.replay(header["product"], data))
    expected = capture.with_suffix(".json")
    if not expected.exists():
        expected.write_text(as_json(found))
        pytest.fail(f"{expected.name} did not exist and was written: look at it, and keep it if it is right")
    assert found == json.loads(expected.read_text())


@pytest.mark.parametrize("name", sorted(name for name, driver in DRIVERS.items() if driver.doors))
def test_every_driver_brings_a_capture(name: str) -> None:
    assert any(read(capture)[0]["driver"] == name for capture in CAPTURES)


def test_a_reading_that_is_whole_takes_back_what_it_does_not_name() -> None:
    readings = [Reading(Part(1), {"a": 1, "b": 2}), Reading(Part(1), {"b": 3}, whole=True)]
    assert understood(readings) == {"part 1": {"a": None, "b": 3}}
