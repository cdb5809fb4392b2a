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


@dataclass(frozen=True)
class Dialect:
    """How a family writes its messages; documents print all of these."""

    ends: tuple[bytes, ...] = (b"\r\n", b"\0", b"")
    bare: bool | None = None
    """Codes come alone; ``None``: now with a description, now without."""
    reasons: bool = False
    """What is not acceptable (406) is refused with a reason."""
    twice: bool = False
    """Keys stand in one object as often as there is something below them: ``osc`` and branches."""
    filled: bool = False
    """Acknowledgements have now the nulls of the request, now values."""
    clients_in_all: int = 0
    """So many clients get a subscription, one after the other; further ones none until the unit is started anew."""


class Answers:
    """Writes what a unit answers."""

    def __init__(self, random: Random, dialect: Dialect | None = None) -> None:
        self._random = random
        self.dialect = dialect or Dialect()
        self.malformed = False
        """Braces stand twice around what is refused, as some firmware writes them."""

    def code(self, number: int) -> list[object]:
        """A code, with its description or bare."""
        bare = self._random.random() < 0.5 if self.dialect.bare is None else self.dialect.bare  # noqa: PLR2004
        described: dict[str, str] = {} if bare else {"desc": DESCRIPTIONS.get(number, "error")}
        if self.dialect.reasons and number == 406:  # noqa: PLR2004
            described = {"desc": DESCRIPTIONS[number], "reason": "invalid value"}
        return [number, described] if described else [number]

    def write(
        self, values: Iterable[tuple[str, object]], refused: Mapping[str, int], xid: object = None, whole: int = 0
    ) -> bytes:
        """One message: values, refusals of single addresses or of the whole request, and the number of the request."""
        framework: dict[str, object] = {} if xid is None else {"xid": xid}
        if whole:
            framework["error"] = self.code(whole)
        elif refused:
            framework["error"] = [grown((address, self.code(code)) for address, code in refused.items())]
        return self.bytes(framework, values)

    def bytes(self, framework: Mapping[str, object], values: Iterable[tuple[str, object]] = ()) -> bytes:
        """A message with one of the ends that units write: what stands below ``osc``, and values at addresses."""
        if self.dialect.twice:
            parts: list[dict[str, object]] = [{"osc": {name: value}} for name, value in framework.items()]
            parts += [grown([each]) for each in values]
        else:
            parts = [{**({"osc": dict(framework)} if framework else {}), **grown(values)}]
        text = "{" + ",".join(json.dumps(each, separators=(",", ":"))[1:-1] for each in parts) + "}"
        if self.malformed:
            text = text.replace('"error":[{', '"error":[{{').replace("]}]", "]}}]")
        return text.encode("ascii") + self._random.choice(self.dialect.ends)

    def filled(self) -> bool:
        """Whether this acknowledgement has values in place of the nulls."""
        return self.dialect.filled and self._random.random() < 0.5  # noqa: PLR2004
