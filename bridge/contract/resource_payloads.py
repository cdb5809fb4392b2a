"""What is published of units and parts, as models, made from the key table: one model a kind and facet. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field, create_model
from typing_extensions import TypedDict

from bridge.contract.envelopes import Id, Measured, Payload, Resource, Time
from services.model import KEYS, NOUNS, RESOURCE_KINDS, UNIT_KINDS, EventType, Facet, Key, KeyTable, Kind, facets_of

Place = tuple[Kind, Facet]


class _Event(Payload):
    event_id: Annotated[str, Field(description="UUIDv7; repeats can be recognised by it.")]
    event_type: EventType
    time: Time
    id: Id
    data: dict[str, Any]


def annotation(row: Key) -> Any:
    """The type of a key's values as pydantic reads it, with its limits and its words."""
    known = row.required or row.unknown() is not None
    kind = row.type if known else row.type | None
    if row.minimum is None and row.maximum is None and not row.words:
        return kind
    return Annotated[kind, Field(ge=row.minimum, le=row.maximum, description=row.words or None)]


def data_of(name: str, about: str, rows: tuple[Key, ...], *, total: bool = True) -> Any:
    """A dictionary with these keys; of a total one none is ever missing."""
    made = cast("Any", TypedDict)(name, {row.name: annotation(row) for row in rows}, total=total)
    made.__doc__ = about
    return made


def prefix(kind: Kind) -> str:
    """How the names of a kind's models begin: ``IemChannel``."""
    return "".join(word.title() for word in kind.split("_"))


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiouI' else 'a'} {noun}"


class _Maker:
    """Makes the models of one kind from a table."""

    def __init__(self, kind: Kind, table: KeyTable) -> None:
        self._kind = kind
        self._table = table
        self._is_unit = kind in UNIT_KINDS
        self._prefix = prefix(kind)
        self._noun = _article(NOUNS[kind])
        self._base: Mapping[Facet, type[Payload]] = {
            **dict.fromkeys((Facet.INFO, Facet.STATE, Facet.SLOTS), Resource),
            **dict.fromkeys((Facet.LINK, Facet.TELEMETRY, Facet.LEVELS), Measured),
            Facet.EVENT: _Event,
        }

    def models(self) -> Iterator[tuple[Facet, type[Payload]]]:
        """Every facet that has a form of its own."""
        make = {
            Facet.INFO: self._info,
            Facet.STATE: self._state,
            Facet.LINK: self._link,
            Facet.SLOTS: self._slots,
            Facet.TELEMETRY: self._telemetry,
            Facet.LEVELS: self._levels,
            Facet.EVENT: self._event,
        }
        for facet in facets_of(self._kind):
            if facet in make:
                yield facet, make[facet]()

    def _payload(self, facet: Facet, name: str, about: str, data: Any = None) -> type[Payload]:
        schema = Annotated[Literal[f"{self._kind}.{facet}/1"], Field(alias="schema")]  # type: ignore[valid-type]
        fields: dict[str, Any] = {"schema_": (schema, ...)}
        if data is not None:
            fields["data"] = (data, ...)
        made = create_model(f"{self._prefix}{name}", __base__=self._base[facet], **fields)
        made.__doc__ = about
        return cast("type[Payload]", made)

    def _rows(self, facet: Facet) -> tuple[Key, ...]:
        return self._table.of(self._kind, facet)

    def _info(self) -> type[Payload]:
        seldom = "; changes seldom." if self._is_unit else "."
        data = data_of(f"{self._prefix}Info", f"Who {self._noun} is{seldom}", self._rows(Facet.INFO))
        return self._payload(Facet.INFO, "InfoPayload", f"Who {self._noun} is.", data)

    def _state(self) -> type[Payload]:
        about = f"{self._noun[0].upper()}{self._noun[1:]}'s slow state"
        always = "; every key is always present" + ("." if self._is_unit else ", unknown is null.")
        data = data_of(f"{self._prefix}State", about + always, self._rows(Facet.STATE))
        return self._payload(Facet.STATE, "StatePayload", f"{about}.", data)

    def _link(self) -> type[Payload]:
        about = f"How the connection to {self._noun} stands"
        data = data_of(f"{self._prefix}Link", f"{about}.", self._rows(Facet.LINK))
        return self._payload(Facet.LINK, "LinkPayload", f"{about}, every 30 s.", data)

    def _slots(self) -> type[Payload]:
        about = "One registered transmitter place of an Axient channel (or a link place of SLX-D+)."
        slot = data_of("Slot", about, self._rows(Facet.SLOTS))
        slots = create_model("Slots", __base__=Payload, slots=(list[slot], ...))  # type: ignore[valid-type]
        slots.__doc__ = f"All slots of {self._noun}."
        words = f"The transmitter slots of {self._noun}, where the family has them."
        return self._payload(Facet.SLOTS, "Slots", words, slots)

    def _telemetry(self) -> type[Payload]:
        about = "Meters over one interval. Only the keys that the family reports are present."
        data = data_of(f"{self._prefix}Telemetry", about, self._rows(Facet.TELEMETRY), total=False)
        words = f"{self._noun[0].upper()}{self._noun[1:]}'s meters over one interval."
        return self._payload(Facet.TELEMETRY, "TelemetryPayload", words, data)

    def _levels(self) -> type[Payload]:
        figures: dict[str, Any] = {
            f"{key}_{figure}": (float | None, None)
            for key in self._table.recorded(self._kind)
            for figure in ("min", "max", "mean")
        }
        intervals = Annotated[int, Field(ge=1, description="Telemetry intervals that went in.")]
        name = "LevelsData" if self._kind is Kind.CHANNEL else f"{self._prefix}LevelsData"
        data = create_model(name, __base__=Payload, intervals=(intervals, ...), **figures)
        data.__doc__ = "Extremes and mean of the meters over 30 s; only the keys that the family reports."
        words = "The same as telemetry over 30 s: for recorders and Home Assistant."
        return self._payload(Facet.LEVELS, "Levels", words, data)

    def _event(self) -> type[Payload]:
        where = "to" if self._is_unit else "on"
        words = f"Something happened once {where} {self._noun}; best effort, the audit is the record."
        return self._payload(Facet.EVENT, "Event", words)


def models_of(table: KeyTable) -> dict[Place, type[Payload]]:
    """The models of every kind and facet, made from a table of keys."""
    return {(kind, facet): model for kind in RESOURCE_KINDS for facet, model in _Maker(kind, table).models()}


RESOURCES: Final[Mapping[Place, type[Payload]]] = models_of(KEYS)
"""Of units and parts: model by kind and facet. ``availability`` is the same for all: `payloads.Availability`."""
