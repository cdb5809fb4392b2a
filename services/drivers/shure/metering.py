"""Metering of one unit: what is asked of it, what it reports to meter at, and the meters that nobody has taken yet."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from services.drivers.port import DriverError
from services.drivers.shure.codec import samples
from services.drivers.shure.codec.messages import set_
from services.drivers.shure.conversation import Conversation
from services.drivers.shure.families import Meters, WireAddress
from services.model import Telemetry

log = logging.getLogger(__name__)

METER_RATE = "METER_RATE"
STOP_S = 0.5
"""How long a close waits for the unit to confirm that it has stopped metering."""
SILENT_S = 3.0
"""A unit that has sent nothing for so long is told to stop, and not waited for: it is mostly gone."""
AGAIN_AFTER_S = 2.0
"""How long after another controller changed the rate it is asked for again."""
AGAIN_MOST = 2
"""How often it is asked for again in one conversation. Then the other controller's rate holds: two that set it in turn
would fill the unit's line and the network, and the unit serves the newest."""
ONCE_IN_S = 10.0
"""Where the rate is shared, another controller's is answered at once, but one that comes again so soon is left."""
STOPS = 2
"""How often a unit that loses commands in silence is told to stop."""


class Metering:
    """The meters of one conversation. Intervals are seconds; 0 is off."""

    def __init__(self, conversation: Conversation, interval_s: float) -> None:
        self._conversation = conversation
        self._meters: Meters | None = None
        self._answered_at: dict[int, float] = {}
        """When another controller's rate was answered last, where the rate is shared."""
        self._interval_s = interval_s
        self._own_interval_s: dict[int, float] = {}
        """Channels that are to be metered otherwise than the others."""
        self._rates: dict[int, int] = {}
        """Metering as the unit reports it, by channel, ms."""
        self._wanted: dict[int, int] = {}
        """Metering as it was asked for, by channel, ms."""
        self._confirmed: set[int] = set()
        """Channels that reported what was asked for: whatever they report next is another controller's."""
        self._asked_again: Counter[int] = Counter()
        self._yielded: set[int] = set()
        """Channels whose rate is left to another controller."""
        self._again: dict[int, asyncio.TimerHandle] = {}
        self._untaken: dict[int, Telemetry] = {}
        self.ill_formed = 0
        """SAMPLE lines that are none of this family."""
        self.strays = 0
        """SAMPLE lines of channels that the unit does not have."""

    def choose(self, channel: int | None, seconds: float) -> None:
        """Choose an interval for a channel, or for all of them (``None``)."""
        if channel is None:
            self._interval_s = seconds
            self._own_interval_s.clear()
        else:
            self._own_interval_s[channel] = seconds

    def ask(self, meters: Meters, channels: Iterable[int]) -> None:
        """Ask for the chosen intervals; what the family cannot do becomes the nearest that it can."""
        asked = list(channels)
        for channel in asked:
            self._want(meters, channel)
            self._yielded.discard(channel)
        self._send(asked)

    def due(self, meters: Meters, channels: Iterable[int]) -> dict[WireAddress, bytes]:
        """What has to be asked, by what answers it: where the unit reports another rate than the chosen one.

        What was left to another controller stays with it as long as it meters.
        """
        self._yielded.difference_update(channel for channel, rate in self._rates.items() if not rate)  # it went away
        mine = [channel for channel in channels if channel not in self._yielded]
        for channel in mine:
            self._want(meters, channel)
        return {
            (METER_RATE, channel): self._request(channel)
            for channel in mine
            if self._rates.get(channel) != self._wanted[channel]
        }

    def _want(self, meters: Meters, channel: int) -> None:
        seconds = self._own_interval_s.get(channel, self._interval_s)
        rate = min(meters.slowest_ms, max(meters.fastest_ms, round(seconds * 1000))) if seconds > 0 else 0
        self._meters, self._wanted[channel] = meters, rate

    def receive_rate(self, channel: int, text: str) -> None:
        """Take in at which interval a channel is metered, as the unit writes it."""
        if not (text := text.strip()).isascii() or not text.isdigit():
            return
        rate = self._rates[channel] = int(text)
        if rate == self._wanted.get(channel):
            self._confirmed.add(channel)
        elif channel in self._confirmed:
            self._confirmed.discard(channel)
            self._answer(channel, rate)

    def _answer(self, channel: int, rate: int) -> None:
        """Another controller has changed the rate: ask for ours again, a few times, then leave it at that."""
        loop = asyncio.get_running_loop()
        if self._meters is not None and self._meters.shared:
            if loop.time() - self._answered_at.get(channel, -ONCE_IN_S) >= ONCE_IN_S:
                self._answered_at[channel] = loop.time()
                self._send([channel])
                return
        elif self._asked_again[channel] < AGAIN_MOST:
            self._asked_again[channel] += 1
            self._again[channel] = loop.call_later(AGAIN_AFTER_S, self._send, [channel])
            return
        if not self._yielded:
            log.warning(
                "another controller sets the metering rate of this unit again and again: its rate is left",
                extra={"host": self._conversation.connection.peer, "channel": channel, "rate_ms": rate},
            )
        self._yielded.add(channel)

    def _send(self, channels: Sequence[int]) -> None:
        self._conversation.send([self._request(channel) for channel in channels])

    def _request(self, channel: int) -> bytes:
        digits = self._meters.rate_digits if self._meters is not None else 0
        return set_(METER_RATE, channel, f"{self._wanted[channel]:0{digits}}")

    @property
    def yielded(self) -> int:
        """Channels whose metering rate was left to another controller."""
        return len(self._yielded)

    @property
    def differs(self) -> bool:
        """Whether any channel is metered otherwise than it was asked for, or nothing was asked for yet."""
        wanted = self._wanted
        return (
            not wanted
            or not self._rates
            or any(rate != wanted.get(channel) for channel, rate in self._rates.items() if channel not in self._yielded)
        )

    def sum_up(self, meters: Meters, channels: int) -> Mapping[int, Telemetry]:
        """Sum up what came since the last call, of all channels together; the new summaries by channel."""
        messages = self._conversation.take_samples()
        if not messages:
            return {}
        summaries, read = meters.summarise(messages)
        self.ill_formed += messages.count(b"<") - read
        known = {channel: summary for channel, summary in summaries.items() if 1 <= channel <= channels}
        if len(known) < len(summaries):
            self.strays += sum(summaries[channel]["samples"] for channel in summaries.keys() - known.keys())
        for channel, summary in known.items():
            untaken = self._untaken.get(channel)
            self._untaken[channel] = summary if untaken is None else samples.merge(untaken, summary)
        return known

    def take(self, channel: int) -> Telemetry | None:
        """Everything metered on a channel since the last call."""
        return self._untaken.pop(channel, None)

    async def stop(self) -> None:
        """Stop what was asked for, and wait briefly until the unit has confirmed it."""
        for again in self._again.values():
            again.cancel()
        if not self._wanted or not self._conversation.connection.open:
            return
        shared = self._meters is not None and self._meters.shared
        mine = [channel for channel in self._wanted if not shared or channel not in self._yielded]
        self._wanted.update(dict.fromkeys(mine, 0))  # what is reported of it now is ours
        questions = [self._request(channel) for channel in mine]
        if asyncio.get_running_loop().time() - self._conversation.last_received > SILENT_S:
            self._conversation.send(questions)
            return
        answers = self._conversation.answers
        addresses = [(METER_RATE, channel) for channel in mine]
        for address in addresses:
            answers[address] = 0
        try:
            for _ in range(STOPS if shared else 1):
                if await self._conversation.ask(
                    questions,
                    lambda: all(answers[address] for address in addresses),
                    timeout=STOP_S,
                ):
                    break
        except DriverError as error:
            log.debug("connection ended before metering was stopped: %s", error.detail)
