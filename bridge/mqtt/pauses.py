"""How long to wait before the broker is tried again. Knows no clock: it is told how long a connection held.

One client waits for one broker, often in the same rack: trying each second costs neither of them anything, and a pause
that grows with an outage is what keeps a bridge away after it (docs/decisions/the-broker-is-tried-each-second.md).
"""

from __future__ import annotations

from typing import Final

from bridge.mqtt.endpoint import FIGHT, BrokerError, MqttConfig, Trouble
from services.backoff import Backoff

SOMEONE_MUST_ACT: Final[frozenset[Trouble]] = frozenset(
    {
        "bad_credentials",
        "not_authorised",
        "rejected",
        "version_refused",
        "tls_not_trusted",
        "tls_failed",
        "websocket_refused",
        "disconnected",
    }
)
"""Refusals that nobody mends within a second, and that a broker may log or count each time."""

ENDS: Final[frozenset[Trouble]] = frozenset({"lost", "taken_over"})
"""How a connection ends that another client takes, be it the moment after it began."""


class Pauses:
    """The pause after each attempt that failed and each connection that ended, in seconds."""

    def __init__(self, config: MqttConfig) -> None:
        self._stable_s = config.stable_s
        self._usual = Backoff(config.retry_first_s, config.retry_most_s)
        self._patient = Backoff(config.retry_most_s, max(config.refused_most_s, config.retry_most_s))
        self._fight = Backoff(config.fight_first_s, max(config.fight_most_s, config.fight_first_s))
        self.brief = 0
        """Connections in a row that ended soon after they began, with no attempt between them that failed."""

    def after(self, error: BrokerError, held_s: float | None) -> float:
        """The pause after a connection that held so long, or after an attempt that led to none (``None``)."""
        if held_s is None and error.trouble not in ENDS:
            self._end_fight()  # the broker, or what is in its place, is no second client
        elif held_s is not None:
            self._patient.reset()
            if held_s >= self._stable_s:
                self._usual.reset()
                self._end_fight()
        if error.trouble in ENDS:
            self.brief += 1
        if error.trouble == "taken_over":
            self.brief = max(self.brief, FIGHT)
        if self.brief >= FIGHT:
            return self._fight.pause()
        return (self._patient if error.trouble in SOMEONE_MUST_ACT else self._usual).pause()

    def _end_fight(self) -> None:
        self.brief = 0
        self._fight.reset()
