"""Many logical bridges on one PostgreSQL and a clustered broker: arithmetic, and a take-over storm simulated. PURE.

Nothing here runs a bridge: leases and take-overs are a later part of the product. What is simulated is the traffic that
the contract's section 7 would make, with the rates that `bench.scenarios.fleet` measures on a real broker and a real
database of this machine. docs/scaling.md draws the conclusions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

LEASE_S, RENEW_S = 15.0, 5.0
"""Contract, section 7."""
LOOK_S = 5.0
"""How often a standby looks whether the lease is free: an assumption, as often as a leader renews."""
CHANNELS = 4
RETAINED_A_RECEIVER = 3
"""info, state, availability."""
RETAINED_A_CHANNEL = 3
RETAINED_A_BRIDGE = 2
RETAINED_A_CAMPUS = 4
"""inventory, summary, candidates, audit_head, one page each; more pages beyond 500 ids."""
IDS_A_PAGE = 500
SLOW_S = 30.0
"""levels, link and health."""
BATCHES_A_SECOND = 20
"""A bridge with changes commits at most every 50 ms."""
STEP_S = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """So many logical bridges, each with so many quads."""

    bridges: int
    quads: int = 250
    standbys: int = 1
    changes: float = 5.0
    """Changed values a second and bridge."""

    @property
    def channels(self) -> int:
        """Of all bridges."""
        return self.bridges * self.quads * CHANNELS

    @property
    def retained(self) -> int:
        """Messages that stand at the broker."""
        pages = -(-self.quads * (CHANNELS + 1) // IDS_A_PAGE)
        own = RETAINED_A_BRIDGE + RETAINED_A_CAMPUS - 1 + pages
        return self.bridges * (own + self.quads * (RETAINED_A_RECEIVER + CHANNELS * RETAINED_A_CHANNEL))

    @property
    def published(self) -> float:
        """Messages a second in quiet times: telemetry, levels, link, health, changes with their audit, summaries."""
        each = self.quads * CHANNELS * (1 + 1 / SLOW_S) + self.quads / SLOW_S + 1 / SLOW_S + 3 * self.changes
        return self.bridges * (each + min(1.0, self.changes))

    @property
    def lease_statements(self) -> float:
        """A second: leaders renew, standbys look."""
        return self.bridges * (1 / RENEW_S + self.standbys / LOOK_S)

    @property
    def commits(self) -> float:
        """A second, leases included; a bridge whose values change commits each batch of 50 ms once."""
        return self.bridges * (1 / RENEW_S + min(BATCHES_A_SECOND, 2 * self.changes))


@dataclass(frozen=True, slots=True)
class Capacity:
    """What was measured, or what a cluster is said to do."""

    broker: float
    """Retained messages that it takes a second, of all nodes together."""
    bridge: float
    """Retained messages that one bridge sends a second."""
    read_s: float
    """From a won lease until a bridge has read all its receivers and begins to publish them."""


@dataclass(frozen=True, slots=True)
class Storm:
    """How a take-over of many bridges at once went, in seconds from the loss of their leaders."""

    first_lease_s: float
    last_lease_s: float
    half_fresh_s: float
    all_fresh_s: float
    most_published: float
    """Messages a second at the worst moment."""
    saturated_s: float
    """How long the broker was the limit."""


def take_over(plan: Plan, lost: int, capacity: Capacity, rng: random.Random) -> Storm:
    """``lost`` leaders vanish at once; each standby waits for the lease, reads, and publishes what it has.

    The broker's capacity is shared evenly by those who publish, in steps of a tenth of a second.
    """
    leases = sorted(_lease_won(rng, plan.standbys) for _ in range(lost))
    each = plan.retained / plan.bridges
    begins = [won + capacity.read_s for won in leases]
    left = [each] * lost
    finished: list[float] = []
    now, most, saturated = begins[0], 0.0, 0.0
    while len(finished) < lost:
        busy = [number for number in range(lost) if begins[number] <= now and left[number] > 0]
        rate = min(capacity.bridge, capacity.broker / len(busy)) if busy else 0.0
        most = max(most, rate * len(busy))
        saturated += STEP_S if busy and rate < capacity.bridge else 0.0
        now += STEP_S
        for number in busy:
            left[number] -= rate * STEP_S
            if left[number] <= 0:
                finished.append(now)
    return Storm(leases[0], leases[-1], finished[(lost - 1) // 2], finished[-1], most, saturated)


def _lease_won(rng: random.Random, standbys: int) -> float:
    """The lease was renewed at most `RENEW_S` ago; the first standby that looks after its end has it."""
    ends = LEASE_S - rng.uniform(0, RENEW_S)
    return ends + min(rng.uniform(0, LOOK_S) for _ in range(standbys))
