"""Bytes of a datagram to messages, and requests to bytes. PURE.

Theory: a datagram is one JSON object, a tree whose leaves stand at addresses: ``{"rx1":{"mute":null}}`` asks for
``rx1/mute``, a value in place of ``null`` sets it, and an answer has the value. Under ``osc`` stands what is about the
protocol itself: refusals, subscriptions, the number of a request. Keys may stand twice in one object, so objects are
read as pairs; units that write braces twice around a refusal are read by searching for the code. Messages may end in
CR, LF, NUL or in nothing. Source: docs/protocols/sennheiser-ssc.md#messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

SUBSCRIBE: Final = "osc/state/subscribe"
OPTIONS: Final = "#"
DEPTH_MOST: Final = 16
"""Levels of a tree; addresses of units have five."""
LEAVES_MOST: Final = 512
"""Leaves of one datagram that are looked at; the largest real one is a subscription with dozens."""
BYTES_MOST: Final = 65_535

_END = "\r\n\0 \t"
_MALFORMED = re.compile(r'((?:"[^"\\]{1,40}"\s*:\s*[\[{\s]*){1,16})([1-9]\d\d)\s*[,\]]')
_NAME = re.compile(r'"([^"\\]{1,40})"')
_XID = re.compile(r'"xid"\s*:\s*(\d{1,10})')
_FRAME = frozenset({"osc", "error", "state", "xid"})


class Pairs(list[tuple[str, object]]):
    """An object as it came: names in their order, and as often as they stood there."""


class Value(NamedTuple):
    """What stands at an address; a unit that writes ``null`` knows it not."""

    address: str
    value: object


class Refusal(NamedTuple):
    """What was asked or set is refused; without an address the whole request is."""

    address: str
    code: int
    said: str = ""


class Accepted(NamedTuple):
    """A subscription that the unit accepted, with the options that it adopted; ``None`` where it names none."""

    address: str
    options: Mapping[str, object] | None


Message = Value | Refusal | Accepted


class Datagram(NamedTuple):
    """All that one datagram says. ``xid`` is the number of the request that it answers."""

    messages: tuple[Message, ...]
    xid: int | None = None


def parse(datagram: bytes) -> Datagram | None:
    """What a datagram says; ``None`` where it is none of this protocol. Never raises."""
    text = datagram[:BYTES_MOST].decode("utf-8", "replace").strip(_END)
    try:
        tree = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return _searched(text)
    if not isinstance(tree, Pairs):
        return None
    messages: list[Message] = []
    xid: int | None = None
    for name, branch in tree:
        if name == "osc":
            found, xid_here = _framework(branch)
            messages += found
            xid = xid_here if xid_here is not None else xid
        else:
            _values(name, branch, messages)
    return Datagram(tuple(messages[:LEAVES_MOST]), xid)


def ask(addresses: Mapping[str, object], xid: int | None = None) -> bytes:
    """A request: ``None`` at an address reads it, a value sets it."""
    tree = _tree(addresses.items())
    if xid is not None:
        tree["osc"] = {"xid": xid}
    return _bytes(tree)


def subscribe(addresses: Iterable[str], options: Mapping[str, object], xid: int | None = None) -> bytes:
    """Ask to be told of changes. The options are the first key of their object, or they do nothing."""
    item = {OPTIONS: dict(options), **_tree((address, None) for address in addresses)}
    framework: dict[str, object] = {"state": {"subscribe": [item]}}
    if xid is not None:
        framework["xid"] = xid
    return _bytes({"osc": framework})


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_constant=_no_number)
"""Made once: a receiver sends dozens of datagrams a second."""


def _bytes(tree: object) -> bytes:
    return json.dumps(tree, separators=(",", ":")).encode("ascii") + b"\r\n"


def _tree(leaves: Iterable[tuple[str, object]]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for address, value in leaves:
        *branches, leaf = address.split("/")
        node = tree
        for branch in branches:
            deeper = node.setdefault(branch, {})
            if not isinstance(deeper, dict):
                raise TypeError(f"{address} stands below a leaf")
            node = deeper
        node[leaf] = value
    return tree


def _leaves(name: str, branch: object, depth: int = 1) -> Iterator[tuple[str, object]]:
    """Addresses below ``name`` with what stands there; an empty object is no leaf."""
    if not isinstance(branch, Pairs):
        yield name, _plain(branch)
    elif depth < DEPTH_MOST:
        for key, value in branch:
            yield from _leaves(f"{name}/{key}", value, depth + 1)


def _values(name: str, branch: object, found: list[Message], depth: int = 1) -> None:
    """Adds the values below ``name``: as `_leaves`, without its generators, because levels come all the time."""
    if type(branch) is not Pairs:
        found.append(Value(name, _plain(branch) if isinstance(branch, list) else branch))
    elif depth < DEPTH_MOST:
        for key, value in branch:
            _values(f"{name}/{key}", value, found, depth + 1)


def _plain(value: object, depth: int = 0) -> object:
    """A list as it came, with objects in it as dictionaries."""
    if isinstance(value, Pairs):
        return {key: _plain(each, depth + 1) for key, each in value} if depth < DEPTH_MOST else None
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value] if depth < DEPTH_MOST else None
    return value


def _framework(branch: object) -> tuple[list[Message], int | None]:
    """What stands below ``osc``."""
    if not isinstance(branch, Pairs):
        return [], None
    messages: list[Message] = []
    xid: int | None = None
    for name, value in branch:
        if name == "xid":
            xid = _xid(value)
        elif name == "error":
            messages += _refusals(value)
        elif name == "state" and isinstance(value, Pairs):
            for key, below in value:
                if key == "subscribe":
                    messages += _accepted(below)
                else:
                    messages += [Value(*leaf) for leaf in _leaves(f"osc/state/{key}", below)]
        else:
            messages += [Value(*leaf) for leaf in _leaves(f"osc/{name}", value)]
    return messages, xid


def _xid(value: object) -> int | None:
    """Documents call it a text and have a number: both are taken."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:  # noqa: PLR2004 - digits
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _refusals(value: object) -> list[Message]:
    """``[400,{"desc":..}]`` refuses the request, ``[{tree:[424,..]}]`` what stands in the tree."""
    if not isinstance(value, list) or isinstance(value, Pairs):
        return []
    if (whole := _code(value)) is not None:
        return [Refusal("", *whole)]
    found: list[Message] = []
    for tree in value:
        if isinstance(tree, Pairs):
            for name, branch in tree:
                found += _refused(name, branch)
    return found


def _refused(name: str, branch: object, depth: int = 1) -> Iterator[Refusal]:
    if isinstance(branch, Pairs):
        if depth < DEPTH_MOST:
            for key, value in branch:
                yield from _refused(f"{name}/{key}", value, depth + 1)
    elif isinstance(branch, list) and (found := _code(branch)) is not None:
        yield Refusal(name, *found)


def _code(value: list[object]) -> tuple[int, str] | None:
    """``[424]`` or ``[424,{"desc":"..","reason":".."}]``; ``None`` where no code stands first."""
    if not value or isinstance(value[0], bool) or not isinstance(value[0], int):
        return None
    words = [each for item in value[1:] if isinstance(item, Pairs) for _, each in item if isinstance(each, str)]
    return value[0], ", ".join(words)[:200]


def _accepted(items: object) -> list[Message]:
    """The request that came back: options count for all that stands beside and below them."""
    if not isinstance(items, list):
        return []
    found: list[Message] = []
    for item in [items] if isinstance(items, Pairs) else items:
        found += _accepted_below("", item, None, 0)
    return found


def _accepted_below(name: str, branch: object, options: Mapping[str, object] | None, depth: int) -> Iterator[Message]:
    if not isinstance(branch, Pairs):
        if name:
            yield Accepted(name, options)
            if branch is not None:  # some units write the value there
                yield Value(name, _plain(branch))
        return
    if depth >= DEPTH_MOST:
        return
    for key, value in branch:
        if key == OPTIONS and isinstance(value, Pairs):
            options = dict(value)
    for key, value in branch:
        if key != OPTIONS:
            yield from _accepted_below(f"{name}/{key}" if name else key, value, options, depth + 1)


def _searched(text: str) -> Datagram | None:
    """Refusals in a text that is no JSON: some firmware writes ``{"osc":{"error":[{{"out1":[404]}}]}}``."""
    if '"error"' not in text:
        return None
    found: list[Message] = []
    for match in _MALFORMED.finditer(text):
        names = [name for name in _NAME.findall(match[1]) if name not in _FRAME]
        if '"xid"' not in match[1]:
            found.append(Refusal("/".join(names), int(match[2])))
    if not found:
        return None
    xid = _XID.search(text)
    return Datagram(tuple(found[:LEAVES_MOST]), int(xid[1]) if xid else None)
