"""PURE. Names services of other kinds by the first bytes that they say at the port of Shure's units."""

from __future__ import annotations

import re
from collections.abc import Mapping

OPENING_MOST = 64
"""Bytes that are enough to tell."""

_OPENINGS: Mapping[str, re.Pattern[bytes]] = {
    "a web server (HTTP)": re.compile(rb"HTTP/\d|\s*<(?:!doctype|html)\b", re.IGNORECASE),
    "an SSH server": re.compile(rb"SSH-\d"),
    "a TLS server": re.compile(rb"[\x14-\x17]\x03[\x00-\x04]"),
    "a mail or FTP server": re.compile(rb"220[ -]|\+OK ", re.IGNORECASE),
    "a unit that speaks JSON": re.compile(rb"\s*[\[{]\s*[\"\]}]"),
    "a unit that speaks another dialect of Shure's (UHF-R has UDP 2202)": re.compile(rb"\* (?:REPORT|METER|NOTE)\b"),
}


def named_by(opening: bytes) -> str:
    """What says such a thing first; empty where that is not known."""
    return next((name for name, pattern in _OPENINGS.items() if pattern.match(opening)), "")
