"""Who answers: model, family and number of channels, found by asking (protocol notes 1.2). GETs only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from services.drivers.port import DriverError
from services.drivers.shure.codec.messages import Message, get
from services.drivers.shure.codec.models import FAMILIES, FAMILY_NAMES, MODELS, MOST_CHANNELS, model_of
from services.drivers.shure.codec.wire_types import unbrace
from services.drivers.shure.conversation import BLOCKED, QUIET_S, Conversation, Place

MOST_EARLY = 4000
"""Messages kept until the family is known; a complete dump of the largest unit is shorter."""
CHANNELS_BEFORE_ANX4 = 4
"""Most channels of the models that do not tell their number."""
FEWEST_ANX4 = 4
"""The smallest licence."""

GRACE_S = 1.0
"""Answers come in the order of the questions, so what did not come before the last one hardly will. Where family and
number of channels hang on it we wait a little longer all the same: a wrong guess would last as long as the session."""

LAST: Place = ("DEVICE_ID", None)
"""Asked for last: every family knows it."""
ERROR: Place = ("ERR", None)

_FENCES: tuple[Place, ...] = (LAST, ("MODEL", None), ("FW_VER", None), ("CHAN_NAME", 1), ("TX_TYPE", 1))


@dataclass(frozen=True, slots=True)
class Found:
    """Who answers. ``model`` is the device's own word, or ours where it has none."""

    model: str
    family: str
    channels: int
    fence: Place = LAST
    """What this device has answered, and so will again: asked last, its answer says that everything was answered."""

    @property
    def slots(self) -> int:
        """Transmitter places of a channel."""
        return FAMILIES[self.family].slots


@dataclass(slots=True)
class Detection:
    """Finds out who answers. What is heard meanwhile stands in ``early``, to be understood afterwards."""

    early: list[Message] = field(default_factory=list)

    def hear(self, messages: list[Message]) -> None:
        """Take what came, before its meaning is known."""
        if len(self.early) < MOST_EARLY:
            self.early += messages

    async def run(self, conversation: Conversation, timeout: float) -> Found:
        """Ask until it is clear.

        Raises `DriverError`: ``control_blocked``, ``wrong_model``, and whatever ends a connection.
        """
        answers = conversation.answers
        await conversation.ask(
            [get("MODEL"), get("FW_VER"), get("DEVICE_ID")], lambda: answers[LAST] > 0, timeout=timeout
        )
        self._check_dialect(conversation)
        found = await self._named(conversation, timeout) or await self._by_its_keys(conversation, timeout)
        return replace(found, fence=next((place for place in _FENCES if answers[place]), LAST))

    def _check_dialect(self, conversation: Conversation) -> None:
        peer = conversation.connection.peer
        if any(message.verb == "REPORT" for message in self.early):
            raise DriverError("wrong_model", f"{peer} speaks the dialect of PSM1000, which this driver does not")
        if self.early:
            return
        if conversation.heard_bytes:
            raise DriverError("wrong_model", f"{peer} answers, but not in Shure's command strings: is it a receiver?")
        raise DriverError("control_blocked", f"{peer}: {BLOCKED}")

    def _model_text(self) -> str | None:
        told = [unbrace(each.value.strip()) for each in self.early if each.name == "MODEL" and each.verb == "REP"]
        return told[-1].strip() or None if told else None

    async def _named(self, conversation: Conversation, timeout: float) -> Found | None:
        """The model string decides, where there is one; SLX-D and Axient always have it."""
        text = self._model_text()
        if text is None:
            return None
        model = model_of(text)
        if model is None:
            known = ", ".join(FAMILY_NAMES.values())
            raise DriverError(
                "wrong_model", f"{conversation.connection.peer} is a {text!r}; this driver speaks to {known}"
            )
        channels = model.channels or await self._count(conversation, MOST_CHANNELS, timeout) or FEWEST_ANX4
        return Found(text, model.family, channels)

    async def _by_its_keys(self, conversation: Conversation, timeout: float) -> Found:
        """Older ULX-D and QLX-D firmware does not know MODEL: QLX-D alone has no remote mute, and one channel."""
        channels = await self._count(conversation, CHANNELS_BEFORE_ANX4, timeout)
        answers = conversation.answers
        if found := await self._named(conversation, timeout):  # late, but it came
            return found
        if not channels and ("TX_TYPE", 1) not in answers:
            raise DriverError(
                "wrong_model",
                f"{conversation.connection.peer} speaks Shure's command strings, but tells neither model nor channels",
            )
        family = "ulxd" if ("AUDIO_MUTE", 1) in answers or channels > 1 else "qlxd"
        channels = max(1, channels)
        name = next(model.name for model in MODELS if model.family == family and (model.channels or 0) <= channels)
        return Found(name, family, channels)

    async def _count(self, conversation: Conversation, most: int, timeout: float) -> int:
        """The highest channel that has a name to tell; the model is asked for once more, noise can swallow a line."""
        answers = conversation.answers
        places: list[Place] = [("MODEL", None), ("AUDIO_MUTE", 1), ("TX_TYPE", 1)]
        places += [("CHAN_NAME", channel) for channel in range(1, most + 1)]
        missing = [place for place in places if place not in answers]
        refused, before = answers[ERROR], answers[LAST]
        questions = [get(*place) for place in (*missing, LAST)]
        if any(index for _, index in answers):  # it tells by itself, and may be one that only tells
            timeout = min(timeout, QUIET_S)
        if await conversation.ask(questions, lambda: answers[LAST] > before, timeout=timeout):
            await conversation.wait(
                lambda: sum(place not in answers for place in missing) <= answers[ERROR] - refused,
                timeout=GRACE_S,
                quiet=GRACE_S,
            )
        return max((channel for channel in range(1, most + 1) if ("CHAN_NAME", channel) in answers), default=0)
