"""Topics and addresses, both ways. The only file that spells a topic; pure.

``<base>/v1/<organization>/<campus>/<kind>/<id>/<facet>[/<part>]`` for resources, ``<base>/v1/bridge/<b>/<facet>`` for
the process itself. An organization cannot be called ``bridge``, so the two never meet.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from services.model import ID_PATTERN, RESOURCE_KINDS, Address, Campus, Facet, Kind, clean_text
from services.verbs import scope_of

CONTRACT: Final = "v1"
"""Major version of the contract: the second level of every topic."""

_ID: Final = re.compile(ID_PATTERN.strip("^$"))
_BASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_VERB: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_WILDCARDS: Final = ("+", "#", "\0")
REPLY_MOST_BYTES: Final = 1_024
REPLY_MOST_LEVELS: Final = 64
"""Of a response topic that somebody else chose. Brokers end the connection of who publishes to a topic that is too deep
for them (mosquitto: more than 200 levels, EMQX: 128): one command would throw the bridge out."""

PROCESS_FACETS: Final = frozenset({Facet.STATE, Facet.INFO, Facet.HEALTH, Facet.LOCKS})
"""Facets of the process itself."""

_FACETS: Final = {facet.value: facet for facet in Facet}
_KINDS: Final = {kind.value: kind for kind in Kind}


def check_id(value: str, what: str = "id") -> str:
    """The id, where it can stand in a topic for ever; otherwise `ValueError` with the rule."""
    if not _ID.fullmatch(value):
        raise ValueError(
            f"{what} {value!r} cannot stand in a topic: use 1 to 63 of a-z, 0-9, '_' and '-', a letter or digit first"
        )
    return value


def check_organization(value: str) -> str:
    """The organization's id; ``bridge`` is refused, for that level names the process."""
    if value == Kind.BRIDGE:
        raise ValueError(f"organization {value!r} is taken by the bridge's own topics: choose another name")
    return check_id(value, "organization")


def check_verb(value: str) -> str:
    """The verb, known or not, where it can stand in a topic; otherwise `ValueError` with the rule."""
    if not _VERB.fullmatch(value):
        raise ValueError(f"verb {clean_text(value)!r} cannot stand in a topic: use a-z, 0-9 and '_', a letter first")
    return value


def check_base(value: str) -> str:
    """The first level of all topics: exactly one level."""
    if not _BASE.fullmatch(value):
        raise ValueError(
            f"base topic {value!r} must be one level: 1 to 63 of letters, digits, '_', '-' and '.', no '/', '+' or '#'"
        )
    return value


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """Whom a command is for: a resource of a tenant, or with ``address`` ``None`` the process itself."""

    address: Address | None

    @property
    def scope(self) -> str:
        """``process``, or the kind of the resource."""
        return scope_of(self.address)

    @property
    def tenant(self) -> Campus | None:
        """The campus that the command is confined to; ``None`` for the process: everything that it serves."""
        return None if self.address is None else self.address.tenant


@dataclass(frozen=True, slots=True)
class CommandTopic:
    """A command's topic, taken apart."""

    target: CommandTarget
    verb: str
    """All that stands behind ``cmd/``: no verb has a slash, so ``a/b`` is answered as an unknown one."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published topic, taken apart. ``address`` is ``None`` for the process ``bridge``."""

    address: Address | None
    bridge: str | None
    facet: Facet
    part: str = ""


class Topics:
    """The topics of one logical bridge under one base."""

    def __init__(self, base: str = "mic2mqtt", bridge: str = "main") -> None:
        self.base = check_base(base)
        self.bridge = check_id(bridge, "bridge id")
        self._root = f"{base}/{CONTRACT}/"
        self._process = f"{self._root}{Kind.BRIDGE}/{bridge}/"
        self._known: dict[tuple[Address, Facet], str] = {}

    def process(self, facet: Facet) -> str:
        """Topic of the process's own ``state``, ``info``, ``health`` or ``locks``."""
        if facet not in PROCESS_FACETS:
            raise ValueError(f"the process has no {facet}")
        return self._process + facet

    def of(self, address: Address, facet: Facet, part: str = "") -> str:
        """Where a facet of a resource is published; ``part`` is a page. Remembered: it is asked for every publish."""
        try:
            topic = self._known[address, facet]
        except KeyError:
            topic = self._known[address, facet] = self._resource(address) + facet
        return f"{topic}/{part}" if part else topic

    def value(self, address: Address, key: str) -> str:
        """Where one plain value is published, for consumers that read no JSON."""
        return f"{self._resource(address)}value/{key}"

    def forget(self, address: Address) -> None:
        """Drop what was remembered of a resource that is gone."""
        for facet in Facet:
            self._known.pop((address, facet), None)

    def parse(self, topic: str) -> Published | None:
        """What a published topic speaks of; ``None`` for a foreign topic, a command or a reply."""
        if not topic.startswith(self._root):
            return None
        match topic[len(self._root) :].split("/"):
            case [Kind.BRIDGE, bridge, facet] if _FACETS.get(facet) in PROCESS_FACETS and _ID.fullmatch(bridge):
                return Published(None, bridge, _FACETS[facet])
            case [organization, campus, kind, id_, facet, *parts] if facet in _FACETS and len(parts) <= 1:
                address = _address(organization, campus, kind, id_)
                return None if address is None else Published(address, None, _FACETS[facet], "".join(parts))
        return None

    def resource_of(self, topic: str) -> Address | None:
        """The resource that a topic belongs to, whatever stands below it; ``None`` for foreign and process topics."""
        levels = topic[len(self._root) :].split("/") if topic.startswith(self._root) else []
        return _address(*levels[:4]) if len(levels) > 4 else None  # noqa: PLR2004 - the levels of a resource

    def is_ours(self, topic: str) -> bool:
        """Whether the bridge publishes there by itself; not so replies, which go where a client wants them."""
        if not topic.startswith(self._root):
            return False
        levels = topic[len(self._root) :].split("/")
        return "reply" not in levels[2 if levels[0] == Kind.BRIDGE else 4 :]

    def parse_command(self, topic: str) -> CommandTopic | None:
        """Whom a command is for and what it wants; ``None`` where the topic is no command topic of this bridge."""
        if topic.startswith(self._process):
            match topic[len(self._process) :].split("/"):
                case ["cmd", *words]:
                    return CommandTopic(CommandTarget(None), "/".join(words))
            return None
        if not topic.startswith(self._root):
            return None
        match topic[len(self._root) :].split("/"):
            case [organization, campus, kind, id_, "cmd", *words]:
                address = _address(organization, campus, kind, id_)
                if address is None or (address.kind is Kind.BRIDGE and address.id != self.bridge):
                    return None
                return CommandTopic(CommandTarget(address), "/".join(words))
        return None

    def command(self, target: CommandTarget, verb: str) -> str:
        """Where a command is sent."""
        return f"{self._target(target)}cmd/{verb}"

    def reply(self, target: CommandTarget, verb: str) -> str:
        """Where a command is answered that asked for no other place; a verb that cannot stand there is left out."""
        return f"{self._target(target)}reply/{verb if _VERB.fullmatch(verb) else 'unknown'}"

    def may_reply_to(self, target: CommandTarget, topic: str, prefixes: Collection[str] = ()) -> bool:
        """Whether an MQTT 5 response topic is one that a sender of this command may choose.

        It must be a ``reply/`` topic of the command's own tenant (for the process: of the process), or stand below one
        of the allowed ``prefixes``: otherwise who may send commands could write to any topic with the bridge's rights.
        And every broker must take it: no wildcards, no signs that cannot be shown, not too long and not too deep.
        """
        if not topic.isprintable() or any(sign in topic for sign in _WILDCARDS):
            return False
        if not 0 < len(topic.encode()) <= REPLY_MOST_BYTES or topic.count("/") >= REPLY_MOST_LEVELS:
            return False
        if any(_is_below(topic, prefix) for prefix in prefixes):
            return True
        if target.address is None:
            return _is_below(topic, self._process + "reply")
        tenant = f"{self._root}{target.address.organization}/{target.address.campus}/"
        if not topic.startswith(tenant):
            return False
        match topic[len(tenant) :].split("/"):
            case [kind, id_, "reply", first, *_]:
                return kind in _KINDS and _ID.fullmatch(id_) is not None and bool(first)
        return False

    def subscriptions(self, campuses: Iterable[Campus]) -> list[str]:
        """What the bridge listens to: commands for what it serves."""
        topics = [f"{self._process}cmd/#"]
        for campus in sorted(set(campuses)):
            tenant = f"{self._root}{campus.organization}/{campus.campus}/"
            topics.append(f"{tenant}{Kind.BRIDGE}/{self.bridge}/cmd/#")
            topics += [f"{tenant}{kind}/+/cmd/#" for kind in RESOURCE_KINDS]
        return topics

    def retained(self, campuses: Iterable[Campus], facets: Iterable[Facet]) -> list[str]:
        """Everything under some facets, pages included, of whatever is in these campuses, and plain values there."""
        chosen = [*facets, "value"]
        return [
            f"{self._root}{campus.organization}/{campus.campus}/+/+/{facet}/#"
            for campus in sorted(set(campuses))
            for facet in chosen
        ]

    def is_value(self, topic: str) -> bool:
        """Whether a topic is that of one plain value."""
        address = self.resource_of(topic)
        return address is not None and topic.startswith(f"{self._resource(address)}value/")

    def everywhere(self, kind: Kind, facet: Facet) -> str:
        """A subscription to one facet of every resource of a kind, in every tenant: for ``watch``."""
        return f"{self._root}+/+/{kind}/+/{facet}"

    def every_process(self, facet: Facet) -> str:
        """A subscription to the topics of every bridge process."""
        return f"{self._root}{Kind.BRIDGE}/+/{facet}"

    def _resource(self, address: Address) -> str:
        return f"{self._root}{address.organization}/{address.campus}/{address.kind}/{address.id}/"

    def _target(self, target: CommandTarget) -> str:
        return self._process if target.address is None else self._resource(target.address)


def template(kind: Kind | None, facet: str, part: str = "") -> str:
    """A topic with ``{parameters}``, as the AsyncAPI document writes it; ``kind`` is ``None`` for the process."""
    tail = f"{facet}/{{{part}}}" if part else facet
    if kind is None:
        return f"{{base}}/{CONTRACT}/{Kind.BRIDGE}/{{bridge}}/{tail}"
    own = "{bridge}" if kind is Kind.BRIDGE else "{id}"
    return f"{{base}}/{CONTRACT}/{{organization}}/{{campus}}/{kind}/{own}/{tail}"


def _address(organization: str, campus: str, kind: str, id_: str) -> Address | None:
    known = _KINDS.get(kind)
    if known is None or organization == Kind.BRIDGE:
        return None
    if not all(_ID.fullmatch(level) for level in (organization, campus, id_)):
        return None
    return Address(organization, campus, known, id_)


def _is_below(topic: str, prefix: str) -> bool:
    above = prefix.rstrip("/") + "/"
    return above != "/" and topic.startswith(above) and len(topic) > len(above)
