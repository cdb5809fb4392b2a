"""Messages that the broker did not take: which topics, why, and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Final

LOG = logging.getLogger(__name__)

TOPICS_KEPT: Final = 1_000
LOGGED: Final = 5
"""Topics that the log names, of one connection; the others are counted."""

SUCCESS: Final = 0x00
"""The reason code of an acknowledgement that took the message (MQTT 5, 3.4.2.1)."""

FAILED: Final = 0x80
"""Reason codes from here on are refusals (MQTT 5, 2.4)."""

TOO_LARGE: Final = 0x95
"""The reason code for a packet above the broker's limit (MQTT 5, 3.14.2.1)."""

NO_ECHO: Final = 0x100
"""In place of a reason code: the broker acknowledged the message, and did not hand it out to us, who read there."""

_LIMIT: Final = "raise its limit of a message to 128 KB or more (mosquitto: message_size_limit, max_packet_size)"

_REMEDIES: Final[Mapping[int, str]] = {
    0x83: f"a rule or limit of its own; its log may say which. If it is the size, {_LIMIT}",
    0x87: "allow this user to publish there",
    0x90: "it does not allow topics of this name",
    TOO_LARGE: _LIMIT,
    0x97: f"a quota is used up: ask its administrator. If it is the size, {_LIMIT}",
}
"""Reason codes of PUBACK (MQTT 5, 3.4.2.1), and what helps."""


_NO_ECHO_WORDS: Final = (
    "it acknowledges them and throws them away: allow this user to publish there, and to read there, since MQTT 3.1.1 "
    "tells in no other way"
)


class Refusals:
    """The topics whose newest message the broker of one connection did not take."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._reasons: dict[str, int] = {}
        self._logged: set[str] = set()
        self.count = 0
        """Messages that were refused, over this connection."""

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def __iter__(self) -> Iterator[str]:
        return iter(self._reasons)

    def note(self, topic: str, reason: int, size: int | None = None) -> None:
        """A message was refused. ``size`` is the packet's, in bytes, where that is known to be the reason."""
        self.count += 1
        if topic not in self._reasons and len(self._reasons) < TOPICS_KEPT:
            self._reasons[topic] = reason
            if topic not in self._logged and len(self._logged) < LOGGED:
                self._logged.add(topic)
                LOG.error("%s does not take messages to %s", self._broker, self.words(topic, size))
        elif topic in self._reasons:
            self._reasons[topic] = reason

    def taken(self, topic: str) -> None:
        """A message to a topic was taken: whatever stood in the way is mended."""
        if self._reasons.pop(topic, None) is not None and not self._reasons:
            LOG.info("%s takes our messages again", self._broker)

    def forget(self, topic: str) -> None:
        """Nothing will be published there again."""
        self._reasons.pop(topic, None)

    def words(self, topic: str, size: int | None = None) -> str:
        """Topic, reason and remedy of a refused message."""
        reason = self._reasons[topic]
        if reason == NO_ECHO:
            return f"{topic}: {_NO_ECHO_WORDS}"
        of_bytes = f" of {size} bytes" if size is not None else ""
        remedy = _REMEDIES.get(reason, "it gives no reason that we know")
        return f"{topic}{of_bytes} (reason code 0x{reason:02x}): {remedy}"
