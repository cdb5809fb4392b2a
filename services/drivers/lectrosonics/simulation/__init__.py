"""Simulated DSQD units on real TCP sockets. The runtime never imports this room.

Written from the notes (docs/protocols/lectrosonics-dsqd.md) and not from the driver's tables, so that the two check one
another. What no source has is decided here and named where it is decided. Public: `simulator.simulator`, `unit.Unit`,
`unit.Options`.
"""
