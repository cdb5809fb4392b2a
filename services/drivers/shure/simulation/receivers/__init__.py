"""Simulated receivers: what a unit holds, answers and meters, what happens to its transmitters, and its sockets."""
