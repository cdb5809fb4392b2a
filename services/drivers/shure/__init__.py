"""Shure receivers over their command strings, TCP 2202: ULX-D, QLX-D, SLX-D, SLX-D+ and Axient Digital."""
