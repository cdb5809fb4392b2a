"""What recorded bytes of a base mean, without a base: for captures. PURE."""

from __future__ import annotations

from services.drivers.port import Reading
from services.drivers.yamaha.codec.fields import UnknownValueError, decode
from services.drivers.yamaha.codec.lines import Lines, parse
from services.drivers.yamaha.codec.microphones import Base, numbers_of
from services.drivers.yamaha.codec.telnet import Telnet


def replay(channels: int, data: bytes) -> list[Reading]:
    """All readings in their order."""
    base, readings = Base(), list[Reading]()
    text, _ = Telnet().feed(data)
    for message in filter(None, map(parse, Lines().feed(text + b"\r"))):
        try:
            values = decode(message)
        except UnknownValueError as error:
            values = dict.fromkeys(error.fields)
        readings += [base.reading(n) for n in numbers_of(message, channels) if values and base.take(n, values)]
    return readings
