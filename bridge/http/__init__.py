"""Serves metrics and health over HTTP: `server` has the routes, `guard` the limits,
`metrics` the figures, `exposition` the text format.
"""

from __future__ import annotations

from bridge.http import exposition, metrics, server

__all__ = ["exposition", "metrics", "server"]
