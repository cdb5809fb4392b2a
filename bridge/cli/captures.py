"""Records what a unit says, takes out who and where it is, and writes a file that is a test (`tests/captures`).

Theory of operation. A recording is the lines that came, as the driver replays them. What may identify somebody (names,
serial numbers, addresses) is found three ways: what the driver understood of it, what looks like an address, and what
stands in quotes or braces behind a word such as NAME. Each gets one stand-in of the same length, the same throughout.
Then the driver replays both: where a stand-in changed anything but the texts themselves, the original is a word of the
protocol, and stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bridge import __version__
from bridge.cli.probe import BETWEEN_MESSAGES, listen, readable
from services.drivers import (
    Description,
    Driver,
    DriverError,
    Makers,
    Product,
    Reading,
    Target,
    known_product,
    most_useful_failure,
)

Write = Callable[[str], None]

MOST_BYTES: Final = 8_000_000
"""What a recording keeps; a minute of the busiest unit is a tenth of it."""
SHOWN_LINES: Final = 40
SHORTEST: Final = 3
"""Shorter texts are left: they name nobody, and many of them are words of the protocol."""

_WHOLE: Final = re.compile(rb"(?s)(?:.*[\r\n>*\0]|\s*\{.*\})\s*\Z")
"""A piece that is not cut in the middle of a message: by its end, or a JSON object."""
_IPV4: Final = re.compile(rb"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
_MAC: Final = re.compile(rb"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")
_UUID: Final = re.compile(rb"(?<!\w)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?!\w)")
_BEHIND_A_NAME: Final = re.compile(
    rb"""(?i)[\w/]*(?:name|location|position|serial|device_?id|owner|site)[\w/]*"?\s*[:=]?\s*(?:[{"]|\d+\s+[{"])(?!\s*:)([^}"{]+)[}"]"""
)
"""A quote before a colon ends the name of a JSON property: what follows is punctuation and other properties."""
_NETMASK: Final = re.compile(rb"(?:255|0+)\.")

FREE_TEXT: Final = frozenset({"name", "transmitter_id", "device_id", "serial", "mac", "cid", "certificate"})
"""Keys and facts of an identity whose texts may say who or where somebody is."""


class Recording:
    """What went over the wire; `trace` is given to the driver."""

    def __init__(self) -> None:
        self._pieces: list[tuple[str, bytes]] = []
        self._bytes = 0
        self.cut_off = False
        """More came than is kept."""

    def trace(self, direction: str, data: bytes) -> None:
        """A piece that was sent (``>``) or received (``<``)."""
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            self.cut_off = True
            return
        if self._pieces:
            before, piece = self._pieces[-1]
            if before == direction and not _WHOLE.match(piece):
                self._pieces[-1] = direction, piece + data
                return
        self._pieces.append((direction, data))

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """Direction and line, one message each."""
        for direction, piece in self._pieces:
            for line in BETWEEN_MESSAGES.split(piece):
                if line.strip(b" \0"):
                    yield direction, line.strip(b"\0")

    def received(self) -> bytes:
        """What came, one message a line, as a driver replays it."""
        return b"".join(line + b"\n" for direction, line in self.lines() if direction == "<")


@dataclass(slots=True)
class Redaction:
    """Stand-ins: original -> what is written in its place."""

    stand_ins: dict[bytes, bytes] = field(default_factory=dict)
    left: list[bytes] = field(default_factory=list)
    """What looked like a name and is a word of the protocol."""

    def apply(self, data: bytes) -> bytes:
        """The same with every stand-in. Longer originals first, so that a name within a name is not half replaced."""
        if not self.stand_ins:
            return data
        every = sorted(self.stand_ins, key=len, reverse=True)
        pattern = re.compile(rb"(?<![A-Za-z0-9])(?:" + b"|".join(map(re.escape, every)) + rb")(?![A-Za-z0-9])")
        return pattern.sub(lambda found: self.stand_ins[found[0]], data)


def redact(data: bytes, driver: Driver, product: str, named: Iterable[str], known: Iterable[str]) -> Redaction:
    """Stand-ins for all that may identify somebody in a recording of a product.

    ``named`` are texts that name somebody, ``known`` texts that stay whatever they look like (firmware versions).
    """
    stays = {text.encode() for text in known}
    redaction = Redaction()
    for original, stand_in in _candidates(data, named, stays):
        redaction.stand_ins.setdefault(original, stand_in)
    expected = _shape(driver.replay(product, data))
    if _shape(driver.replay(product, redaction.apply(data))) != expected:
        for original in list(redaction.stand_ins):
            alone = Redaction({original: redaction.stand_ins[original]})
            if _shape(driver.replay(product, alone.apply(data))) != expected:
                redaction.left.append(original)
                del redaction.stand_ins[original]
    return redaction


def _candidates(data: bytes, named: Iterable[str], stays: set[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for number, found in enumerate(_distinct(_IPV4.findall(data), stays), 1):
        if not _NETMASK.match(found):
            yield found, _address(found, number)
    for number, match in enumerate(_distinct((each[0] for each in _MAC.finditer(data)), stays), 1):
        yield match, match[:9] + f"00{chr(match[2])}00{chr(match[2])}{number % 256:02X}".encode()
    for number, found in enumerate(_distinct(_UUID.findall(data), stays), 1):
        yield found, found[:2] + f"{number % 10**6:06d}".encode() + found[8:]
    texts = [text.encode() for text in named] + [text.strip() for text in _BEHIND_A_NAME.findall(data)]
    for number, found in enumerate(_distinct(texts, stays), 1):
        if len(found) >= SHORTEST and not _MAC.fullmatch(found) and not _UUID.fullmatch(found):
            for written in {
                found,
                found.replace(b" ", b"_"),
                json.dumps(found.decode("utf-8", "replace")).encode()[1:-1],
            }:
                yield written, f"N{number:0{len(written) - 1}d}".encode()[: len(written)]


def _distinct(texts: Iterable[bytes], stays: set[bytes]) -> list[bytes]:
    return [text for text in dict.fromkeys(texts) if text not in stays]


def _address(found: bytes, number: int) -> bytes:
    """An address of the range for documentation (RFC 5737), padded with zeros where the original is."""
    padded = all(len(part) == len(b"255") for part in found.split(b"."))
    return f"192.000.002.{number % 255:03d}".encode() if padded else f"192.0.2.{number % 255}".encode()


def _shape(readings: Sequence[Reading]) -> list[object]:
    """Readings without the texts that name somebody."""

    def plain(values: Mapping[str, object]) -> dict[str, object]:
        return {key: isinstance(value, str) if _is_free(key) else value for key, value in values.items()}

    return [(reading.part, plain(reading.values), plain(reading.more), reading.whole) for reading in readings]


def _is_free(key: str) -> bool:
    return key in FREE_TEXT or key.endswith(("_name", "_serial", "_location"))


def names_in(description: Description, readings: Iterable[Reading]) -> set[str]:
    """Texts by which somebody could be found, as the driver understood them."""
    identity = description.identity
    found = {str(getattr(identity, fact)) for fact in FREE_TEXT - {"name", "transmitter_id"} if getattr(identity, fact)}
    for reading in readings:
        for key, value in (*reading.values.items(), *reading.more.items()):
            if isinstance(value, str) and _is_free(key):
                found.add(value)
    return found


def product_of(driver: Driver, description: Description) -> Product | None:
    """The product of the catalogue that a unit is: by its model, by how the model begins, by its family."""
    model = description.identity.model or ""
    exact = next((each for each in driver.products if each.model == model), None)
    begins = [each for each in driver.products if model.startswith(each.model)]
    return (
        exact
        or max(begins, key=lambda each: len(each.model), default=None)
        or known_product(driver, model, description.identity.family)
    )


@dataclass(frozen=True, slots=True)
class Capture:
    """A recording, ready to be written."""

    driver: str
    product: str
    model: str
    redaction: Redaction
    text: bytes
    """The file, redacted."""
    understood: Mapping[str, Any]
    """What the driver makes of it, redacted."""
    counts: Mapping[bytes, int]
    """How often each original stands in the recording."""
    cut_off: bool


async def record(target: Target, makers: Makers, seconds: float) -> Capture:
    """Read the unit at an address, listen, and take out who it is. Raises `DriverError` where none can be read."""
    failures: list[DriverError] = []
    for name in [name for name, driver in makers.items() if driver.doors]:
        recording, readings = Recording(), list[Reading]()
        try:
            async with makers.maker(name).connect(target, readings.extend, recording.trace) as link:
                description = await link.read_all()
                await listen(link, seconds)
        except DriverError as error:
            failures.append(error)
            continue
        return _capture(makers[name], description, readings, recording)
    raise most_useful_failure(failures) if failures else DriverError("never_seen", "there is no driver that asks")


def _capture(driver: Driver, description: Description, readings: Sequence[Reading], recording: Recording) -> Capture:
    product = product_of(driver, description)
    if product is None:
        raise DriverError("wrong_model", f"there is no product for {description.identity.model!r}", again_s=None)
    data = recording.received()
    firmwares = {description.identity.firmware, *_firmwares(readings)} - {None}
    redaction = redact(data, driver, product.name, names_in(description, readings), map(str, firmwares))
    counts = {original: data.count(original) for original in redaction.stand_ins}
    return Capture(
        driver.name,
        product.name,
        description.identity.model or product.model,
        redaction,
        _file(driver.name, product.name, description, recording, redaction),
        understood(driver.replay(product.name, redaction.apply(data))),
        {original: count for original, count in counts.items() if count},
        recording.cut_off,
    )


def _firmwares(readings: Iterable[Reading]) -> set[object]:
    return {value for reading in readings for key, value in reading.values.items() if key.endswith("firmware")}


def _file(driver: str, product: str, description: Description, recording: Recording, redaction: Redaction) -> bytes:
    identity = description.identity
    lines = [
        f"# Recorded by mic2mqtt capture, version {__version__}: model {identity.model}, firmware {identity.firmware}.",
        "# Names, serial numbers and addresses are stand-ins. Lines behind > were sent to the unit.",
        "# Say here whether it is hardware or a simulator, and what was done meanwhile.",
        f"driver {driver}",
        f"product {product}",
    ]
    body = (b"# > " + line if direction == ">" else line for direction, line in recording.lines())
    return "\n".join(lines).encode() + b"\n" + b"".join(redaction.apply(line) + b"\n" for line in body)


def understood(readings: Iterable[Reading]) -> dict[str, Any]:
    """Everything that is known in the end, by what it is about: what stands beside a capture as ``.json``."""
    known: dict[str, Any] = {}
    for reading in readings:
        values = known.setdefault(_place(reading), {})
        if reading.whole:
            gone = {key: dict.fromkeys(value) if key == "more" else None for key, value in values.items()}
            values |= gone
        values |= reading.values
        if reading.more:
            values["more"] = {**values.get("more", {}), **reading.more}
    return {place: values for place, values in known.items() if values}


METERED: Final = "samples"
"""Stands in every summary of meters, and nowhere else."""


def _place(reading: Reading) -> str:
    number, slot = reading.part
    place = f"part {number}" if number else "unit"
    return f"{place} slot {slot}" if slot else f"{place} telemetry" if METERED in reading.values else place


def as_json(known: Mapping[str, Any]) -> str:
    """What was understood, as it stands in a file."""
    return json.dumps(known, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def show(capture: Capture, write: Write) -> None:
    """What was replaced, what was not, and how the file begins."""
    write(f"{capture.model}: read with driver {capture.driver}, product {capture.product}")
    write("replaced, the same throughout:" if capture.counts else "nothing had to be replaced")
    for original, count in capture.counts.items():
        stand_in = capture.redaction.stand_ins[original]
        write(f"  {readable(original)!r} -> {readable(stand_in)!r}, {count} times")
    if capture.redaction.left:
        words = ", ".join(repr(readable(text)) for text in capture.redaction.left)
        write(f"NOT replaced, for they are words of the protocol too: {words}")
    write("")
    lines = capture.text.splitlines()
    for line in lines[:SHOWN_LINES]:
        write(readable(line))
    if len(lines) > SHOWN_LINES:
        write(f"... and {len(lines) - SHOWN_LINES} more lines")
    if capture.cut_off:
        write(f"more came than is kept ({MOST_BYTES} bytes): record for a shorter time")


def save(capture: Capture, path: Path) -> Path:
    """Write the capture, and beside it what was understood; the second path. Raises `OSError`."""
    path.write_bytes(capture.text)
    other = path.with_suffix(".json")
    other.write_text(as_json(capture.understood), encoding="utf-8")
    return other
