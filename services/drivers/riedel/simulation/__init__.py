"""A simulated Bolero antenna on a real HTTP socket. The runtime never imports this room.

Written from the shapes that were seen (docs/protocols/bolero.md), not from the driver's tables. What the other answers
of an antenna look like is decided here: a path that is not known is 404, a wrong password 401.
"""
