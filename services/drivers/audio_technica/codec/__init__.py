"""Lines of Audio-Technica's units without a socket. PURE.

`lines` makes messages of bytes and commands of words, `values` reads single fields, `meters` sums up levels. Facts:
docs/protocols/audio-technica.md.
"""
