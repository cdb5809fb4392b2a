"""PURE. Audio channels and their ids. Source: docs/protocols/system-api.md#channels."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.drivers.shure.system_api.codec.nodes import words

CHANNELS_MOST: Final = 64
"""More than any unit has; a greater number is taken for nonsense."""
KNOWN: Final = frozenset({"activity", "gain", "mute", "name"})
"""Capabilities of a channel that are asked for; a channel without any of them is no part."""
_ID_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a device; its number counts from 1."""

    number: int
    id: str
    """As the server writes it; it has to be percent-encoded in an address."""
    capabilities: frozenset[str]


def channel_index(channel_id: str) -> int | None:
    """The number that stands in an id, from 0: base64 of JSON with ``i`` or ``index``; ``None`` where there is none."""
    if len(channel_id) > _ID_MOST:
        return None
    text = channel_id.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(found, Mapping):
        return None
    index = found.get("i", found.get("index"))
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < CHANNELS_MOST:
        return None
    return index


def parse_channels(body: Any) -> tuple[tuple[Channel, ...], int]:
    """The channels by number, and how many entries are none. Raises `ValueError` for what is no list.

    They are numbered by their ids; where these do not tell all channels apart, in the order of the list.
    """
    items = body.get("items") if isinstance(body, Mapping) else body
    if not isinstance(items, list):
        raise ValueError("it is no list of channels")  # noqa: TRY004 - one kind of error for all that cannot be read
    found: list[tuple[str, frozenset[str]]] = []
    strange = 0
    for item in items[:CHANNELS_MOST]:
        channel_id = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(channel_id, str) or not channel_id or len(channel_id) > _ID_MOST:
            strange += 1
        elif can := words(item.get("capabilities")) & KNOWN:
            found.append((channel_id, can))
    places = [channel_index(channel_id) for channel_id, _ in found]
    ordered = [place for place in places if place is not None]
    if len(set(ordered)) != len(found):
        ordered = list(range(len(found)))
    channels = (Channel(place + 1, *each) for place, each in zip(ordered, found, strict=True))
    return tuple(sorted(channels, key=lambda channel: channel.number)), strange
