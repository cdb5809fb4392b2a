"""Finds out model, family and number of channels of the unit that answers, with GETs alone.

Source: docs/protocols.md#which-family-answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from services.drivers.port import DriverError
from services.drivers.shure.codec.messages import Message, get
from services.drivers.shure.codec.wire_types import unbrace
from services.drivers.shure.conversation import BLOCKED, QUIET_S, Conversation
from services.drivers.shure.families import FAMILIES, Family, Model, WireAddress, model_of

WAITING_MOST = 4000
"""Messages kept until the family is known; a complete dump of the largest unit is shorter."""
FEWEST_LICENSED = 4
"""Channels of the smallest licence, where a licence decides."""

GRACE_S = 1.0
"""Seconds to wait for more answers after the last one. Answers come in the order of the questions, so hardly any is
late; but a wrong family or number of channels would last as long as the session."""

OTHER_S = 15.0
"""Seconds between two tries where another kind of unit answers: somebody has to act first."""

LAST: WireAddress = ("DEVICE_ID", None)
"""Asked for last: every family knows it."""
ERROR: WireAddress = ("ERR", None)

_FENCES: tuple[WireAddress, ...] = (LAST, ("MODEL", None), ("FW_VER", None), ("CHAN_NAME", 1), ("TX_TYPE", 1))


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

    def receive(self, messages: list[Message]) -> None:
        """Take what came, before its meaning is known."""
        if len(self.waiting) < WAITING_MOST:
            self.waiting += messages

    async def run(self, conversation: Conversation, timeout: float) -> Probe:
        """Ask until it is clear.

        Raises `DriverError`: ``control_blocked``, ``wrong_model``, and whatever ends a connection.
        """
        answers = conversation.answers
        await conversation.ask(
            [get("MODEL"), get("FW_VER"), get("DEVICE_ID")], lambda: answers[LAST] > 0, timeout=timeout
        )
        self._check_dialect(conversation)
        found = await self._by_model(conversation, timeout) or await self._by_properties(conversation, timeout)
        return replace(found, fence=next((address for address in _FENCES if answers[address]), LAST))

    def _check_dialect(self, conversation: Conversation) -> None:
        peer = conversation.connection.peer
        if any(message.verb == "REPORT" for message in self.waiting):
            detail = f"{peer} speaks the dialect of PSM1000, which this driver does not"
            raise DriverError("wrong_model", detail, again_s=OTHER_S)
        if self.waiting:
            return
        if conversation.received_bytes:
            detail = f"{peer} answers, but not in Shure's command strings: is it a receiver?"
            raise DriverError("wrong_model", detail, again_s=OTHER_S)
        raise DriverError("control_blocked", f"{peer}: {BLOCKED}")

    def _model_text(self) -> str | None:
        texts = [unbrace(each.value.strip()) for each in self.waiting if each.name == "MODEL" and each.verb == "REP"]
        return texts[-1].strip() or None if texts else None

    async def _by_model(self, conversation: Conversation, timeout: float) -> Probe | None:
        """The model string decides, where there is one; SLX-D and Axient always have it."""
        text = self._model_text()
        if text is None:
            return None
        known_model = model_of(text)
        if known_model is None:
            known = ", ".join(family.title for family in FAMILIES.values())
            raise DriverError(
                "wrong_model",
                f"{conversation.connection.peer} is a {text!r}; this driver speaks to {known}",
                again_s=OTHER_S,
            )
        family, model = known_model
        if family.composer(model).parts is not None:  # reports decide how many there are
            return Probe(text, family, model, model.parts or family.most_parts)
        channels = model.parts or await self._count(conversation, family.most_parts, timeout) or FEWEST_LICENSED
        return Probe(text, family, model, channels)

    async def _by_properties(self, conversation: Conversation, timeout: float) -> Probe:
        """Older firmware of some families does not know MODEL: what it answers of channel 1 decides."""
        silent = [family for family in FAMILIES.values() if family.without_model is not None]
        channels = await self._count(conversation, max(family.most_parts for family in silent), timeout)
        answers = conversation.answers
        if found := await self._by_model(conversation, timeout):  # late, but it came
            return found
        if not channels and ("TX_TYPE", 1) not in answers:
            raise DriverError(
                "wrong_model",
                f"{conversation.connection.peer} speaks Shure's command strings, but has neither model nor channels",
                again_s=OTHER_S,
            )
        channels = max(1, channels)
        able = [family for family in silent if family.most_parts >= channels]
        answered = {name for name, index in answers if index == 1}
        family = next((each for each in able if (each.without_model or frozenset()) <= answered), able[0])
        model = _largest(family, channels)
        return Probe(model.name, family, model, channels)

    async def _count(self, conversation: Conversation, most: int, timeout: float) -> int:
        """The highest channel that answers a name; the model is asked for once more, noise can swallow a line."""
        answers = conversation.answers
        proofs = {name for family in FAMILIES.values() for name in family.without_model or ()}
        addresses: list[WireAddress] = [("MODEL", None), *((name, 1) for name in sorted(proofs)), ("TX_TYPE", 1)]
        addresses += [("CHAN_NAME", channel) for channel in range(1, most + 1)]
        missing = [address for address in addresses if address not in answers]
        refused, before = answers[ERROR], answers[LAST]
        questions = [get(*address) for address in (*missing, LAST)]
        if any(index for _, index in answers):  # it reports by itself, and may never answer
            timeout = min(timeout, QUIET_S)
        if await conversation.ask(questions, lambda: answers[LAST] > before, timeout=timeout):
            await conversation.wait(
                lambda: sum(address not in answers for address in missing) <= answers[ERROR] - refused,
                timeout=GRACE_S,
                quiet=GRACE_S,
            )
        return max((channel for channel in range(1, most + 1) if ("CHAN_NAME", channel) in answers), default=0)


def _largest(family: Family, channels: int) -> Model:
    """The largest model of a family that has no more channels than were found."""
    fitting = [model for model in family.models if (model.parts or 0) <= channels]
    return max(fitting, key=lambda model: model.parts or 0)
