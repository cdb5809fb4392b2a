"""What one unit reported so far, by part, and what of it is new. PURE.

Theory: changes are pushed one address at a time and complete reads come again and again, so this keeps the newest value
of every key and hands out what differs from what was handed out before. Whether a transmitter is there follows from the
newest thing that says so (`Leaf.sign`, `Leaf.sender`), unless the unit warns that there is none (`Family.away`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from services.drivers.port import Reading
from services.drivers.sennheiser.ssc.codec.controls import Control
from services.drivers.sennheiser.ssc.families.family import FACTS, Family, Leaf
from services.drivers.sennheiser.ssc.keys import MORE
from services.model import KEYS, UNIT_KINDS, Part

PRESENT = "transmitter_present"
GONE_TOO = ("battery_warning", *(row.name for row in MORE if row.gone_with == PRESENT))
"""What goes with the transmitter beside the keys of which the table says so."""
UNIT_NUMBER = 0
TROUBLE = "subscription_trouble"
OCCUPIED = "occupied"
PEAK = "afpeak"
"""The warning of overloaded audio in lower case."""
WARNINGS = ("warnings", "transmitter_warnings")


class UnitState:
    """The states of one unit of a known family, with a number of parts."""

    def __init__(self, family: Family, parts: int) -> None:
        self.family = family
        self.count = parts
        self._gone = (*KEYS.gone_with(UNIT_KINDS[family.kind].part, PRESENT), *GONE_TOO)
        self.facts: dict[str, str | None] = dict.fromkeys(FACTS)
        self._at: dict[str, list[tuple[int, Leaf]]] = {}
        self._values: dict[int, dict[str, object]] = {}
        self._signs: dict[int, bool | None] = {}
        self._sent: dict[int, dict[str, bool]] = {}
        """Of each part the addresses of its transmitter, and whether a value stands there."""
        self._table(UNIT_NUMBER, family.unit, {})
        for number, place in enumerate(family.places(parts), 1):
            self._table(number, family.parts, place)
            for leaf in family.unit:
                if leaf.each:
                    self._values[number] |= dict.fromkeys(leaf.keys)
            self._values[number] |= dict.fromkeys(family.derived)
            if family.presence:
                self._values[number][PRESENT] = None
                self._signs[number] = None
        self._values[UNIT_NUMBER][TROUBLE] = None
        self._identifies = {
            UNIT_NUMBER: family.unit_identifies,
            **{number: family.part_identifies.format(**place) for number, place in enumerate(family.places(parts), 1)},
        }
        self._handed_out = {number: dict(values) for number, values in self._values.items()}
        self._touched: set[int] = set()
        """Parts of which something came since changes were handed out."""

    def _table(self, number: int, leaves: Iterable[Leaf], place: Mapping[str, int]) -> None:
        values = self._values.setdefault(number, {})
        for leaf in leaves:
            address = leaf.address.format(**place)
            self._at.setdefault(address, []).append((number, leaf))
            if not leaf.each:
                values |= {key: None for key in leaf.keys if key not in FACTS}
            if leaf.sender:
                self._sent.setdefault(number, {})[address] = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everything that is asked in a complete read; last what depends on what the others tell."""
        return tuple(sorted(self._at, key=self.depends))

    @property
    def asked(self) -> tuple[str, ...]:
        """Addresses that change and cannot be subscribed to."""
        return tuple(address for address, targets in self._at.items() if targets[0][1].asked)

    def depends(self, address: str) -> bool:
        """Whether an address has a meaning only while a transmitter is there (`Family.values_prove`)."""
        return not self.family.values_prove and any(leaf.sender for _, leaf in self._at.get(address, ()))

    def alone(self, address: str) -> bool:
        """Whether it depends on a transmitter, and none is known to be there."""
        return self.depends(address) and self.value(self._at[address][0][0], PRESENT) is not True

    def waits(self, address: str) -> bool:
        """Whether it depends on a transmitter that is not there."""
        return self.depends(address) and self.value(self._at[address][0][0], PRESENT) is False

    def live(self, without: Container[str] = ()) -> Mapping[tuple[int, str], tuple[str, ...]]:
        """Addresses whose changes are subscribed to now, by part and branch: one branch a request.

        What depends on a transmitter stands apart, and only while there is one.
        """
        found: dict[tuple[int, str], list[str]] = {}
        for address, targets in self._at.items():
            number, leaf = targets[0]
            if leaf.live and address not in without and not self.waits(address):
                branch = address.partition("/")[0] + ("/" if self.depends(address) else "")
                found.setdefault((number, branch), []).append(address)
        return {place: tuple(addresses) for place, addresses in found.items()}

    def of_sender(self, number: int) -> tuple[str, ...]:
        """Addresses that tell of a transmitter, or of what lies in a bay: read again when it comes or goes."""
        if not self.family.presence:
            return tuple(
                address
                for address, targets in self._at.items()
                if any(leaf.each or (part == number and part) for part, leaf in targets)
            )
        signs = (
            address
            for address, targets in self._at.items()
            if any(part in (number, UNIT_NUMBER) and leaf.sign is not None for part, leaf in targets)
        )
        return (*self._sent.get(number, {}), *signs)

    def take(self, address: str, value: object) -> bool | None:
        """Merge what stands at an address. ``False``: it has no meaning; ``None``: the address has none here."""
        if (targets := self._at.get(address)) is None:
            return None
        understood = True
        for number, leaf in targets:
            if leaf.each:
                understood = self._take_each(leaf, value) and understood
            else:
                understood = self._take(number, leaf, address, value) and understood
        return understood

    def absent(self, address: str, *, no_transmitter: bool = False) -> None:
        """Nothing stands at an address now: refused, for want of a transmitter or not, or asked for in vain."""
        for number, leaf in self._at.get(address, ()):
            if leaf.sender:
                self._sent[number][address] = False
                if no_transmitter and self.family.values_prove and not any(self._sent[number].values()):
                    self._signs[number] = False
            for each in range(1, self.count + 1) if leaf.each else (number,):
                self._merge(each, dict.fromkeys(leaf.keys))

    def changes(self) -> list[Reading]:
        """What differs from what was handed out before."""
        found = []
        for number in sorted(self._touched):
            before, values = self._handed_out[number], self._shown(number)
            if values != before:
                self._handed_out[number] = values
                new = {key: value for key, value in values.items() if value != before[key]}
                found.append(self._reading(number, new, whole=False))
        self._touched.clear()
        return found

    def everything(self) -> list[Reading]:
        """All that is known of all parts."""
        self._touched.clear()
        self._handed_out = {number: self._shown(number) for number in self._values}
        return [self._reading(number, values, whole=True) for number, values in self._handed_out.items()]

    def overloaded(self, number: int) -> bool:
        """Whether the unit warns of overloaded audio of a part, at the receiver or at the transmitter."""
        values = self._values[number]
        found = [words for key in WARNINGS if isinstance(words := values.get(key), list)]
        return any(str(word).lower() == PEAK for words in found for word in words)

    def identifies(self, number: int) -> str:
        """Address that makes a part, or the unit, show itself; empty where nothing does."""
        return self._identifies.get(number, "")

    def knows(self, address: str) -> bool:
        """Whether an address is one of this unit, though it has no key."""
        return address in self._at or address in self._identifies.values() or address.startswith("osc/")

    def control(self, number: int, key: str) -> tuple[str, Control] | None:
        """Where a key of a part is set, and how; ``None`` where it cannot be."""
        for address, targets in self._at.items():
            for part, leaf in targets:
                if part == number and leaf.control is not None and leaf.keys[0] == key:
                    return address, leaf.control
        return None

    def value(self, number: int, key: str) -> object:
        """What is known of one key of a part, 0 being the unit."""
        return self._shown(number).get(key) if number in self._values else None

    def there(self, number: int) -> object:
        """Whether there is a transmitter on a channel, or something in a bay."""
        return self.value(number, PRESENT if self.family.presence else OCCUPIED)

    def put(self, number: int, key: str, value: object) -> None:
        """Something that the conversation itself found out."""
        self._values[number][key] = value
        self._touched.add(number)

    # -- inside ----------------------------------------------------------------------------------------------

    def _take(self, number: int, leaf: Leaf, address: str, value: object) -> bool:
        values = leaf.read(value)
        if leaf.sender:
            told = values is None or any(each is not None for each in values.values())
            sent = self._sent[number]
            sent[address] = value is not None and told
            if self.family.values_prove:
                self._signs[number] = any(sent.values())
        self._merge(number, dict.fromkeys(leaf.keys) if values is None else values)
        if leaf.sign is not None:  # of its part, or of every part where it is the unit's
            for part in (number,) if number else range(1, self.count + 1):
                if (says := leaf.sign(value, part)) is not None:
                    self._signs[part] = says
                    self._judge(part)
        return values is not None or value is None

    def _take_each(self, leaf: Leaf, value: object) -> bool:
        found = value if leaf.split is None else leaf.split(value, self.count)
        items = found if isinstance(found, list) else []
        understood = isinstance(found, list)
        for number in range(1, self.count + 1):
            item = items[number - 1] if number <= len(items) else None
            values = leaf.read(item)
            understood = understood and (values is not None or item is None)
            self._merge(number, dict.fromkeys(leaf.keys) if values is None else values)
        return understood

    def _merge(self, number: int, values: Mapping[str, object]) -> None:
        for key, value in values.items():
            if key in self.facts:
                self.facts[key] = None if value is None else str(value)
            else:
                self._values[number][key] = value
        self._touched.add(number)
        if number in self._signs:
            self._judge(number)

    def _judge(self, number: int) -> None:
        """Whether a transmitter is there. What it told goes with it: the next one may be another."""
        self._touched.add(number)
        values = self._values[number]
        away = self.family.away is not None and self.family.away(values)
        values[PRESENT] = there = False if away else self._signs[number]
        if there is False:
            values |= {key: None for key in self._gone if key in values}

    def _shown(self, number: int) -> dict[str, object]:
        """What is told of a part. What the family derives is not kept: addresses come in any order."""
        values = dict(self._values[number])
        if number and self.family.derive is not None:
            self.family.derive(values)
        return values

    def _reading(self, number: int, values: Mapping[str, object], *, whole: bool) -> Reading:
        more = self.family.more
        common = {key: value for key, value in values.items() if key not in more}
        own = {key: value for key, value in values.items() if key in more}
        return Reading(Part(number), common, own, whole)
