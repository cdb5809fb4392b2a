"""PURE. What is wrong with a unit behind a server, or with the server, in words that help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.drivers.port import DriverError
from services.drivers.shure.system_api.codec.nodes import DISCOVERED, OFFLINE, ONLINE, Node
from services.drivers.shure.system_api.products import identity_of
from services.drivers.transport.failures import failure
from services.drivers.transport.https import Meaning

AGAIN_S: Final = 15.0
"""Somebody has to act first."""
NAMED_MOST: Final = 20
"""Devices that an error names."""

KEY_REMEDY: Final = (
    "options.key is not the server's shared secret: it was shown when the System API server was installed; correct it"
    " in the settings"
)
REFUSED: Final = "is the System API server running on that machine, and does its firewall let TCP 10000 in?"
TRIAL: Final[Mapping[int, Meaning]] = {
    401: Meaning("auth_failed", KEY_REMEDY),
    403: Meaning("auth_failed", KEY_REMEDY),
    404: Meaning("wrong_model", "no System API server answers there: check host and port"),
    405: Meaning("wrong_model", "no System API server answers there: check host and port"),
}
"""Of the list of devices, which is asked first."""
OF_A_UNIT: Final[Mapping[int, Meaning]] = {
    401: Meaning("auth_failed", KEY_REMEDY),
    403: Meaning("control_blocked", "the unit is locked against changes, or the server does not allow them"),
}
"""Of everything else: a unit that is locked says nothing about the key."""


def names_of(nodes: Mapping[str, Node]) -> str:
    """The units behind a server, for people."""
    ours = [f"{node.cid} ({node.model})" for node in nodes.values() if identity_of(node) is not None]
    more = len(ours) - NAMED_MOST
    return (", ".join(ours[:NAMED_MOST]) or "none") + (f" and {more} more" if more > 0 else "")


def find(nodes: Mapping[str, Node], unit: str, peer: str) -> Node:
    """The device that is meant; without a name the only one there. Raises `DriverError`."""
    ours = [node for node in nodes.values() if identity_of(node) is not None]
    if not unit:
        if len(ours) == 1:
            return ours[0]
        words = f"{peer} is a System API server: name one of its units, unit = ...; there are: {names_of(nodes)}"
        raise failure("wrong_model", words, again_s=AGAIN_S)
    node = nodes.get(unit.lower())
    if node is None:
        words = f"the System API server {peer} knows no device {unit}; there are: {names_of(nodes)}"
        raise failure("wrong_model", words, again_s=AGAIN_S)
    if identity_of(node) is None:
        model = node.model or "of no known model"
        words = f"{unit} behind {peer} is {model}: neither receiver, in-ear transmitter nor charger"
        raise failure("wrong_model", words, again_s=AGAIN_S)
    return node


def trouble(node: Node, peer: str) -> DriverError | None:
    """Why a unit cannot be read now; ``None`` where it can."""
    name = f"{node.model} {node.cid}"
    if node.state in {ONLINE, ""}:
        return None
    if node.state == OFFLINE:
        words = f"the System API server {peer} has lost {name} (OFFLINE): check the unit's power and network"
        return failure("silent", words)
    if node.state == DISCOVERED:
        fit = f", compatibility {node.compatibility}" if node.compatibility else ""
        words = (
            f"the System API server {peer} sees {name} and does not read it (DISCOVERED{fit}): look at the server why; "
            "its version may be too old for the unit, or the unit's firmware for it, or the unit asks for a password"
        )
        return failure("control_blocked", words, again_s=AGAIN_S)
    return failure("silent", f"the System API server {peer} calls {name} {node.state}", again_s=AGAIN_S)
