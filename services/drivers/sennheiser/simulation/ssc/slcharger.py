"""A simulated CHG 2N or CHG 4N (TI 1094, pages 88 to 105): an empty bay reads 0 in every number."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from services.drivers.sennheiser.simulation.ssc.chargers import Bays
from services.drivers.sennheiser.simulation.ssc.tree import Node, Refused
from services.model import Part

IDENTIFY_S = 10.0


class SlCharger(Bays):
    """The inside of one; every second transmitter is a bodypack."""

    def __init__(self, product: str, count: int, number: int, random: Random, *, still: bool) -> None:
        super().__init__(count, random, still=still)
        self.name, self.location = f"{product}-{number}", "Store"
        self.serial = f"{2_050_000_000 + random.randrange(1_000_000)}"
        self.serials = [f"{1_234_500_000 + random.randrange(90_000)}" for _ in range(count)]
        self.errors = [0] * count
        self._identified_s = 0.0
        ether = ":".join(self.mac[place : place + 2] for place in range(0, 12, 2))

        def of_each(read: Callable[[int], object], nothing: object = 0) -> Node:
            return Node(lambda: [read(place) if self.occupied[place] else nothing for place in range(count)])

        self.nodes: dict[str, Node] = {
            "device/identity/product": Node(lambda: product),
            "device/identity/version": Node(lambda: "1.4.0"),
            "device/identity/serial": Node(lambda: self.serial),
            "device/network/ether/macs": Node(lambda: [ether]),
            "device/name": Node(lambda: self.label),
            "device/location": Node(lambda: self.location),
            "device/state": Node(lambda: 0),
            "device/warnings": Node(lambda: [""], subscribable=False),
            "osc/version": Node(lambda: "1.0"),
            "bays/active": Node(lambda: list(self.occupied)),
            "bays/device_type": of_each(lambda place: 1 + place % 2),
            "bays/charging": of_each(lambda place: self.charge[place] < 100, nothing=False),  # noqa: PLR2004
            "bays/bat_gauge": of_each(lambda place: round(self.charge[place])),
            "bays/bat_timetofull": of_each(self.minutes_to_full),
            "bays/bat_bars": of_each(lambda place: round(self.charge[place] / 100 * 6)),
            "bays/bat_health": of_each(lambda _: 95),
            "bays/bat_cycles": of_each(lambda _: 20),
            "bays/serial": of_each(lambda place: self.serials[place], nothing=""),
            "bays/version": of_each(lambda _: "2.0.1", nothing=""),
            "bays/state": Node(
                lambda: [[2 if each else 0 for each in self.errors], list(self.errors)], subscribable=False
            ),
            "bays/identify": Node(lambda: list(self.identified), self._identify),
        }

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would; ``errors`` are the bits of a bay. Raises `KeyError`."""
        if part.number and key == "errors":
            self.errors[part.number - 1] = int(str(value))
        else:
            super().set_value(part, key, value)

    def step(self, seconds: float) -> None:
        """Batteries are charged, and lights that show a bay go out."""
        super().step(seconds)
        self._identified_s -= seconds
        if self._identified_s <= 0:
            self.identified = [False] * len(self.identified)

    def _identify(self, value: object) -> None:
        if not isinstance(value, list) or len(value) != len(self.identified):
            raise Refused(406)
        if any(each is not None and not isinstance(each, bool) for each in value):
            raise Refused(406)
        self.identified = [
            before if each is None else bool(each) for before, each in zip(self.identified, value, strict=True)
        ]
        self._identified_s = IDENTIFY_S
