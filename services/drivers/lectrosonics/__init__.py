"""Lectrosonics DSQD, four channels, over its command language on TCP 4080.

`driver` is the entry point, `link` one conversation with one unit: `conversation` moves lines and waits for answers,
`poller` asks for everything again and again, for the unit tells nothing by itself, `setting` sets one property after
the other. What lines mean is in the room `codec`, which units there are in `products`, keys of this maker alone in
`keys`. `simulation` plays units; the runtime never imports it.
"""
