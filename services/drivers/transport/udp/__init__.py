"""UDP: one shared socket for all units of a maker, with questions that survive loss.

`sockets` opens the socket and sorts what comes by its sender, `first_use` opens it when the first unit
is wanted, `peer` asks one unit, `endpoint` is the system's socket
with its errors.
"""

from __future__ import annotations

from services.drivers.transport.udp.endpoint import Address, Counters
from services.drivers.transport.udp.first_use import SocketOnFirstUse
from services.drivers.transport.udp.peer import Peer
from services.drivers.transport.udp.sockets import DatagramSocket

__all__ = ["Address", "Counters", "DatagramSocket", "Peer", "SocketOnFirstUse"]
