"""PURE. Makes a sighting of an advert, where this driver can read the unit."""

from __future__ import annotations

from services.drivers.port import Sighting
from services.drivers.shure.codec import slp
from services.drivers.shure.families import MANUFACTURER, model_of
from services.model import Identity

LASTS_S = 300.0
"""Seconds of silence after which an advert counts no more; units repeat theirs every 2 s."""


def sighting_of(datagram: bytes, host: str) -> Sighting | None:
    """A unit that this driver can read; ``None`` for consoles, software, other gear and garbage."""
    attributes = slp.parse(datagram)
    if attributes is None:
        return None
    function = attributes.get("acn-fctn", "")
    found = model_of(function)
    if found is None:
        return None
    family, model = found
    cid = attributes.get("cid", "")
    evidence = {"cid": cid.lower()} if slp.is_cid(cid) else {}
    identity = Identity(
        MANUFACTURER,
        family.name,
        family.kind,
        model=function if function.upper().startswith(model.name.upper()) else model.name,
        mac=slp.mac_of(cid),
        cid=evidence.get("cid"),
        part_count=model.parts,
    )
    return Sighting(
        driver=MANUFACTURER,
        host=host,
        identity=identity,
        name=attributes.get("acn-uacn") or None,
        lasts_s=LASTS_S,
        evidence={**evidence, "acn-fctn": function},
    )
