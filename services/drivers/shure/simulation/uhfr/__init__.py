"""Simulated UHF-R receivers on real UDP sockets. The runtime never imports this room.

Written from the notes (docs/protocols/uhfr.md) and not from the driver's tables, so that the two check one another.
What no source has is decided here and named where it is decided. Public: `simulator.uhfr_simulator`,
`simulator.Options`, `unit.Unit`.
"""
