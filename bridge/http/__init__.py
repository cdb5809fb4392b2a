"""What machines fetch: metrics and health."""

from __future__ import annotations

from bridge.http import metrics, server

__all__ = ["metrics", "server"]
