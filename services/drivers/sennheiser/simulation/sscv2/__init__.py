"""Simulated EW-DX receivers and Spectera base stations behind HTTPS, written from the notes and not from the codec.

`unit` is one receiver on the network with its faults, `web` its HTTPS server, `certificates` signs what it answers
with, `sessions` are its sessions of events. `receiver` has the resources of an EW-DX, `panel` what people do there,
`transmitter` the microphone that it receives; `base_station` is all of this of a Spectera. `simulator` runs several.
"""
