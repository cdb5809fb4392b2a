"""What each line of units answers, can be set to, and how it shows itself, as data. PURE.

`family` has the forms, one file a line the rows; `catalogue` finds the line by the model that a unit names. Facts:
docs/protocols/audio-technica.md.
"""
