"""PURE. What SSCv2 resources mean: JSON of one unit to readings, values to what is sent.

`values` reads single values, `ewdx` has the resources of an EW-DX receiver as tables, `meters` sums up levels,
`notifications` takes server-sent events apart, `controls` writes what can be set, `replay` reads captures.
"""
