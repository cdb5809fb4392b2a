"""Moves bytes, without any meaning: one file a transport. Every failure is a `DriverError` in plain words."""
