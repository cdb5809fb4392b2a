"""Shure Microflex Wireless: access points and docks of both generations. PURE.

`access_points` and `next_access_points` are receivers, `docks` chargers; `words` has what they share, `composing` puts
together what is known of a microphone. Every fact stands in docs/protocols/mxw.md.
"""

from __future__ import annotations

from services.drivers.shure.families.mxw.catalogue import FAMILIES

__all__ = ["FAMILIES"]
