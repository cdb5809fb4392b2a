"""What machines fetch: metrics and health."""

from __future__ import annotations

from bridge.http import exposition, metrics, server

__all__ = ["exposition", "metrics", "server"]
