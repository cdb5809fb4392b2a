"""What one discovery asks: one question for each address of its places. The questions are made as they are asked, so
that a /16 is never a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.discovery.scan import ScanQuestion, patience
from services.drivers import Makers, Target, Unresolved, make_target
from services.model import RangeRecord
from services.rules import MAX_ADDRESSES, Expansion, Host, Span, expand, parse

Stranger = Callable[[str], str | None]
"""What is known to be at an address and no microphone; it is passed by, unless somebody named it."""

Held = Callable[[str, int | None], bool]
"""Whether a unit with an open session is at this address and port: it is not asked again, because it may serve one
connection only.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A range or host to search. ``text`` is what people wrote; ``manufacturer`` and ``driver`` narrow who asks."""

    text: str
    where: Span | Host
    adopt: bool = True
    manufacturer: str | None = None
    driver: str | None = None
    """The only driver that asks, where it is known whose unit is there."""


def place_of(record: RangeRecord) -> Place:
    """A configured range or host. Raises `ValueError` where it is none."""
    return Place(record.network, parse(record.network), record.adopt, record.manufacturer)


@dataclass(frozen=True, slots=True)
class Single:
    """One address of one host that was named."""

    place: Place
    address: str
    port: int | None


class ScanTargets:
    """The questions of one discovery, and what is to become of the answers.

    ``resolved`` has the addresses of every host name in ``places``; ``total`` counts addresses, those with an
    open session included, and ``left_out`` those beyond ``limit``.
    """

    def __init__(
        self,
        places: Sequence[Place],
        makers: Makers,
        names: Sequence[str],
        resolved: Mapping[str, list[str] | Unresolved],
        *,
        interface: str = "",
        limit: int = MAX_ADDRESSES,
    ) -> None:
        self._makers = makers
        self._names = names
        self._interface = interface
        self._spans = [(place, place.where) for place in places if isinstance(place.where, Span)]
        self.unresolved: dict[str, Unresolved] = {}
        self.singles: dict[tuple[str, int | None], Single] = {}
        every = [place for place in places if isinstance(place.where, Host)]
        self._name(every, resolved)
        singles = len(self.singles)
        self.singles = dict(list(self.singles.items())[:limit])
        self._wide = _by_manufacturer(self._spans, limit - len(self.singles))
        twice = sum(
            port is None and any(span.holds(address) for _, expansion in self._wide for span in expansion.spans)
            for address, port in self.singles
        )
        self.total = len(self.singles) - twice + sum(expansion.total for _, expansion in self._wide)
        self.left_out = singles - len(self.singles) + sum(expansion.left_out for _, expansion in self._wide)

    def _name(self, hosts: Iterable[Place], resolved: Mapping[str, list[str] | Unresolved]) -> None:
        for place in hosts:
            assert isinstance(place.where, Host)  # noqa: S101 - the caller chose them so
            addresses = resolved.get(place.where.host, [place.where.host])
            if isinstance(addresses, Unresolved):
                self.unresolved[place.text] = addresses
                continue
            for address in addresses:
                self.singles.setdefault((address, place.where.port), Single(place, address, place.where.port))

    @property
    def makers(self) -> list[str]:
        """Manufacturers that are asked for, sorted."""
        wanted = {place.manufacturer for place, _ in self._spans} | {
            single.place.manufacturer for single in self.singles.values()
        }
        every = {self._makers[name].manufacturer for name in self._names}
        return sorted(every if None in wanted else every & wanted)

    def adopts(self, host: str, port: int | None) -> bool:
        """Whether a unit that answers there is to be added."""
        single = self.singles.get((host, port))
        if single is not None and single.place.adopt:
            return True
        return any(place.adopt and span.holds(host) for place, span in self._spans)

    def questions(
        self,
        held: Held,
        leave: Callable[[str, int | None], None],
        concurrency: int,
        *,
        stranger: Stranger = lambda _host: None,
        pass_by: Callable[[str, str], None] = lambda _host, _what: None,
    ) -> Iterator[ScanQuestion]:
        """Every question, named hosts first.

        An address for which ``held`` is true is passed to ``leave`` instead, a known ``stranger`` to ``pass_by``.
        """
        for target, asking in self._targets():
            if held(target.host, target.port):
                leave(target.host, target.port)
            elif (target.host, target.port) not in self.singles and (what := stranger(target.host)) is not None:
                pass_by(target.host, what)
            else:
                yield ScanQuestion(patience(target, self.total, concurrency), asking)

    def _targets(self) -> Iterator[tuple[Target, tuple[str, ...]]]:
        for single in self.singles.values():
            asking = self._asking(single.place.manufacturer, single.place.driver)
            yield make_target(single.address, single.port, interface=self._interface), asking
        for manufacturer, expansion in self._wide:
            asking = self._asking(manufacturer)
            for address in expansion:
                if (address, None) not in self.singles:
                    yield make_target(address, interface=self._interface), asking

    def _asking(self, manufacturer: str | None, driver: str | None = None) -> tuple[str, ...]:
        return tuple(
            name
            for name in self._names
            if manufacturer in {None, self._makers[name].manufacturer} and driver in {None, name}
        )


def _by_manufacturer(spans: Iterable[tuple[Place, Span]], limit: int) -> list[tuple[str | None, Expansion]]:
    """One expansion for each manufacturer that places are narrowed to; together they are within the limit."""
    groups: dict[str | None, list[Span]] = {}
    for place, span in spans:
        groups.setdefault(place.manufacturer, []).append(span)
    wide: list[tuple[str | None, Expansion]] = []
    for manufacturer, group in groups.items():
        expansion = expand(group, limit)
        limit -= expansion.total
        wide.append((manufacturer, expansion))
    return wide
