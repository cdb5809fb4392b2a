"""PURE, data. The families of Microflex Wireless."""

from __future__ import annotations

from services.drivers.shure.families.mxw import access_points, docks, next_access_points

FAMILIES = (access_points.FAMILY, next_access_points.FAMILY, docks.FAMILY, docks.OLD_FAMILY)
"""In the order in which a unit without a model is compared with them."""
