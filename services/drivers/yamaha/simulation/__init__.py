"""Simulated Executive Elite bases on real TCP sockets. The runtime never imports this room.

Written from the notes on the vendor's guides, not from the driver's tables, so that the two check one another. How a
base asks for user and password, what it does with a second client and how it answers what it does not have stands in no
guide: it is decided here and named where it is decided.
"""
