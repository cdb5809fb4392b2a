"""The UHF-R protocol without a socket: messages, what their words mean, and what one receiver reported so far. PURE.

`lines` turns datagrams into messages and requests into bytes, `words` has what each word means, `state` keeps what a
receiver reported and finds what is new, `meters` sums up samples, `controls` writes what is set, `replay` reads
captures. Facts: docs/protocols/uhfr.md.
"""
