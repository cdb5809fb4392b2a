"""One row of the key table. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from typing_extensions import is_typeddict

from services.model.kinds import Facet, Kind

Role = Literal["identity", "setting", "live", "meter", "derived", "kept", "evidence"]
"""Where a key's values come from.

``identity``: who the unit or part is; stands in ``info``. ``setting``: what people chose at the unit. ``live``: what
changes by itself. ``meter``: measured all the time; stands in ``telemetry``. ``derived``: the rules make it of other
keys. ``kept``: people or the bridge itself wrote it; no reading changes it. ``evidence``: a driver reports it, the
rules make another key of it, and it is never published.
"""

_FACETS: Final = {"identity": Facet.INFO, "meter": Facet.TELEMETRY}
_PLAIN: Final = (int, float, bool, str)


@dataclass(frozen=True, slots=True)
class Metric:
    """How a key is exported to Prometheus, beside its labels of place.

    ``name`` has the base unit and no prefix; a number is multiplied by ``factor``; of words, ``one`` counts as 1 and
    the others as 0. ``label`` is a further label where several keys share one metric.
    """

    name: str
    help: str
    factor: float = 1.0
    one: str = ""
    label: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its meaning, and everything that follows from it.

    ``type`` is ``int``, ``float``, ``bool``, ``str``, ``list[str]``, a `Literal` of words, or a dictionary of
    `services.model.keys.objects`. ``words`` is the documentation. ``minimum`` and ``maximum`` are limits of the
    vocabulary (percent: 0 to 100); what one maker's units can do stands in the abilities of the unit. A row of a
    driver's own key (`services.drivers.port.Driver.more`) is of the same form; its values stand under ``more``.
    """

    name: str
    type: Any
    words: str = ""
    unit: str = ""
    """Of the value: dB, MHz, %, min, degC, mW, mAh; empty where it has none."""
    minimum: float | None = None
    maximum: float | None = None
    kinds: frozenset[Kind] = frozenset()
    """Kinds of units and parts that have it."""
    facet: Facet | None = None
    """Where it is published; ``None``: as the role decides: ``info``, ``telemetry``, or else ``state``."""
    role: Role = "live"
    required: bool = False
    """Never null: it has a value as soon as its unit or part is known."""
    empty: str | None = None
    """Word of a derived key while nothing is known."""
    gone_with: str = ""
    """Key of the same state that, once false, makes this one null: the transmitter or the battery went with it."""
    audited: bool = False
    """A change is an audit event and ``settings_changed``."""
    recorded: bool = False
    """Its minimum, maximum and mean stand in ``levels``."""
    derived_from: tuple[str, ...] = ()
    """Keys of which any makes this one known; of a derived key without any the rules always know a value."""
    metric: Metric | None = None

    def __post_init__(self) -> None:
        if not _is_known(self.type):
            raise TypeError(f"{self.name}: {self.type!r} is no type of a key: see Key.type")

    @property
    def published_in(self) -> Facet | None:
        """The facet whose ``data`` has it; ``None`` for evidence."""
        if self.role == "evidence":
            return None
        return self.facet or _FACETS.get(self.role, Facet.STATE)

    def unknown(self) -> object:
        """The value while nothing is known: null, an empty list or object, or a word of its own."""
        return [] if get_origin(self.type) is list else {} if get_origin(self.type) is dict else self.empty

    @property
    def choices(self) -> tuple[str, ...]:
        """The closed words that it can have; none where it is no word."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()


def _is_known(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return all(isinstance(word, str) for word in get_args(kind))
    if get_origin(kind) in {list, dict}:
        return all(_is_known(part) for part in get_args(kind))
    return kind in _PLAIN or is_typeddict(kind) or kind is object
