"""Answers of a Bolero antenna as readings. PURE.

`answers` takes JSON apart and joins what is programmed with what is connected, `replaying` reads a recording.
"""
