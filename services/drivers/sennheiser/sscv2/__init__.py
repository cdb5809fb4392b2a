"""Sennheiser Sound Control Protocol 2, HTTPS and server-sent events on TCP 443: EW-DX, Spectera.

`protocol` is what `services.drivers.sennheiser.driver` joins; `maker` owns the connection pool and the certificates
that were seen, `link` is one conversation with one unit, `questions` asks for resources, `events` keeps the session of
server-sent events, `setting` sets one property after the other, `options` are a unit's own settings. `products` says
which units there are, and the room `codec` what their resources mean.
"""
