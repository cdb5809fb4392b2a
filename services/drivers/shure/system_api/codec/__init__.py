"""PURE. What the System API server writes, and what is written to it: JSON to readings, values to JSON.

`nodes` reads the list of devices, `channels` a device's channels and their ids, `resources` is the table of what can be
asked, heard and set by capability, `events` reads what comes by WebSocket, `controls` checks a value before it is
sent, `replay` reads captures. Source: docs/protocols/system-api.md.
"""
