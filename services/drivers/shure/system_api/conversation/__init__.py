"""One conversation with one unit behind a server.

`link` is the port's side of it, `reader` asks and decodes, `asking` says what there is to ask, `subscriptions` has
changes told, `setting` sets one value after the other, `values` keeps what was reported last. Others use `link` alone.
"""
