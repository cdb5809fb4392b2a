"""PURE. The server's list of devices. Source: docs/protocols/system-api.md#devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

ONLINE: Final = "ONLINE"
OFFLINE: Final = "OFFLINE"
DISCOVERED: Final = "DISCOVERED"

_CID = re.compile(r"dd([0-9a-f]{6})-0000-11dd-a000-000eddcccccc\Z")
"""The first group is the last four bytes of the MAC, the tail is the same for all units."""


@dataclass(frozen=True, slots=True)
class Node:
    """One device as the server knows it. What a device that was only discovered does not tell is empty."""

    device_id: str
    """As the server writes it: it stands in addresses."""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    address: str = ""
    """The device's own address, as the server sees it."""
    state: str = ""
    """``ONLINE``, ``OFFLINE``, ``DISCOVERED``, or a word that we do not know."""
    compatibility: str = ""
    capabilities: frozenset[str] = frozenset()

    @property
    def cid(self) -> str:
        """The id in lower case: the same as the CID that the unit announces of itself."""
        return self.device_id.lower()

    @property
    def mac(self) -> str | None:
        """The MAC address that the id is made of; ``None`` where it has another form."""
        found = _CID.match(self.cid)
        if found is None:
            return None
        tail = f"dd{found[1]}"
        return ":".join(("00", "0e", *(tail[place : place + 2] for place in range(0, 8, 2))))


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a question for the list."""

    nodes: tuple[Node, ...]
    strange: int = 0
    """Entries that are no device."""
    after: str = ""
    """Cursor of the next page; empty on the last."""


def parse_devices(body: Any) -> Page:
    """A page of the list: ``edges`` with nodes, ``items``, or a bare array. Raises `ValueError` for anything else."""
    if isinstance(body, list):
        return _page(body)
    if isinstance(body, Mapping):
        if isinstance(edges := body.get("edges"), list):
            nodes = [edge.get("node") if isinstance(edge, Mapping) else None for edge in edges]
            return _page(nodes, _next(body.get("pageInfo")))
        if isinstance(items := body.get("items"), list):
            return _page(items, _next(body.get("pageInfo")))
    raise ValueError("it is no list of devices")


def parse_node(body: Any) -> Node | None:
    """One device; ``None`` where it names no id."""
    if not isinstance(body, Mapping):
        return None
    hardware, software = _part(body, "hardwareIdentity"), _part(body, "softwareIdentity")
    device_id = _text(hardware, "deviceId")
    if not device_id:
        return None
    return Node(
        device_id,
        model=_text(software, "model"),
        serial=_text(hardware, "serialNumber"),
        firmware=_text(software, "firmwareVersion"),
        address=_text(_part(body, "communicationProtocol"), "address"),
        state=_text(body, "deviceState").upper(),
        compatibility=_text(body, "compatibility"),
        capabilities=words(body.get("capabilities")),
    )


def words(value: Any) -> frozenset[str]:
    """Capabilities: strings; whatever else stands among them is left out."""
    return frozenset(word for word in value if isinstance(word, str)) if isinstance(value, list) else frozenset()


def _page(nodes: Iterable[Any], after: str = "") -> Page:
    parsed = [parse_node(node) for node in nodes]
    found = tuple(node for node in parsed if node is not None)
    return Page(found, len(parsed) - len(found), after)


def _next(info: Any) -> str:
    if not isinstance(info, Mapping) or info.get("hasNextPage") is not True:
        return ""
    return _text(info, "endCursor")


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value.strip() if isinstance(value, str) else ""
