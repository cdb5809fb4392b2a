"""What one EW-DX receiver reported, resource by resource, as readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.drivers.port import UNIT, Part, Reading
from services.drivers.sennheiser.sscv2.codec import resources
from services.drivers.sennheiser.sscv2.codec.controls import CONTROLS, Control
from services.drivers.sennheiser.sscv2.codec.meters import ChannelMeters
from services.drivers.sennheiser.sscv2.codec.resources import (
    BATTERY,
    CHANNEL,
    CHANNEL_RESOURCES,
    METERS,
    PRESENT,
    RF,
    RF_CHANNEL,
    RUNTIME_STATUS,
    TRANSMITTER,
    TRANSMITTER_KEYS,
    TRANSMITTER_RESOURCES,
    TRANSMITTER_WARNINGS,
    TRANSMITTERS,
    TUNING,
    UNIT_RESOURCES,
    WARNINGS,
)
from services.drivers.sennheiser.sscv2.codec.values import Field, Values, read, reading
from services.model import in_words

BATCH = 4
"""Resources that are subscribed together: an EW-DX was tried with so many."""

_TRANSMITTERS_OWN = (TRANSMITTER, BATTERY, TRANSMITTER_WARNINGS)
_PEAK = "AfPeak"


class EwdxState:
    """The newest of every key of one receiver.

    ``strange`` has what could not be read, by resource and property, until somebody takes it. ``wanted`` has resources
    that are to be asked for, because another one says that they changed.
    """

    def __init__(self, channels: int) -> None:
        self.parts: Sequence[Part] = tuple(Part(number) for number in range(1, channels + 1))
        self.controls: Mapping[str, Control] = CONTROLS
        self.meters: Mapping[Part, ChannelMeters] = {part: ChannelMeters() for part in self.parts}
        self.strange: list[tuple[str, str]] = []
        self.wanted: list[str] = []
        self._known: dict[Part, dict[str, object]] = {part: {} for part in (UNIT, *self.parts)}
        self._places: dict[str, tuple[Part, str, Sequence[Field]]] = {
            path: (UNIT, path, fields) for path, fields in UNIT_RESOURCES.items()
        }
        for part in self.parts:
            for template, fields in {**CHANNEL_RESOURCES, **TRANSMITTER_RESOURCES}.items():
                self._places[template.format(part.number - 1)] = part, template, fields
        self._meters = {
            template.format(part.number - 1): (self.meters[part], place)
            for part in self.parts
            for place, template in enumerate(METERS)
        }

    # -- what to ask for ---------------------------------------------------------------------------------------

    @property
    def required(self) -> frozenset[str]:
        """Resources without which this is no EW-DX of a firmware that we know."""
        return frozenset(path for path, (_, template, _) in self._places.items() if template in {CHANNEL, RF_CHANNEL})

    @property
    def asked(self) -> Sequence[str]:
        """Resources of a complete read, in order; those of a transmitter follow where it answers."""
        return [
            path for path, (_, template, _) in self._places.items() if template not in {BATTERY, TRANSMITTER_WARNINGS}
        ]

    @property
    def followed(self) -> Sequence[Sequence[str]]:
        """Resources whose changes are wanted, in groups."""
        unit = [path for path in UNIT_RESOURCES if path != "/api/device/identity"]
        channels = [template.format(part.number - 1) for part in self.parts for template in CHANNEL_RESOURCES]
        return [*_batches(channels), [TRANSMITTERS], *_batches(unit)]

    def instead_of(self, path: str) -> Sequence[Sequence[str]]:
        """What is followed where one resource cannot be: every transmitter by itself."""
        if path != TRANSMITTERS:
            return ()
        return [[template.format(part.number - 1) for template in _TRANSMITTERS_OWN] for part in self.parts]

    def fast(self, part: Part) -> Sequence[str]:
        """Resources of the meters of a channel."""
        return [template.format(part.number - 1) for template in METERS]

    def shows(self, part: Part) -> tuple[str, str] | None:
        """Resource and property that make the receiver or a channel show itself."""
        if part == UNIT:
            return "/api/device/identification", "visual"
        return f"{CHANNEL.format(part.number - 1)}/identify", "enabled"

    # -- what came ---------------------------------------------------------------------------------------------

    def meter(self, path: str, value: object) -> bool | None:
        """Take a level. ``None``: the resource is no meter; ``False``: its value is none."""
        found = self._meters.get(path)
        if found is None:
            return None
        meters, place = found
        return meters.add(place, value.get("value")) if isinstance(value, dict) else value is None

    def take(self, path: str, value: object) -> list[Reading] | None:
        """Merge the value of a resource; ``None`` where there is no such one."""
        if path == TRANSMITTERS:
            return self._list(value)
        place = self._places.get(path)
        if place is None:
            return None
        part, template, fields = place
        if template == TRANSMITTER:
            return self._transmitter(part, value)
        if template in TRANSMITTER_RESOURCES and value is not None and self.value(part, PRESENT) is False:
            self.wanted.append(TRANSMITTER.format(part.number - 1))  # it is there again, or this is older than its end
            return []
        values = self._read(template, fields, value)
        if template == BATTERY:
            values = _battery(values)
        readings = self._merge(part, values)
        if template == RF:
            tuning = self._read(template, TUNING, value)
            readings += [reading for each in self.parts for reading in self._merge(each, tuning)]
        if template in {WARNINGS, TRANSMITTER_WARNINGS}:
            self._warned(part, template, value)
        return readings

    def lacking(self, path: str, status: int) -> list[Reading]:
        """A resource was asked for in vain: what it gave before is no longer known."""
        place = self._places.get(path)
        if place is None:
            return []
        part, template, fields = place
        if template == TRANSMITTER and status == 422:  # noqa: PLR2004 - unprocessable: nothing is linked
            return self._transmitter(part, None)
        readings = self._merge(part, dict.fromkeys(field.key for field in fields))
        if template == RF:
            readings += [
                reading for each in self.parts for reading in self._merge(each, {field.key: None for field in TUNING})
            ]
        return readings

    def value(self, part: Part, key: str) -> object:
        """What is known of one key."""
        return self._known.get(part, {}).get(key)

    def everything(self) -> list[Reading]:
        """All that is known of all parts."""
        return [reading(part, values, whole=True) for part, values in self._known.items()]

    # -- inside ------------------------------------------------------------------------------------------------

    def _list(self, value: object) -> list[Reading]:
        """The list of all transmitters: ``{id, transmitter}`` each. What is not in it is not linked."""
        if not isinstance(value, list):
            self.strange.append((TRANSMITTERS, in_words(value)))
            return []
        linked: dict[int, object] = {}
        for each in value:
            number = each.get("id") if isinstance(each, dict) else None
            if isinstance(number, int) and not isinstance(number, bool):
                linked[number] = each.get("transmitter")
        return [reading for part in self.parts for reading in self._transmitter(part, linked.get(part.number - 1))]

    def _transmitter(self, part: Part, value: object) -> list[Reading]:
        """Null: it is not linked; an object: it is, and has what stands in it."""
        meters = self.meters[part]
        if value is None:
            meters.received = False
            return self._merge(part, {PRESENT: False, **dict.fromkeys(TRANSMITTER_KEYS)})
        if self.value(part, PRESENT) is not True or value == {}:
            own = _TRANSMITTERS_OWN if value == {} else (BATTERY, TRANSMITTER_WARNINGS)
            self.wanted += [template.format(part.number - 1) for template in own]
        meters.received = True
        read = self._read(TRANSMITTER, TRANSMITTER_RESOURCES[TRANSMITTER], value)
        return self._merge(part, {PRESENT: True, **read})

    def _read(self, template: str, fields: Sequence[Field], value: object) -> dict[str, object]:
        return read(template, fields, value, self.strange)

    def _warned(self, part: Part, template: str, value: object) -> None:
        words = {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()
        self.strange += [(template, word) for word in sorted(words - resources.WORDS[template])]
        if template == WARNINGS:
            self.meters[part].warn(peaking=_PEAK in words)
            if ("NoLink" in words) == (self.value(part, PRESENT) is True):
                self.wanted.append(TRANSMITTER.format(part.number - 1))  # one of the two is older than the other

    def _merge(self, part: Part, values: Values) -> list[Reading]:
        if not values:
            return []
        self._known[part].update(values)
        return [reading(part, values)]


def _battery(values: dict[str, object]) -> dict[str, object]:
    """How far the run time goes: a primary cell has none, and without a battery nothing is known of it."""
    if values.get("battery_source") == "none":
        return values | {"battery_percent": None, "battery_runtime_minutes": None, RUNTIME_STATUS: "not_reported"}
    if values.get("battery_source") == "primary" and not values.get("battery_runtime_minutes"):
        values["battery_runtime_minutes"] = None
    if "battery_runtime_minutes" in values or "battery_source" in values:
        known = values.get("battery_runtime_minutes") is not None
        return values | {RUNTIME_STATUS: "ok" if known else "not_reported"}
    return values


def _batches(paths: Iterable[str]) -> Iterator[Sequence[str]]:
    left = list(paths)
    for start in range(0, len(left), BATCH):
        yield left[start : start + BATCH]
