"""Simulated units of SSC v1 on real UDP sockets. The runtime never imports this room.

Written from docs/protocols/sennheiser-ssc.md and the documents that it names, not from the driver's tables, so that the
two check one another. What no document has is decided here and named where it is decided: `tree` is an address space
with its reads, writes and refusals, `listeners` the subscriptions with their ends, `unit` the socket with its faults,
and each product its own file. Public: `simulator.simulator`.
"""
