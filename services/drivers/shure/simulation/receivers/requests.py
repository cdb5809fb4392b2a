"""No I/O. How a simulated unit answers GET and SET: what hardware grants, refuses with REP ERR, cuts short or ignores.

Where no document decides, this file chose: gain steps stop at the ends of the range; a group is accepted without a
table of its frequencies (both REPs follow, as documented); RSSI or a slot property without its number is refused on
families that document the number; frequencies are accepted between 174 and 1,900 MHz.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.messages import Message
from services.drivers.shure.simulation.receivers import meters
from services.drivers.shure.simulation.receivers.device import Device, FieldAddress
from services.drivers.shure.simulation.receivers.settings import text

DEFAULT_METER_MS = 1000
"""The rate at which SLX-D+ meters after a refused GET 0 ALL; that it starts is seen, the rate is not."""
GAIN_TOP = 60
DEVICE_FLASH_S, CHANNEL_FLASH_S = 30.0, 60.0
DEVICE_ID_LIMIT = 8

_GROUP = re.compile(r"\{?(\d{1,2}),(\d{1,3}) *\}?")
_METERED = frozenset(
    {"RF_ANTENNA", "RX_RF_LVL", "AUDIO_LVL", "CHAN_QUALITY", "AUDIO_LED_BITMAP", "AUDIO_LEVEL_PEAK", "AUDIO_LEVEL_RMS"}
    | {"ANTENNA_STATUS", "RSSI", "RSSI_LED_BITMAP"}
)
_FREQUENCIES_KHZ = range(174_000, 1_900_001)


class RefusedError(Exception):
    """The unit answers REP ERR."""


@dataclass(slots=True)
class Answer:
    """What a request brings about."""

    replies: list[bytes] = field(default_factory=list)
    """To who asked."""
    reports: list[bytes] = field(default_factory=list)
    """To everyone who is connected, for something has changed."""
    flashing: list[int] = field(default_factory=list)
    """Units (0) and channels that have begun to flash, and stop by themselves."""


def answer(device: Device, body: bytes, *, unknown_is_silent: bool = False, refuses: bool = False) -> Answer:
    """Answer one message; ``body`` is what stands between the angle brackets.

    A unit that ``refuses`` repeats what it has, as a quad does for modes that do not fit together.
    """
    result = Answer()
    message = codec.parse(body)
    try:
        if message is None or message.verb not in ("GET", "SET"):
            raise RefusedError
        if message.verb == "GET":
            result.replies += _get(device, message)
        elif refuses and message.name != "METER_RATE":
            result.replies += _get(device, replace(message, value=""))
        else:
            _set(device, result, message)
    except RefusedError:
        result.replies += [codec.ERROR]
    except KeyError:
        result.replies += [] if unknown_is_silent else [codec.ERROR]
    return result


def line(place: FieldAddress, value: str) -> bytes:
    """A REP as the device writes it."""
    channel, name, sub = place
    return codec.report(name, channel or None, sub or None, value)


def reports(device: Device, places: list[FieldAddress]) -> list[bytes]:
    """What the unit says unasked when these places have changed; an unpaired channel says less."""
    return [line(place, device.shown(place)) for place in places if _is_reported(device, place)]


def _is_reported(device: Device, place: FieldAddress) -> bool:
    channel, name, _ = place
    return channel <= device.paired or not device.family.unpaired or name in device.family.unpaired


def _selected(device: Device, index: int | None) -> list[int]:
    if index is None:
        return [0]
    if index == 0:
        return list(device.channels)
    if index not in device.channels:
        raise RefusedError
    return [index]


def _get(device: Device, asked: Message) -> list[bytes]:
    sub, rest = codec.split_sub(asked.value, alone=True)
    has_sub = asked.name in device.slot_fields or asked.name.startswith("RSSI")
    if rest if has_sub else asked.value:
        raise RefusedError
    if asked.name == "ALL":
        if asked.index is None:
            raise RefusedError
        if asked.index == 0 and not device.family.dumps_all:
            device.meter_ms = [DEFAULT_METER_MS] * device.setup.channels
            raise RefusedError
        return list(_dump(device, asked.index))
    selected = _selected(device, asked.index)
    return [line for channel in selected for line in _property(device, channel, asked.name, sub)]


def _dump(device: Device, index: int) -> Iterator[bytes]:
    """Everything once, the meters too: all of the unit and one channel, or all (docs/protocols.md#everything-at-once).

    NET_SETTINGS is reported only when it is asked for by name. The dump of an unpaired channel is seven lines.
    """
    selected = _selected(device, index)
    if device.family.unpaired and not any(channel <= device.paired for channel in selected):
        yield from reports(device, [place for place, _ in device.channel_places(selected[0])])
        return
    yield from (line((0, name, 0), device.shown((0, name, 0))) for name in device.device_fields if " " not in name)
    for channel in selected:
        reported = [place for place, _ in device.channel_places(channel)]
        yield from reports(device, reported)
        yield line((channel, "METER_RATE", 0), f"{device.meter_ms[channel - 1]:05d}")
        yield from (
            _meter_line(channel, item)
            for item in meters.metered(device.layout, device.levels(channel))
            if _is_reported(device, (channel, item[0], 0))
        )


def _property(device: Device, channel: int, name: str, sub: int | None) -> list[bytes]:
    if name == "FLASH":
        if not device.flashes(channel):
            raise KeyError(name)
        return [line((channel, name, 0), "ON" if channel in device.flashing else "OFF")]
    if channel and name == "METER_RATE":
        return [line((channel, name, 0), f"{device.meter_ms[channel - 1]:05d}")]
    if channel and name in _METERED:
        return _metered(device, channel, name, sub)
    if channel and name in device.slot_fields:
        slots = range(1, device.family.slots + 1)
        wanted = [slot for slot in slots if sub == slot or (sub == 0 and not device.family.links)]
        if not wanted or not _is_reported(device, (channel, name, 0)):
            raise RefusedError
        return [line((channel, name, slot), device.shown((channel, name, slot))) for slot in wanted]
    place = (channel, name, 0)
    reported = device.shown(place)  # raises KeyError for what the family does not have
    if not _is_reported(device, place):
        raise RefusedError
    return [line(place, reported)]


def _metered(device: Device, channel: int, name: str, sub: int | None) -> list[bytes]:
    found = [item for item in meters.metered(device.layout, device.levels(channel)) if item[0] == name]
    if not found:
        raise KeyError(name)
    wanted = [item for item in found if item[1] == sub or (sub == 0 and item[1] is not None)]
    if not wanted:
        raise RefusedError
    return [_meter_line(channel, item) for item in wanted]


def _meter_line(channel: int, item: tuple[str, int | None, str]) -> bytes:
    name, antenna, value = item
    return line((channel, name, antenna or 0), value)


def _set(device: Device, result: Answer, asked: Message) -> None:
    name = asked.name
    fields = {*device.device_fields, *device.channel_fields, *device.slot_fields, "METER_RATE", "FLASH"}
    if name not in fields:
        raise KeyError(name)
    setter = _SETTERS.get(name)
    if setter is None:
        raise RefusedError  # it cannot be set, or the product must never set it
    for channel in _selected(device, asked.index):
        setter(device, result, channel, asked.value.rstrip())


def _store(device: Device, result: Answer, place: FieldAddress, value: str, *also: FieldAddress) -> None:
    """Set a text; every connection gets a change, the one that asked gets the value in any case."""
    if device.field_of(place) is None:
        raise KeyError(place)
    if not _is_reported(device, place):
        raise RefusedError
    changed = device.shown(place) != value
    device.write(place, value)
    reported = [line(where, device.shown(where)) for where in (place, *also)]
    if changed:
        result.reports += reported
    else:
        result.replies += reported


def _set_name(device: Device, result: Answer, channel: int, argument: str) -> None:
    _store_text(device, result, (channel, "CHAN_NAME", 0), argument, device.family.name_limit)


def _set_device_id(device: Device, result: Answer, channel: int, argument: str) -> None:
    _store_text(device, result, (channel, "DEVICE_ID", 0), argument, DEVICE_ID_LIMIT)


def _store_text(device: Device, result: Answer, place: FieldAddress, argument: str, limit: int) -> None:
    item = device.field_of(place)
    if item is None:
        raise KeyError(place)
    name = argument[1:-1] if argument.startswith("{") and argument.endswith("}") else argument
    if not name.isascii() or not name.isprintable() or "{" in name or "}" in name:
        raise RefusedError
    _store(device, result, place, text(name[:limit], item.width))


def _set_gain(device: Device, result: Answer, channel: int, argument: str) -> None:
    place = (channel, "AUDIO_GAIN", 0)
    step = re.fullmatch(r"(INC|DEC) (\d{1,3})", argument)
    if step:
        gain = int(device.shown(place)) + (1 if step[1] == "INC" else -1) * int(step[2])
        gain = max(0, min(GAIN_TOP, gain))
    else:
        gain = _number(argument, range(GAIN_TOP + 1))
    _store(device, result, place, f"{gain:03d}")


def _set_mute(device: Device, result: Answer, channel: int, argument: str) -> None:
    place = (channel, "AUDIO_MUTE", 0)
    now = device.shown(place)
    wanted = {"ON": "ON", "OFF": "OFF", "TOGGLE": "OFF" if now == "ON" else "ON"}.get(argument)
    if wanted is None:
        raise RefusedError
    _store(device, result, place, wanted)


def _set_frequency(device: Device, result: Answer, channel: int, argument: str) -> None:
    place, group = (channel, "FREQUENCY", 0), _group_place(device, channel)
    now = device.shown(place)
    khz = _number(argument, _FREQUENCIES_KHZ)
    if f"{khz:0{len(now)}d}" != now:  # a frequency of its own is in no group
        device.write(group, _group_text(device, "--,--"))
    _store(device, result, place, f"{khz:0{len(now)}d}", group)


def _set_group(device: Device, result: Answer, channel: int, argument: str) -> None:
    match = _GROUP.fullmatch(argument)
    if match is None:
        raise RefusedError
    place = _group_place(device, channel)
    wide = place[1] == "GROUP_CHANNEL"
    pair = f"{int(match[1])},{int(match[2])}" if wide else f"{int(match[1]):02d},{int(match[2]):02d}"
    _store(device, result, place, _group_text(device, pair), (channel, "FREQUENCY", 0))


def _group_place(device: Device, channel: int) -> FieldAddress:
    return (channel, "GROUP_CHANNEL" if "GROUP_CHANNEL" in device.channel_fields else "GROUP_CHAN", 0)


def _group_text(device: Device, pair: str) -> str:
    return text(pair, 5) if "GROUP_CHANNEL" in device.channel_fields else pair


def _set_meter_rate(device: Device, result: Answer, channel: int, argument: str) -> None:
    if not channel:
        raise RefusedError
    rate = _number(argument, range(device.family.slowest_meter_ms + 1))
    if 0 < rate < device.family.fastest_meter_ms:
        raise RefusedError
    reported = result.replies if device.meter_ms[channel - 1] == rate else result.reports
    device.meter_ms[channel - 1] = rate
    reported.append(line((channel, "METER_RATE", 0), f"{rate:05d}"))


def _set_flash(device: Device, result: Answer, channel: int, argument: str) -> None:
    if not device.flashes(channel):
        raise KeyError("FLASH")
    if argument not in ("ON", "OFF"):
        raise RefusedError
    if argument == "ON":
        device.flashing.add(channel)
        result.flashing.append(channel)
    else:
        device.flashing.discard(channel)
    result.reports.append(line((channel, "FLASH", 0), argument))


def _number(argument: str, allowed: range) -> int:
    if not argument.isdigit() or int(argument) not in allowed:
        raise RefusedError
    return int(argument)


_SETTERS: Mapping[str, Callable[[Device, Answer, int, str], None]] = {
    "CHAN_NAME": _set_name,
    "DEVICE_ID": _set_device_id,
    "AUDIO_GAIN": _set_gain,
    "AUDIO_MUTE": _set_mute,
    "FREQUENCY": _set_frequency,
    "GROUP_CHAN": _set_group,
    "GROUP_CHANNEL": _set_group,
    "METER_RATE": _set_meter_rate,
    "FLASH": _set_flash,
}
