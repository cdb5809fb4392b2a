"""Finds out model, family and number of channels of the unit that answers, with GETs alone.

Source: docs/protocols.md#which-family-answers.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from services.drivers.port import DriverError
from services.drivers.shure.codec.messages import Message, get
from services.drivers.shure.codec.properties import USUAL_VERB
from services.drivers.shure.codec.strangers import named_by
from services.drivers.shure.codec.wire_types import unbrace
from services.drivers.shure.conversation import BLOCKED, QUIET_S, Conversation
from services.drivers.shure.families import FAMILIES, WHOLE, Family, Model, WireAddress, model_of

WAITING_MOST = 4000
"""Messages kept until the family is known; a complete dump of the largest unit is shorter."""
GRACE_S = 1.0
"""Seconds to wait for more answers after the last one. Answers come in the order of the questions, so hardly any is
late; but a wrong family or number of channels would last as long as the session."""

OTHER_S = 60.0
"""Seconds between two tries where another kind of unit answers: somebody has to act first."""

LAST: WireAddress = ("DEVICE_ID", None)
"""Asked for last: every family knows it."""
ERROR: WireAddress = ("ERR", None)

DEVICE_NAME: WireAddress = ("DEVICE_NAME", None)
"""Known to PSM1000, which answers nothing of what is asked first."""
HEAD_START_S = 0.3
"""Seconds of silence after which a stranger is asked as a PSM1000 is; receivers answer within milliseconds, and a slow
one is still waited for."""
NAME_ASKED = 3
"""How often it is asked for: a PSM1000 loses lines in silence."""
CLOSES_AGAIN_S = 30.0
"""Seconds until a unit is tried again that closes connections without a word: every try costs it a place."""
_FEW_PLACES = "psm1000"
CLOSES = (
    "accepts connections and closes them without a word. A PSM1000 does so as long as old connections hold its few "
    "places: end other programs that talk to it (Wireless Workbench, other monitors), or switch the unit off and on. "
    "Until then it is asked seldom"
)
DEVICE_MODEL: WireAddress = ("DEVICE_MODEL", None)
"""What units of Microflex Wireless have in place of MODEL."""
LABELS, LABEL = ("TX_DEVICE_ID", WHOLE), ("TX_DEVICE_ID", 1)
"""All that an older dock of Microflex Wireless tells of its bays; one question, for there may be eight of them."""

_OLD_TYPES = re.compile(r"ULXD\d|QLXD\d|UNKN", re.IGNORECASE)
"""TX_TYPE of ULX-D and QLX-D. Access points of Microflex Wireless answer TX_TYPE too, with their own microphones."""
_OLD_FREQUENCY = re.compile(r"\d{6}")
"""FREQUENCY of ULX-D and QLX-D, in kHz. Mixers have channel names and gains, and no frequency."""

_FENCES: tuple[WireAddress, ...] = (
    LAST,
    ("MODEL", None),
    ("FW_VER", None),
    DEVICE_NAME,
    ("CHAN_NAME", 1),
    ("TX_TYPE", 1),
    LABEL,
)


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found out. ``text`` is the unit's own word for its model, or ours where it has none."""

    text: str
    family: Family
    model: Model
    most_parts: int
    """Parts that it has, or where only a complete read decides: that it may have."""
    fence: WireAddress = LAST
    """A property that this unit has answered, for `Barrier`: asked last, its answer means that all was answered."""

    @property
    def slots(self) -> int:
        """Transmitter addresses of a channel."""
        return self.family.slots


@dataclass(slots=True)
class Detection:
    """Asks until family and model are known. Messages that come meanwhile wait in ``waiting`` to be decoded."""

    waiting: list[Message] = field(default_factory=list)
    family: str = ""
    """What the unit was last time: a PSM1000 closes what it has no place for, a receiver that closes is restarting."""

    def receive(self, messages: list[Message]) -> None:
        """Take what came, before its meaning is known."""
        if len(self.waiting) < WAITING_MOST:
            self.waiting += messages

    async def run(self, conversation: Conversation, timeout: float) -> Probe:
        """Ask until it is clear.

        Raises `DriverError`: ``control_blocked``, ``wrong_model``, and whatever ends a connection.
        """
        answers = conversation.answers
        try:
            await self._ask_who(conversation, timeout)
        except DriverError as error:
            raise self._ended(conversation, error) from None
        self._check_dialect(conversation)
        found = (
            self._by_dialect(conversation)
            or await self._by_model(conversation, timeout)
            or await self._by_other_name(conversation, timeout)
            or await self._by_properties(conversation, timeout)
        )
        return replace(found, fence=next((address for address in _FENCES if answers[address]), found.fence))

    async def _ask_who(self, conversation: Conversation, timeout: float) -> None:
        """Ask as receivers are asked, and what is silent or speaks in REPORTs as a PSM1000 is."""
        answers = conversation.answers
        await conversation.ask_stranger(
            [get("MODEL"), get("FW_VER"), get(*LAST)],
            lambda: answers[LAST] > 0 or self._verb is not None,
            timeout=min(HEAD_START_S, timeout),
        )
        for _ in range(NAME_ASKED):
            if answers[LAST] or answers[DEVICE_NAME]:
                return
            if conversation.received_bytes and self._verb is None:  # it speaks, and may be slow
                patience = min(QUIET_S, timeout) if self.waiting else timeout
                await conversation.wait(lambda: answers[LAST] > 0 or self._verb is not None, timeout=patience)
                if self._verb is None:
                    return
            await conversation.ask_stranger(
                [get(*DEVICE_NAME)], lambda: answers[LAST] + answers[DEVICE_NAME] > 0, timeout=timeout / NAME_ASKED
            )

    def _ended(self, conversation: Conversation, error: DriverError) -> DriverError:
        """What it means that the connection ended before anything was known."""
        peer = conversation.connection.peer
        if self.waiting or error.reason not in ("closed_by_device", "reset_by_device"):
            return error
        if conversation.received_bytes:
            return _no_unit(conversation)
        if self.family not in {"", _FEW_PLACES}:
            return error
        pause = CLOSES_AGAIN_S if self.family == _FEW_PLACES else 0.0
        return DriverError(error.reason, f"{peer} {CLOSES}", again_s=pause)

    @property
    def _verb(self) -> str | None:
        """The verb of a dialect that the unit speaks; ``None`` for the usual one."""
        return next((message.verb for message in self.waiting if message.verb != USUAL_VERB), None)

    def _by_dialect(self, conversation: Conversation) -> Probe | None:
        """A family with a dialect of its own is known by it, and by what it says in it; it needs no model."""
        verb = self._verb
        if verb is None:
            return None
        said = {
            (each.name, each.index is not None) for each in self.waiting if each.verb == verb and each.name != "ERR"
        }
        for family in FAMILIES.values():
            known = family.properties.verb == verb
            if known and any(family.properties.find(name, indexed=indexed) for name, indexed in said):
                (model,) = family.models
                return Probe(model.name, family, model, family.most_parts, DEVICE_NAME)
        detail = f"{conversation.connection.peer} answers with {verb} as a PSM1000 does, and knows no DEVICE_NAME"
        raise DriverError("wrong_model", detail, again_s=OTHER_S)

    def _check_dialect(self, conversation: Conversation) -> None:
        peer = conversation.connection.peer
        if self.waiting:
            return
        if conversation.repeats_us:
            detail = f"{peer} repeats what it is sent, as a terminal or an echo service does: it is no receiver"
            raise DriverError("wrong_model", detail, again_s=OTHER_S, stranger="an echo service")
        if conversation.received_bytes:
            raise _no_unit(conversation)
        raise DriverError("control_blocked", f"{peer}: {BLOCKED}")

    def _value(self, address: WireAddress) -> str:
        """The newest report of a property, as it stands on the wire; empty if there was none."""
        values = [each.value for each in self.waiting if (each.name, each.index) == address]
        return values[-1] if values else ""

    def _model_text(self) -> str | None:
        texts = (unbrace(self._value(address).strip()).strip() for address in (("MODEL", None), DEVICE_MODEL))
        return next(filter(None, texts), None)

    async def _by_model(self, conversation: Conversation, timeout: float) -> Probe | None:
        """The model string decides, where there is one; SLX-D and Axient always have it."""
        text = self._model_text()
        if text is None:
            return None
        known_model = model_of(text)
        if known_model is None:
            detail = f"{conversation.connection.peer} is a {text!r}; this driver speaks to {_titles()}"
            raise DriverError("wrong_model", detail, again_s=OTHER_S, stranger=text)
        family, model = known_model
        return Probe(text, family, model, model.parts or family.most_parts)

    async def _by_other_name(self, conversation: Conversation, timeout: float) -> Probe | None:
        """Microflex Wireless has another name for its model."""
        answers = conversation.answers
        before = answers[LAST]
        await conversation.ask(
            [get(*DEVICE_MODEL), get(*LAST)],
            lambda: answers[DEVICE_MODEL] > 0 or answers[LAST] > before,
            timeout=min(timeout, QUIET_S),
        )
        return await self._by_model(conversation, timeout)

    async def _by_properties(self, conversation: Conversation, timeout: float) -> Probe:
        """Older firmware of some families does not know MODEL: what it answers of channel 1 decides."""
        silent = [family for family in FAMILIES.values() if family.without_model is not None]
        unnamed = [family for family in FAMILIES.values() if family.evidence is not None]
        channels = await self._count(conversation, max(each.most_parts for each in (*silent, *unnamed)), timeout)
        answers = conversation.answers
        if found := await self._by_model(conversation, timeout):  # late, but it came
            return found
        if found := self._by_evidence(answers):
            return found
        self._check_evidence(conversation)
        channels = max(1, channels)
        able = [family for family in silent if family.most_parts >= channels]
        answered = {name for name, index in answers if index == 1}
        family = next((each for each in able if (each.without_model or frozenset()) <= answered), able[0])
        model = _largest(family, channels)
        return Probe(model.name, family, model, channels)

    def _by_evidence(self, answers: Collection[WireAddress]) -> Probe | None:
        """A family whose units have no word for their model is shown by what they answer of part 1."""
        for family in FAMILIES.values():
            evidence = family.evidence
            if evidence is None or any((name, 1) in answers for name in evidence.unless):
                continue
            for name, looks in evidence.shows.items():
                if (name, 1) in answers and looks.fullmatch(unbrace(self._value((name, 1)).strip()).strip()):
                    parts = max((index or 0 for name, index in answers if name == family.part_proof), default=1)
                    model = _smallest(family, parts)
                    return Probe(model.name, family, model, model.parts or parts)
        return None

    def _check_evidence(self, conversation: Conversation) -> None:
        """A unit that does not know MODEL is an old ULX-D or a QLX-D only if it answers as they do.

        Mixers, access points and whatever else speaks command strings have channel names too. Raises `DriverError`.
        """
        microphone = unbrace(self._value(("TX_TYPE", 1)).strip()).strip()
        frequency = self._value(("FREQUENCY", 1)).strip()
        if _OLD_TYPES.fullmatch(microphone) and _OLD_FREQUENCY.fullmatch(frequency):
            return
        peer = conversation.connection.peer
        named = unbrace(self._value(DEVICE_MODEL).strip()).strip()
        if named:
            what, stranger = f"is a {named!r}", named
        elif microphone and not _OLD_TYPES.fullmatch(microphone):
            what, stranger = f"has transmitters of the type {microphone!r}", microphone
        else:
            names = sorted({each.name for each in self.waiting if each.verb == "REP"} - {"ERR"})
            called = unbrace(self._value(LAST).strip()).strip()
            what, stranger = f"calls itself {called!r}, " if called else "", called or "Shure's command strings"
            what += f"speaks Shure's command strings and knows no MODEL; it answered {', '.join(names) or 'nothing'}"
        detail = f"{peer} {what}, and is none of what this driver speaks to: {_titles()}"
        raise DriverError("wrong_model", detail, again_s=OTHER_S, stranger=stranger)

    async def _count(self, conversation: Conversation, most: int, timeout: float) -> int:
        """The highest channel that answers a name; the model is asked for once more, noise can swallow a line."""
        answers = conversation.answers
        proofs = {name for family in FAMILIES.values() for name in family.without_model or ()}
        addresses: list[WireAddress] = [("MODEL", None), DEVICE_MODEL, *((name, 1) for name in sorted(proofs))]
        addresses += [("TX_TYPE", 1), ("FREQUENCY", 1), ("TX_AVAILABLE", 1)]
        addresses += [("CHAN_NAME", channel) for channel in range(1, most + 1)]
        missing = [address for address in addresses if address not in answers]
        refused, before = answers[ERROR], answers[LAST]
        questions = [get(*address) for address in (*missing, LABELS, LAST)]
        if any(index for _, index in answers):  # it reports by itself, and may never answer
            timeout = min(timeout, QUIET_S)
        if await conversation.ask(questions, lambda: answers[LAST] > before, timeout=timeout):
            await conversation.wait(
                lambda: sum(each not in answers for each in (*missing, LABEL)) <= answers[ERROR] - refused,
                timeout=GRACE_S,
                quiet=GRACE_S,
            )
        return max((channel for channel in range(1, most + 1) if ("CHAN_NAME", channel) in answers), default=0)


def _no_unit(conversation: Conversation) -> DriverError:
    """Something answered, and not in Shure's command strings."""
    peer, name = conversation.connection.peer, named_by(conversation.opening)
    if name:
        detail = f"{peer} is {name}: it does not answer in Shure's command strings, so it is no unit of these families"
    else:
        detail = f"{peer} answers, but not in Shure's command strings: is it a receiver?"
    return DriverError("wrong_model", detail, again_s=OTHER_S, stranger=name)


def _titles() -> str:
    return ", ".join(family.title for family in FAMILIES.values())


def _smallest(family: Family, parts: int) -> Model:
    """The smallest model of a family that has the parts that were found."""
    by_size = sorted(family.models, key=lambda model: model.parts or 0)
    return next((model for model in by_size if (model.parts or 0) >= parts), by_size[-1])


def _largest(family: Family, channels: int) -> Model:
    """The largest model of a family that has no more channels than were found."""
    fitting = [model for model in family.models if (model.parts or 0) <= channels]
    return max(fitting, key=lambda model: model.parts or 0)
