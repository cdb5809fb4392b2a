"""Gear that is not on the network: it is listed, and never asked."""
