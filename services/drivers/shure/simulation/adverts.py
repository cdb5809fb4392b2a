"""Adverts of simulated units, as Shure receivers send them: an SLPv2 attribute reply by multicast every 2 seconds."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from services.drivers.shure.codec import slp
from services.drivers.shure.simulation.clock import Clock

PERIOD_S = 2.0
_GOLDEN = 0.6180339887498949


class Advertised(Protocol):
    """What an advert announces of a unit."""

    @property
    def host(self) -> str:
        """Address that it sends from."""

    @property
    def model(self) -> str:
        """Model, in ACN's spelling."""

    @property
    def label(self) -> str:
        """Name that people gave it."""

    @property
    def mac(self) -> str:
        """MAC address, lower case with colons."""

    @property
    def is_listening(self) -> bool:
        """Whether it is on the network."""


def advertise(units: Sequence[Advertised], clock: Clock, interface: str) -> Callable[[], None]:
    """Send adverts of all units out of one interface until the returned function is called.

    Each unit sends from its own address where it has one of its own. A unit that is off the network is silent. Raises
    `OSError` where the interface is not one of this machine.
    """
    sockets: dict[str, socket.socket] = {}
    timers = []
    try:
        for number, unit in enumerate(units, 1):
            if unit.host not in sockets:
                sockets[unit.host] = _socket(unit.host, interface)
            timers.append(clock.every(PERIOD_S, _sender(unit, sockets[unit.host]), number * _GOLDEN % 1))
    except OSError:
        for sock in sockets.values():
            sock.close()
        raise

    def end() -> None:
        for timer in timers:
            timer.stop()
        for sock in sockets.values():
            sock.close()

    return end


def _socket(host: str, interface: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sock.bind((host, 0))
    except OSError:
        sock.close()
        raise
    return sock


def _sender(unit: Advertised, sock: socket.socket) -> Callable[[], None]:
    def send() -> None:
        if not unit.is_listening:
            return
        datagram = slp.build(slp.attributes_of(unit.model, unit.label, unit.mac, unit.host))
        with contextlib.suppress(OSError):  # a full buffer, a route that is gone: a datagram may always be lost
            sock.sendto(datagram, (slp.GROUP, slp.PORT))

    return send
