"""Finds out who answers: at which of the protocol's ports, of which family, and what a stranger is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.drivers.port import DriverError
from services.drivers.sennheiser.ssc.families.catalogue import PORT, find
from services.drivers.sennheiser.ssc.families.family import Family, Model

SWITCHED_OFF = (
    "check power, cable and address. An EW-DX with firmware 4.0 or later has third-party access switched off: switch "
    "it on in Sennheiser Control Cockpit, page Access, as Legacy (SSC v1), or as Secure with a password (SSC v2) "
    "and give the password in the unit's options. A firewall has to let UDP 45 out and its answers in"
)
"""Why an address is silent, for people. Source: docs/protocols/sennheiser-ssc.md#ew-dx."""


class Sender(Protocol):
    """What a link needs of the shared socket."""

    def send(self, data: bytes) -> bool:
        """Send one datagram to the unit, which may be lost; whether the system took it."""


class Ports:
    """Where a unit may answer: at the first port, or at the others, which get the repetitions too until one answers."""

    def __init__(self) -> None:
        self._senders: list[Sender] = []
        self._refused: set[int] = set()
        self._chosen: int | None = None
        self._asked = False

    def use(self, senders: Sequence[Sender]) -> None:
        """Begin to send."""
        self._senders = list(senders)
        if len(self._senders) == 1:
            self._chosen = 0

    def heard(self, place: int) -> bool:
        """Something of the protocol came from a port; whether that is the port of this conversation."""
        if self._chosen is None:
            self._chosen = place
        return self._chosen == place

    def refused(self, place: int) -> bool:
        """Nobody listens at a port; whether that leaves none to try."""
        self._refused.add(place)
        return place == self._chosen or (self._chosen is None and len(self._refused) == len(self._senders))

    @property
    def chosen(self) -> int | None:
        """The place of the port that answered; ``None`` before one has."""
        return self._chosen

    def send(self, data: bytes) -> bool:
        """Send one datagram; before a port has answered its repetition goes to all of them."""
        if self._chosen is not None:
            return bool(self._senders) and self._senders[self._chosen].send(data)
        senders = self._senders if self._asked else self._senders[:1]
        self._asked = True
        taken = [sender.send(data) for place, sender in enumerate(senders) if place not in self._refused]
        return any(taken)

    def end(self) -> None:
        """Send nothing more."""
        self._senders = []
        self._chosen = None


def recognise(host: str, product: object) -> tuple[Family, Model]:
    """Family and model of who answered. Raises `DriverError` for what is no microphone's."""
    if not isinstance(product, str) or not product.strip():
        detail = f"{host} speaks Sennheiser's SSC on UDP port {PORT} and does not say what it is: see probe"
        raise DriverError("wrong_model", detail)
    if (found := find(product)) is None:
        detail = (
            f"{host} is a {product.strip()[:60]!r}: it speaks Sennheiser's SSC, and is none of the receivers and "
            "chargers that are read by it"
        )
        raise DriverError("wrong_model", detail, stranger=f"Sennheiser {product.strip()}")
    return found
