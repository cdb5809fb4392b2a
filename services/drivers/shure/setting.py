"""Sets one property at a time and waits until the unit has reported what it made of it.

Theory: a unit answers a SET with a REP of the property, and reports other changes of the same property with the same
REP, for example when somebody turns the knob. So an equal REP is the proof; anything else (another value, ``REP ERR``,
nothing) proves nothing yet, and the property is asked for once. What the unit answers to that is what it has. A unit
that refuses says ``REP ERR`` without a cause, or repeats the unchanged value (docs/protocols.md#what-can-be-set).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from services.drivers.port import Abilities, DriverError, Part, SetResult
from services.drivers.shure.codec.controls import Control
from services.drivers.shure.codec.messages import Message, decode, get, set_
from services.drivers.shure.codec.properties import PropertyTable, Scope
from services.drivers.shure.conversation import Conversation
from services.drivers.shure.families import Family, WireAddress

REPORTED_S = 1.0
"""What a unit has not reported of a SET after so long is asked for; it reports within milliseconds."""
TRIES = 2
"""How often a command is sent to a unit that loses some in silence."""
ERROR = "ERR"
FLASH = "FLASH"

Values = Mapping[str, object]
Read = Callable[[Message], Values]


class Settings:
    """What one unit can be set to, and the setting of it; the caller does one thing at a time."""

    def __init__(self, conversation: Conversation, family: Family, answer_timeout_s: float) -> None:
        self._family = family
        tries = TRIES if family.dialect.one_by_one else 1
        self._one = _OneSet(conversation, family.properties, answer_timeout_s, tries)
        self._reported: set[WireAddress] = set()
        """What the unit has: without a property, or in a mode without it, it takes no SET of it."""

    def note(self, reported: Collection[WireAddress], *, everything: bool) -> None:
        """Take what a read brought; one that was not answered to its end takes nothing away."""
        names = {control.name for control in self._family.controls}
        found = {address for address in reported if address[0] in names}
        self._reported = found if everything else self._reported | found

    def able(self, abilities: Abilities, part: Part) -> Abilities:
        """Abilities with what this unit takes; the same object where that is all that its family takes."""
        scope, index = _place(part)
        settable = self._family.settable(scope, lambda name: (name, index) in self._reported)
        return abilities if len(settable) == len(abilities.settable) else replace(abilities, settable=settable)

    def receive(self, messages: list[Message]) -> None:
        """All REPs of one network read."""
        self._one.receive(messages)

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys, one property after the other, once all can be written: else nothing is sent. Never raises."""
        scope, index = _place(part)
        wrong = dict.fromkeys(wanted, f"this {self._family.title} unit cannot be set so in the mode that it is in")
        written: list[tuple[Control, Values]] = []
        for control in self._family.controls:
            mine = {key: value for key, value in wanted.items() if key in control.can and control.scope is scope}
            if not mine or (control.name, index) not in self._reported:
                continue
            try:
                complete = await self._one.completed(control, index, mine)
                control.write(complete)
            except (ValueError, DriverError) as error:
                wrong |= dict.fromkeys(mine, str(error))
                continue
            written.append((control, complete))
            for key in mine:
                del wrong[key]
        if wrong:
            return {key: SetResult(value, "not_sent", detail=wrong.get(key, _OTHERS)) for key, value in wanted.items()}
        results: dict[str, SetResult] = {}
        for control, complete in written:
            results |= await self._one.set(control, index, complete)
        return {key: results[key] for key in wanted}

    async def flash(self, part: Part, *, on: bool) -> SetResult:
        """Begin or end the flashing of the unit or of a part. Never raises."""
        scope, index = _place(part)
        if scope not in self._family.flashes:
            return SetResult(on, "not_sent", detail=f"{self._family.title} has nothing there that flashes")
        return await self._one.flash(index, on=on)


def _place(part: Part) -> tuple[Scope, int | None]:
    """What a part is on the wire: a scope and an index."""
    return (Scope.PART, part.number) if part.number else (Scope.UNIT, None)


class _OneSet:
    """The SET that is under way on one conversation; the caller sends one at a time."""

    def __init__(self, conversation: Conversation, table: PropertyTable, answer_timeout_s: float, tries: int) -> None:
        self._conversation = conversation
        self._table = table
        self._timeout_s = answer_timeout_s
        self._tries = tries
        self._address: WireAddress | None = None
        self._read: Read = lambda _: {}
        self._reported: Values | None = None
        self._refused = False

    def receive(self, messages: list[Message]) -> None:
        """All REPs of one network read."""
        if self._address is None:
            return
        for message in messages:
            if (message.name, message.index) == self._address:
                self._reported = self._read(message)
            elif message.name == ERROR:
                self._refused = True

    async def set(self, control: Control, index: int | None, complete: Values) -> dict[str, SetResult]:
        """Set all that one property carries. Never raises."""
        self._watch((control.name, index), self._values)
        return await self._send(control.write(complete), control.name, index, complete)

    async def flash(self, index: int | None, *, on: bool) -> SetResult:
        """Begin or end the flashing of a unit (``None``) or a part. Never raises."""
        self._watch((FLASH, index), lambda message: {FLASH: message.value.strip().upper() == "ON"})
        return (await self._send("ON" if on else "OFF", FLASH, index, {FLASH: on}))[FLASH]

    def _watch(self, address: WireAddress, read: Read) -> None:
        self._address, self._read, self._reported, self._refused = address, read, None, False

    def _values(self, message: Message) -> Values:
        meaning = decode(message, self._table)
        return meaning.reading.values if meaning is not None else {}

    async def completed(self, control: Control, index: int | None, wanted: Values) -> Values:
        """All that the property carries: what is not wanted otherwise stays as the unit has it.

        Raises `ValueError` where the unit does not say, `DriverError` where the conversation ends.
        """
        missing = control.can.keys() - wanted.keys()
        if not missing:
            return wanted
        self._watch((control.name, index), self._values)
        try:
            await self._ask(get(control.name, index))
        finally:
            self._address = None
        if self._reported is None:
            raise ValueError(f"give {' and '.join(sorted(missing))} too: the unit did not say which it has")
        had = self._reported
        if unknown := sorted(key for key in missing if had.get(key) is None):
            raise ValueError(f"give {' and '.join(unknown)} too: the unit has none now")
        return {**{key: had[key] for key in missing}, **wanted}

    async def _send(self, text: str, name: str, index: int | None, wanted: Values) -> dict[str, SetResult]:
        try:
            self._reported, self._refused = None, False
            await self._say(
                set_(name, index, text),
                lambda: self._reported is not None or self._refused,
                min(REPORTED_S, self._timeout_s),
            )
            if not self._holds(wanted):
                self._reported = None
                await self._ask(get(name, index))
        except DriverError as error:
            return {key: SetResult(value, "device_timeout", detail=str(error)) for key, value in wanted.items()}
        finally:
            self._address = None
        return {key: self._result(key, value) for key, value in wanted.items()}

    async def _ask(self, question: bytes) -> None:
        await self._say(question, lambda: self._reported is not None, self._timeout_s)

    async def _say(self, command: bytes, done: Callable[[], bool], timeout: float) -> None:
        """Send a command and wait, and once more where commands get lost in silence: a value is not a step."""
        for _ in range(self._tries):
            if await self._conversation.ask([command], done, timeout=timeout):
                return

    def _holds(self, wanted: Values) -> bool:
        return self._reported is not None and all(self._reported.get(key) == value for key, value in wanted.items())

    def _result(self, key: str, wanted: object) -> SetResult:
        if self._reported is None:
            detail = "the unit answered with an error and did not report what it has" if self._refused else _SILENT
            return SetResult(wanted, "device_rejected" if self._refused else "device_timeout", detail=detail)
        reported = self._reported.get(key)
        if reported == wanted:
            return SetResult(wanted, "ok", reported)
        return SetResult(wanted, "device_rejected", reported, "the unit does not take it" if self._refused else _OTHER)


_OTHERS = "nothing was sent, because of what is wrong with the others"
_SILENT = "the unit did not report what became of it; whether it took it is not known"
_OTHER = "the unit keeps another value: it is locked, in a mode without this setting, or cannot have this value"
