"""Simulated Shure units on real sockets, written from the protocol notes and never imported by the runtime."""
