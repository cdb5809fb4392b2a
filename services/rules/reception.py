"""What the meters of a channel say of its transmitter, and what of its transmitter they say. PURE.

A meter has no meaning without the state beside it: a channel without a transmitter has no active antenna in any sample,
and no dropouts either. Which of the two a silence is shows late, for units report a transmitter that came or went some
seconds after their meters show it. So a silence is judged when it ends, or when every report that could explain it has
come; a silence in which the transmitter went is none of its losses, up to the next sample that is received.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.model import Telemetry

LAG_S = 8.0
"""How much later than in its meters a unit may report a transmitter that came or went: a QLX-D takes 5 to 7 s, field by
field (docs/protocols.md#ulx-d-and-qlx-d)."""

FADE_S = 3.0
"""For so long after the last active antenna a transmitter counts as received: a fade is no end."""

FLOOR_DBM = -100.0
"""An antenna that is active at less receives nothing."""

_ANTENNAS = ("antenna_a", "antenna_b", "antenna_c", "antenna_d")


@dataclass(slots=True)
class _Silence:
    """Samples that were not judged yet: how many, and whether there was interference in them."""

    samples: int = 0
    interference: bool = False

    def add(self, more: _Silence) -> None:
        self.samples += more.samples
        self.interference = self.interference or more.interference


@dataclass(slots=True)
class Reception:
    """The reception of one channel. Times are those of the event loop, in seconds."""

    received: bool | None = None
    """Whether a carrier is received, fades bridged; ``None`` where the meters do not show that."""
    heard_at: float | None = None
    """When an antenna was last active."""
    _silent_since: float | None = None
    _present_since: float | None = None
    """Since when the unit reports a transmitter that its meters do not show."""
    _gone: bool = True
    """Whether the silence is that of a channel without a transmitter."""
    _silence: _Silence | None = None
    """What was not judged yet."""

    def judge(self, telemetry: Telemetry, present: object, now: float) -> Telemetry:
        """The interval with those dropouts, and that interference, which are losses of a transmitter.

        ``present`` is whether a transmitter is on the air, as far as that is known.
        """
        silent = telemetry.get("dropouts")
        if silent is None:
            return telemetry
        heard = self._note(telemetry, now)
        if heard and not silent and present is not False and self._silent_since is None and not self._gone:
            return telemetry
        judged, self._silence = self._silence or _Silence(), None
        begun = _Silence(silent, telemetry.get("interference_seen", False))
        if heard:
            judged.add(begun)
            lost = present is not False and not self._gone
            self._silent_since, self._gone = None, False
        elif silent < telemetry["samples"]:  # it was there, and then the silence began
            lost = present is not False and not self._gone
            self._silent_since, self._gone, self._silence = now, False, begun
        else:
            judged.add(begun)
            explained = self._explained(present, now)
            lost = explained is True
            if explained is None:
                self._silence = judged
        return _with(telemetry, judged if lost else _Silence())

    def end(self) -> None:
        """Forget everything: the meters ended."""
        self.received = self.heard_at = self._silent_since = self._present_since = self._silence = None
        self._gone = True

    def _explained(self, present: object, now: float) -> bool | None:
        """Whether a silence that goes on is a loss; ``None`` while reports of it may be under way."""
        if self._silent_since is None:
            self._silent_since = now
        waits = now - self._silent_since <= LAG_S
        if present is False or (present is None and not waits):
            self._gone, self._present_since = True, None
        elif waits:
            return None
        elif self._gone:
            self._present_since = now if self._present_since is None else self._present_since
            self._gone = now - self._present_since <= LAG_S
        return not self._gone

    def _note(self, telemetry: Telemetry, now: float) -> bool:
        """Whether the newest sample has a carrier: at an antenna, or a second one where none was missed."""
        rf_dbm = telemetry.get("rf_dbm")
        heard = (rf_dbm is None or rf_dbm > FLOOR_DBM) and (
            not telemetry["dropouts"] or any(telemetry.get(antenna) == "active" for antenna in _ANTENNAS)
        )
        if heard:
            self.heard_at = now
        self.received = self.heard_at is not None and now - self.heard_at <= FADE_S
        return heard


def _with(telemetry: Telemetry, lost: _Silence) -> Telemetry:
    judged = {**telemetry, "dropouts": lost.samples}
    if "interference_seen" in telemetry:
        judged["interference_seen"] = lost.interference
    return judged
