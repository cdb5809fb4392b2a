"""When one subscription is asked for: at once, again where no answer comes, and in good time before it ends. PURE.

Theory: a subscription ends by itself when its lifetime is over or when its count of messages is used up, and the unit
adopts what it likes of both. So it is renewed by what came back, at half of the shorter of the two; a unit that names
nothing has the protocol's defaults. Where a request for several addresses is refused as a whole, each is asked for by
itself. Times are seconds of one clock. Source: docs/protocols/sennheiser-ssc.md#subscriptions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from services.drivers.sennheiser.ssc.codec.values import number
from services.drivers.sennheiser.ssc.codec.words import ENDED, NO_ADDRESS, NO_TRANSMITTER, TOO_MUCH, words_of

DEFAULT_LIFETIME_S = 10.0
ANSWER_S, ANSWER_GROWTH = 0.25, 1.6
"""How long an acknowledgement is waited for, and how that grows."""
TRIES = 5
"""After so many requests without an acknowledgement the unit refuses in silence."""
RENEW_LEAST_S = 0.5
"""Never more often, whatever the unit adopted or ended."""
REFUSED_S = 60.0
"""A subscription that was refused is asked for again after so long: another controller may have left."""
SILENT_S = 15.0
"""Likewise where it did not answer: the network may have lost what it said."""
SILENT = "it does not answer requests for subscriptions"


class Subscription:
    """Addresses that are subscribed to in one request. ``every_ms`` is 0 for changes alone, else the meters' period."""

    def __init__(
        self, addresses: Sequence[str], *, every_ms: int = 0, lifetime_s: float, count: int, now: float = 0.0
    ) -> None:
        self.addresses: list[str] = list(addresses)
        self.every_ms = every_ms
        self.dropped: list[str] = []
        """Addresses that the unit does not tell of: it has none of the name, or none that can be subscribed to."""
        self.trouble: str | None = None
        """Why the unit refuses, in words; ``None`` while it does not."""
        self.due_at = now
        self._lifetime_s, self._count = lifetime_s, count
        self._open: set[str] = set()
        """Addresses of which the last request was not answered yet."""
        self._tries = 0
        self._asked_at = -inf
        self._without = False
        """Something of it was refused for want of a transmitter."""
        self._adopted_s = inf
        self.accepted = False
        """The unit has ever accepted it, in part at least: there is something to cancel."""

    @property
    def settled(self) -> bool:
        """Whether the unit has said of each address what becomes of it, or was asked often enough."""
        return (not self._open and self._tries > 0) or self.trouble is not None or not self.addresses

    @property
    def unanswered(self) -> frozenset[str]:
        """Addresses of the last request that the unit has not said anything of."""
        return frozenset(self._open)

    def options(self) -> Mapping[str, object]:
        """What is asked for. Of the two periods only equal ones mean the same to every unit."""
        options: dict[str, object] = {"lifetime": round(self._lifetime_s), "count": self._count}
        if self.every_ms:
            options = {"min": self.every_ms, "max": self.every_ms, **options}
        return options

    def asks(self, now: float) -> bool:
        """Whether the request goes out now; notes that it did."""
        if now < self.due_at or not self.addresses:
            return False
        if self._open and self._tries >= TRIES:
            return self._in_vain(now)
        if not self._open:
            self._tries, self._adopted_s, self._without = 0, inf, False
        self._tries += 1
        self._open = set(self.addresses)
        self._asked_at = now
        self.due_at = now + ANSWER_S * ANSWER_GROWTH ** (self._tries - 1)
        return True

    def took(self, address: str, options: Mapping[str, object] | None, now: float) -> None:
        """The unit accepted an address, with the options that it adopted."""
        self.accepted, self.trouble = True, None
        self._adopted_s = min(self._adopted_s, self._lasts_s(options))
        self._settle(address, now)

    def told(self, address: str, now: float) -> None:
        """A meter of it came: proof enough, though the acknowledgement was lost."""
        if address in self._open:
            self.took(address, None, now)

    def refused(self, address: str, code: int, said: str, now: float) -> None:
        """The unit refuses one address, or ended its subscription."""
        if code == ENDED:
            if not self._open:
                self.due_at = min(self.due_at, max(now, self._asked_at + RENEW_LEAST_S))
        elif code == NO_TRANSMITTER:
            self._without = True
            self._settle(address, now)
        elif code in NO_ADDRESS:
            self._drop(address, now)
        elif address in self._open:  # else it refuses something else that stands there
            self._refuse(words_of(code, said), now)

    def refused_whole(self, code: int, said: str, now: float) -> list[Subscription]:
        """The unit refuses the request as a whole; what is to be asked for instead."""
        if code in TOO_MUCH and len(self.addresses) > 1:
            addresses, self.addresses = self.addresses, []
            self._open.clear()
            return [
                Subscription(
                    (each,), every_ms=self.every_ms, lifetime_s=self._lifetime_s, count=self._count, now=now
                )
                for each in addresses
            ]  # fmt: skip
        if code in NO_ADDRESS and self.addresses:
            self._drop(self.addresses[0], now)
        elif code != ENDED:
            self._refuse(words_of(code, said), now)
        return []

    def again(self, now: float) -> None:
        """Ask anew at once: a transmitter came, or the period is another."""
        self._open.clear()
        self.due_at = max(now, self._asked_at + RENEW_LEAST_S) if self._tries else now

    # -- inside ----------------------------------------------------------------------------------------------

    def _lasts_s(self, options: Mapping[str, object] | None) -> float:
        lifetime = number((options or {}).get("lifetime"))
        lasts = lifetime if lifetime is not None and lifetime > 0 else DEFAULT_LIFETIME_S
        count = number((options or {}).get("count"))
        if self.every_ms and count is not None and count > 0:
            # whether it counts messages or the values of all addresses is in no document: the shorter of the two
            lasts = min(lasts, count * self.every_ms / 1000 / len(self.addresses or (1,)))
        return lasts

    def _settle(self, address: str, now: float) -> None:
        self._open.discard(address)
        if not self._open:
            lasts = self._adopted_s if self._adopted_s < inf else DEFAULT_LIFETIME_S
            if self._without:  # whether it is told there as soon as a transmitter has something to say is not known
                lasts = min(lasts, DEFAULT_LIFETIME_S)
            self.due_at = max(now, self._asked_at) + max(RENEW_LEAST_S, lasts / 2)

    def _drop(self, address: str, now: float) -> None:
        if address in self.addresses:
            self.addresses.remove(address)
            self.dropped.append(address)
        self._settle(address, now)

    def _refuse(self, words: str, now: float, again_s: float = REFUSED_S) -> None:
        self.trouble = words
        self._open.clear()
        self.due_at = now + again_s

    def _in_vain(self, now: float) -> bool:
        """Nobody acknowledged. What was acknowledged in part is renewed by the default."""
        if len(self._open) < len(self.addresses):
            self._open.clear()
            self.due_at = now + DEFAULT_LIFETIME_S / 2
        else:
            self._refuse(SILENT, now, SILENT_S)
        return False
