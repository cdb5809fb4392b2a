"""Moves bytes, without any meaning: the transports that drivers stand on.

`tcp` is one connection to one unit, the room `udp` one socket that all units of a maker share, the room `https` a pool
of connections with pinned certificates, passwords and event streams; `asking` paces questions and numbers them; `names`
looks host names up; `mdns` overhears what announces itself.
A driver imports each transport by itself: importing this room imports none of them, and the HTTP library is loaded
when a pool opens, so a bridge without an HTTPS unit never loads it. Every failure is a `DriverError` with a word of the
closed list, words for people and, where people can mend it, the remedy.
"""
