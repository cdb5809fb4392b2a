"""Shure's System API server, HTTPS 10000: a Windows program that speaks for many units, each by its device id.

Axient Digital PSM transmitters have no other protocol; receivers and chargers are better read at their own address
(TCP 2202), and from here only where that cannot be reached. `driver` is what the maker's driver joins. `maker` opens
servers and conversations, `gateway` is one server with its WebSocket, which all units behind it share, `inventory`
announces what its list has, the room `conversation` speaks to one unit. `products` and `keys` are data, `options` is
what people configure, `words` says what is wrong. What bytes mean is in the room `codec`.
"""
