"""The addresses of a simulated unit: what is read, what is written, and how it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

DESCRIPTIONS: Mapping[int, str] = {
    310: "subscription terminates",
    400: "message not understood",
    404: "address not found",
    406: "not acceptable",
    424: "failed dependency",
    503: "service unavailable",
}


class Refused(Exception):  # noqa: N818 - a refusal is an answer
    """The unit does not do it; a code of the protocol."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Node:
    """One address: how it is read, and how it is written where it can be."""

    read: Callable[[], object]
    write: Callable[[object], None] | None = None
    subscribable: bool = True


class Ordered(list[tuple[str, object]]):
    """An object whose keys stand in their order, for what has to stand first."""


def parsed(datagram: bytes) -> Ordered | None:
    """A request as it came; ``None`` where it is no object of JSON."""
    try:
        tree = json.loads(datagram.decode("ascii").strip("\r\n\0 "), object_pairs_hook=Ordered)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, Ordered) else None


def leaves(tree: Ordered, above: str = "") -> Iterator[tuple[str, object]]:
    """Addresses below an object, with what stands there."""
    for name, value in tree:
        address = f"{above}/{name}" if above else name
        if isinstance(value, Ordered):
            yield from leaves(value, address)
        else:
            yield address, value


def grown(values: Iterable[tuple[str, object]]) -> dict[str, object]:
    """The tree of these addresses."""
    tree: dict[str, object] = {}
    for address, value in values:
        *branches, leaf = address.split("/")
        node: dict[str, object] = tree
        for branch in branches:
            node = node.setdefault(branch, {})  # type: ignore[assignment]
        node[leaf] = value
    return tree


class Answers:
    """Writes what a unit answers. Refusals have a description or none, as documents print both."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.malformed = False
        """Braces stand twice around what is refused, as some firmware writes them."""

    def code(self, number: int) -> list[object]:
        """A code, with its description or bare."""
        return [number, {"desc": DESCRIPTIONS.get(number, "error")}] if self._random.random() < 0.5 else [number]  # noqa: PLR2004

    def write(
        self, values: Iterable[tuple[str, object]], refused: Mapping[str, int], xid: object = None, whole: int = 0
    ) -> bytes:
        """One message: values, refusals of single addresses or of the whole request, and the number of the request."""
        framework: dict[str, object] = {} if xid is None else {"xid": xid}
        if whole:
            framework["error"] = self.code(whole)
        elif refused:
            framework["error"] = [grown((address, self.code(code)) for address, code in refused.items())]
        return self.bytes({**({"osc": framework} if framework else {}), **grown(values)})

    def bytes(self, tree: object) -> bytes:
        """A message with one of the ends that units write."""
        text = json.dumps(tree, separators=(",", ":"))
        if self.malformed:
            text = text.replace('"error":[{', '"error":[{{').replace("]}]", "]}}]")
        return text.encode("ascii") + self._random.choice((b"\r\n", b"\0", b""))
