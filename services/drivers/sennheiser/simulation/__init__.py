"""Simulated units of the Media Control Protocol on real UDP sockets. The runtime never imports this room.

Written from the vendor's document (TI 1254 v1.0) and from what was seen on real racks, not from the driver's tables, so
that the two check one another. What no document has is decided here and named where it is decided.
Public: `simulator.simulator`, `simulator.Options`, `unit.Unit`.
"""
