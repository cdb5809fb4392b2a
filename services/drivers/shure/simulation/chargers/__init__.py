"""Simulated chargers: the batteries in their bays, what they answer and report, and their sockets."""
