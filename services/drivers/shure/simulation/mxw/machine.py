"""No I/O. What access points and docks have in common: who they are, what changes, what a question brings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from services.drivers.shure.simulation.mxw.answering import (
    ERROR,
    Answer,
    Place,
    RefusedError,
    Request,
    braced,
    read,
    selected,
)

FLASH_S = 60.0


@dataclass(slots=True)
class Machine(ABC):
    """The state of one unit; `texts` and `change` are what a kind of unit adds."""

    model: str
    device_id: str
    serial: str
    host: str
    mac: str
    firmware: str = "2.1.15.0"
    update_failed: bool = False
    bare: bool = False
    """Whether reports come without the word for the place, where that leaves no doubt."""
    flashing: set[int] = field(default_factory=set)
    overridden: dict[Place, str] = field(default_factory=dict)
    """Texts that are reported whatever stands there, for tests."""
    names_itself: bool = True
    """The first generation knows neither DEVICE_MODEL nor SERIAL_NUM nor FW_VER."""
    one_by_one: frozenset[str] = frozenset({"CHAN_NAME", "BATT_TIME_TO_FULL"})
    """Names that cannot be asked of all parts at once."""
    flashing_parts: int = 0
    """Parts that can be made to flash."""

    # -- what a kind of unit adds ------------------------------------------------------------------------------

    @abstractmethod
    def texts(self) -> dict[Place, str]:
        """Every property of its parts, as on the wire."""

    def change(self, request: Request) -> Callable[[], None]:
        """What a SET does. Raises `RefusedError`."""
        raise RefusedError

    @abstractmethod
    def set_part(self, number: int, key: str, value: object) -> None:
        """Change a part as its user would. Raises `KeyError` for what there is not."""

    @abstractmethod
    def age(self, seconds: float) -> None:
        """Let time pass."""

    @property
    def answers_all(self) -> bool:
        """Whether ``GET ALL`` is answered."""
        return False

    # -- what it says ------------------------------------------------------------------------------------------

    def shown(self) -> dict[Place, str]:
        """Every property as it would be answered now."""
        texts = {Place("", 0, "DEVICE_ID"): braced(self.device_id, 31)}
        if self.names_itself:
            texts |= {
                Place("", 0, "DEVICE_MODEL"): braced(self.model, 31),
                Place("", 0, "SERIAL_NUM"): braced(self.serial, 11),
                Place("", 0, "FW_VER"): braced(self.firmware + ("*" if self.update_failed else ""), 24),
            }
        lights = range(self.flashing_parts + 1)
        texts |= {Place("", at, "FLASH"): "ON" if at in self.flashing else "OFF" for at in lights}
        return {**texts, **self.texts(), **self.overridden}

    def changed_by(self, change: Callable[[], None]) -> list[bytes]:
        """Do something, and give the reports of everything that shows something else than before."""
        before = self.shown()
        change()
        return [
            self._reported(place).line(text)
            for place, text in self.shown().items()
            if before.get(place) != text and self.is_reported(place)
        ]

    def is_reported(self, _place: Place) -> bool:
        """Whether a change there is reported by itself."""
        return True

    def _reported(self, place: Place) -> Place:
        return place.bare if self.bare and (place.word != "BAY" or not self.answers_all) else place

    def set_value(self, number: int, key: str, value: object) -> list[bytes]:
        """Change a value by its key in `services.model`; the reports that follow.

        Raises `KeyError` for what the unit does not have.
        """
        if number:
            return self.changed_by(lambda: self.set_part(number, key, value))
        if key in ("name", "device_id"):
            return self.changed_by(partial(setattr, self, "device_id", str(value or "")))
        if key == "firmware_update_failed":
            return self.changed_by(partial(setattr, self, "update_failed", bool(value)))
        raise KeyError(f"{self.model} has no {key!r} of its own")

    def answer(self, body: bytes, *, refuses: bool = False) -> Answer:
        """Answer one message; a unit that ``refuses`` answers each SET but that of the meters with an error."""
        result = Answer()
        try:
            request = read(body)
            if request.verb == "GET":
                result.replies += self._get(request)
            elif refuses and request.name != "METER_RATE":
                raise RefusedError
            else:
                self._set(result, request)
        except RefusedError:
            result.replies, result.refused = [ERROR], True
        return result

    def _get(self, request: Request) -> list[bytes]:
        shown = self.shown()
        if request.name == "ALL":
            if not self.answers_all or request.index is not None or request.value or request.word:
                raise RefusedError
            return [self._reported(place).line(text) for place, text in shown.items()]
        if request.index == 0 and request.name in self.one_by_one:
            raise RefusedError
        return [self._reported(place).line(shown[place]) for place in selected(shown, request)]

    def _set(self, result: Answer, request: Request) -> None:
        index = request.index or 0
        if request.name == "FLASH" and not request.word and request.value in ("ON", "OFF"):
            if index > self.flashing_parts or (request.index == 0):
                raise RefusedError
            begins = request.value == "ON"
            change: Callable[[], None] = partial(self.flashing.add if begins else self.flashing.discard, index)
            result.flashing += [index] if begins else []
        elif request.name == "DEVICE_ID" or request.verb != "SET":
            raise RefusedError  # the product must never set it
        else:
            change = self.change(request)
        result.reports += self.changed_by(change)
        if not result.reports:  # who asked gets the value in any case
            shown = self.shown()
            asked = Request("GET", request.word, request.index, request.name, "")
            result.replies += [self._reported(place).line(shown[place]) for place in selected(shown, asked)]

    def stop_flash(self, index: int) -> list[bytes]:
        """The light stops by itself; the report of it."""
        return self.changed_by(partial(self.flashing.discard, index))
