"""The driver as data: what the entry point ``sennheiser`` names, joined of the maker's protocols."""

from __future__ import annotations

from services.drivers.sennheiser.media_control.protocol import media_control
from services.drivers.sennheiser.ssc.protocol import ssc
from services.drivers.sennheiser.sscv2.options import Options
from services.drivers.sennheiser.sscv2.protocol import sscv2
from services.drivers.several import join

driver = join(ssc, sscv2, media_control, options=Options)
"""Where a unit answers by several protocols, the first of these reads it: an EW-DX that answers without a password
tells the same as with one."""
