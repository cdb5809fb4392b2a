"""PURE. Captures: a line is ``GET <address> <answer>``, or an event as it came."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from services.drivers.port import Reading
from services.drivers.shure.system_api.codec.channels import Channel, parse_channels
from services.drivers.shure.system_api.codec.events import Event, parse_message
from services.drivers.shure.system_api.codec.resources import (
    CHANNEL_RESOURCES,
    EVENTS,
    UNIT_RESOURCES,
    Resource,
    UnreadableError,
    value_of,
)
from services.model import UNIT, UNIT_KINDS, Kind, Part

_CHANNELS = "audio-channels"


def replay(kind: Kind, data: bytes) -> Sequence[Reading]:
    """What these lines of one unit mean."""
    readings: list[Reading] = []
    numbers: dict[str, int] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        if line.startswith("GET "):
            _, address, text = (*line.split(" ", 2), "", "")[:3]
            try:
                body = json.loads(text)
            except (ValueError, RecursionError):
                continue
            readings += _answer(kind, [unquote(part) for part in address.split("/")], body, numbers)
        elif isinstance(event := parse_message(line), Event) and event.name in EVENTS:
            number = numbers.get(event.channel_id) if event.channel_id else 0
            if number is not None:
                readings += _reading(kind, number, EVENTS[event.name], event.body)
    return readings


def _answer(kind: Kind, address: Sequence[str], body: Any, numbers: dict[str, int]) -> list[Reading]:
    """What an answer means; the list of channels only teaches their numbers."""
    if _CHANNELS not in address:
        row = UNIT_RESOURCES.get(address[-1])
        return _reading(kind, 0, row, body) if row is not None else []
    rest = address[address.index(_CHANNELS) + 1 :]
    match rest:
        case []:
            numbers.update({channel.id: channel.number for channel in _channels(body)})
        case [channel_id, name] if channel_id in numbers and name in CHANNEL_RESOURCES:
            return _reading(kind, numbers[channel_id], CHANNEL_RESOURCES[name], body)
    return []


def _channels(body: Any) -> tuple[Channel, ...]:
    try:
        return parse_channels(body)[0]
    except ValueError:
        return ()


def _reading(kind: Kind, number: int, row: Resource, body: Mapping[str, Any]) -> list[Reading]:
    about = UNIT_KINDS[kind].part if number else kind
    key = row.keys.get(about)
    if key is None:
        return []
    try:
        value = value_of(row, body)
    except LookupError:
        return []
    except UnreadableError:
        value = None
    part = Part(number) if number else UNIT
    return [Reading(part, {}, more={key: value}) if about in row.own else Reading(part, {key: value})]
