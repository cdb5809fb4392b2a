"""Sennheiser: one package a protocol, one entry point (`driver.driver`) for all of them.

`media_control` speaks to ew 300-500 G3/G4 receivers and ew IEM G4 transmitters, `ssc` (JSON over UDP) and, from
firmware 4.0 on, `sscv2` (HTTPS) to EW-DX receivers; `sscv2` to Spectera base stations, too. `announcements` is what
units announce of themselves. `simulation` plays units for tests and demonstrations; the runtime never imports it.
"""
