"""Simulated Microflex Wireless: what access points and docks hold, answer, meter and refuse, and their sockets.

`microphones` is what lives in a channel or a bay, `answering` how requests are read, `access_points` and `docks` what
the units know, `server` one unit on its socket, `fleet` many of them. Written from docs/protocols/mxw.md.
"""
