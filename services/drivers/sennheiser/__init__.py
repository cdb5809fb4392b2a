"""Sennheiser: one package a protocol, one entry point (`driver.driver`) for all of them.

`media_control` speaks to ew 300-500 G3/G4 receivers and ew IEM G4 transmitters,
`sscv2` to EW-DX receivers. `simulation` plays units for tests and
demonstrations; the runtime never imports it.
"""
