"""PURE. What Shure units announce of themselves: SLPv2 attribute replies to 239.255.254.253, UDP 8427.

One datagram about every 2 s a unit (docs/protocols.md#shure-adverts-slpv2). An advert proves that a unit exists, not
that it can be controlled. Everything is read tolerantly: the header only shows where to look, the attributes are found
by their form.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

GROUP = "239.255.254.253"
PORT = 8427
MOST_BYTES = 4096
"""More than a datagram of an advert has."""

VERSION, ATTRIBUTE_REPLY = 2, 7
OUI_PREFIXES: Mapping[str, str] = {"DD": "00:0e", "EE": "d8:34"}
"""A CID begins with the last four bytes of the MAC: its third byte tells which of Shure's two ranges it is from.

Source: docs/protocols.md#where-our-reading-is-a-guess (`00:0e:dd` was seen in an advert, `d8:34:ee` follows from it).
"""

_ATTRIBUTE = re.compile(r"\(([A-Za-z0-9.\-]+)=([^()]*)\)")
_CID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_HEADER = struct.Struct("!BB3sH3sHH")


def parse(datagram: bytes) -> dict[str, str] | None:
    """The attributes of an advert, values without surrounding blanks; ``None`` for anything else."""
    if len(datagram) < _HEADER.size or len(datagram) > MOST_BYTES:
        return None
    if datagram[0] != VERSION or datagram[1] != ATTRIBUTE_REPLY:
        return None
    text = datagram.decode("utf-8", "replace")
    attributes = {name.lower(): value.strip() for name, value in _ATTRIBUTE.findall(text)}
    return attributes or None


def build(attributes: Mapping[str, str], xid: int = 0) -> bytes:
    """An advert as a unit sends it."""
    text = ",".join(f"({name}={value})" for name, value in attributes.items()).encode()
    language = b"en"
    body = language + struct.pack("!HH", 0, len(text)) + text + b"\0"
    length = (_HEADER.size + len(body)).to_bytes(3, "big")
    return _HEADER.pack(VERSION, ATTRIBUTE_REPLY, length, 0, bytes(3), xid, len(language)) + body


def attributes_of(model: str, name: str, mac: str, host: str) -> dict[str, str]:
    """What a unit announces of itself."""
    tail = mac.replace(":", "").upper()[-8:]
    return {
        "cid": f"{tail}-0000-11DD-A000-000EDDCCCCCC",
        "acn-fctn": model,
        "acn-uacn": name,
        "acn-services": "esta.dmp",
        "csl-esta.dmp": f"esta.sdt/{host}:57383;esta.dmp/cd:CCEAC054-E139-11DF-84BA-0015C5F3F612",
        "device-description": f"$:tftp://{host}/$.ddl",
    }


def is_cid(text: str) -> bool:
    """Whether it has the form of a CID."""
    return _CID.match(text) is not None


def mac_of(cid: str) -> str | None:
    """``DD47E0D7-...`` -> ``00:0e:dd:47:e0:d7``; ``None`` where it is not Shure's form."""
    prefix = OUI_PREFIXES.get(cid[:2].upper())
    if _CID.match(cid) is None or prefix is None:
        return None
    tail = cid[:8].lower()
    return ":".join((prefix, *(tail[place : place + 2] for place in range(0, 8, 2))))
