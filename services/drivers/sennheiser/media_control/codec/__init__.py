"""The Media Control Protocol without a socket: lines, words, and what one unit reported so far. PURE.

`lines` turns bytes into messages and requests into bytes, `words` has what each word means, `state` keeps what a unit
reported and finds what is new, `meters` sums up levels, `push` decides when to ask for unasked reports, `replay` reads
captures, `controls` writes what is set. Facts: docs/protocols.md#sennheiser-media-control-protocol-udp-53212.
"""
