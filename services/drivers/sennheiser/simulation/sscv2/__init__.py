"""Simulated EW-DX receivers behind HTTPS, written from the notes on SSCv2 and not from the codec.

`unit` is one receiver on the network with its faults, `web` its HTTPS server, `certificates` signs what it answers
with, `sessions` are its sessions of events, `receiver` its resources, `transmitter` the microphone that it receives,
`simulator` runs several.
"""
