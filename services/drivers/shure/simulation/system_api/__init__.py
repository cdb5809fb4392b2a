"""A simulated System API server with the units behind it, written from docs/protocols/system-api.md.

`devices` is what the units have and `api` what the server answers, both without I/O; `framing` is HTTP and WebSocket
on the wire, `server` the listening side with its faults, `certificate` signs it, `fleet` runs them.
"""
