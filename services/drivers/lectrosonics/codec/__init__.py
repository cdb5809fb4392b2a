"""The DSQD's command language without a socket: lines, what their words mean, what one unit reported so far. PURE.

`lines` turns bytes into answers and requests into bytes, `words` has what each word means, `status` reads the sixteen
numbers of a channel, `state` keeps what a unit reported and finds what is new, `meters` sums up levels, `controls`
writes what is set, `replay` reads captures. Facts: docs/protocols/lectrosonics-dsqd.md.
"""
