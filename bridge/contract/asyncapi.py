"""The contract as an AsyncAPI 3 document, made from the topics, payloads and verbs themselves. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bridge.contract import payloads
from bridge.contract.command_parsing import Envelope
from bridge.contract.envelopes import Payload
from bridge.contract.resource_payloads import RESOURCES
from bridge.contract.topics import template
from services.model import ID_PATTERN, RESOURCE_KINDS, UNIT_KINDS, Facet, Kind, facets_of
from services.verbs import RESOURCE_SCOPES, VERBS

DOCUMENT_VERSION: Final = "3.0.0"
_SCHEMAS: Final = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of topic that the bridge publishes. ``kind`` is ``None`` for the process."""

    kind: Kind | None
    facet: str
    model: type[Payload]
    qos: int
    retained: bool
    about: str
    part: str = ""
    """Name of a further level: a page or a verb."""

    @property
    def key(self) -> str:
        """Its name in the document."""
        return "_".join(filter(None, ("process" if self.kind is None else self.kind.value, self.facet, self.part)))

    @property
    def address(self) -> str:
        """The topic, with parameters in braces."""
        return template(self.kind, self.facet, self.part)


_OF_RESOURCES: Final[tuple[tuple[Facet, int, bool, str], ...]] = (
    (Facet.INFO, 1, True, "Identity and abilities."),
    (Facet.STATE, 1, True, "Slow state, on change."),
    (Facet.AVAILABILITY, 1, True, "Whether it is there."),
    (Facet.LINK, 0, True, "How the connection stands, every 30 s."),
    (Facet.SLOTS, 1, True, "Transmitter slots, where the family has them."),
    (Facet.TELEMETRY, 0, False, "Meters, once a second."),
    (Facet.LEVELS, 0, False, "Extremes and means over 30 s."),
    (Facet.EVENT, 1, False, "Something happened once."),
)
"""Facet, QoS, retained, what it is: the same for every kind that has it."""


def _of_resources() -> Iterable[Topic]:
    """The topics of units and parts, kind by kind."""
    for unit_kind in UNIT_KINDS.values():
        for facet, qos, kept, about in _OF_RESOURCES:
            for kind in (unit_kind.unit, unit_kind.part):
                if facet in facets_of(kind):
                    model = RESOURCES.get((kind, facet), payloads.Availability)
                    yield Topic(kind, facet, model, qos, kept, about)


PUBLISHED: Final[tuple[Topic, ...]] = (
    Topic(None, Facet.STATE, payloads.BridgeState, 1, True, "How the process is; also its last will."),
    Topic(None, Facet.INFO, payloads.BridgeInfo, 1, True, "What runs."),
    Topic(None, Facet.HEALTH, payloads.BridgeHealth, 1, True, "Figures of the process, every 30 s."),
    Topic(None, Facet.LOCKS, payloads.BridgeLocks, 1, True, "What forbids control now."),
    Topic(Kind.BRIDGE, Facet.INVENTORY, payloads.Inventory, 1, True, "Ids of receivers and channels.", "page"),
    Topic(Kind.BRIDGE, Facet.SUMMARY, payloads.Summary, 1, True, "One small object a channel; at most once a second."),
    Topic(Kind.BRIDGE, Facet.SUMMARY, payloads.Summary, 1, True, "What does not fit into the first message.", "page"),
    Topic(Kind.BRIDGE, Facet.OVERVIEW, payloads.Overview, 1, True, "A few figures, with `[home_assistant]` enabled."),
    Topic(Kind.BRIDGE, Facet.CANDIDATES, payloads.Candidates, 1, True, "What discovery saw and did not adopt."),
    Topic(Kind.BRIDGE, Facet.AUDIT, payloads.AuditPayload, 1, False, "Audit events, in order, at least once."),
    Topic(Kind.BRIDGE, Facet.AUDIT_HEAD, payloads.AuditPayload, 1, True, "The newest audit event."),
    *_of_resources(),
    *(
        Topic(kind, "reply", payloads.Reply, 1, False, "The answer to a command.", "verb")
        for kind in (None, Kind.BRIDGE, *RESOURCE_KINDS)
    ),
)
"""Everything that is published."""

_PARAMETERS: Final = {
    "base": {"description": "First level of all topics.", "default": "mic2mqtt"},
    "bridge": {"description": f"Id of the logical bridge: {ID_PATTERN}", "default": "main"},
    "organization": {"description": f"Tenant: {ID_PATTERN}, never bridge.", "default": "default"},
    "campus": {"description": f"Part of a tenant: {ID_PATTERN}", "default": "default"},
    "id": {"description": f"Unit or part: {ID_PATTERN}"},
    "page": {"description": "Number of a page."},
    "verb": {"description": "The verb of the command."},
}


def document(version: str) -> dict[str, Any]:
    """The whole document; ``version`` is the program's."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for topic in PUBLISHED:
        channels[topic.key] = _channel(topic.address, topic.about, topic.model.__name__)
        operations[f"publish_{topic.key}"] = _operation("send", topic.key, topic.qos, retained=topic.retained)
    for scope, kind in (
        ("process", None),
        *((kind.value, kind) for kind in (Kind.BRIDGE, *RESOURCE_KINDS)),
    ):
        for name, verb in VERBS.items():
            if scope in verb.takes:
                key = f"{scope}_cmd_{name}"
                address = template(kind, "cmd", "verb").replace("{verb}", name)
                channels[key] = _channel(address, verb.about, _command_name(name, scope))
                operations[f"receive_{key}"] = _operation("receive", key, 1, retained=False)
                operations[f"receive_{key}"]["reply"] = {
                    "channel": {"$ref": f"#/channels/{scope}_reply_verb"},
                    "messages": [{"$ref": f"#/channels/{scope}_reply_verb/messages/Reply"}],
                }
    return {
        "asyncapi": DOCUMENT_VERSION,
        "info": {
            "title": "mic2mqtt",
            "version": version,
            "description": "Wireless microphone receivers on MQTT. Changed only by addition within a major version.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _channel(address: str, about: str, message: str) -> dict[str, Any]:
    parameters = {name: words for name, words in _PARAMETERS.items() if f"{{{name}}}" in address}
    return {
        "address": address,
        "description": about,
        "parameters": parameters,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


def _operation(action: str, key: str, qos: int, *, retained: bool) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{key}"},
        "bindings": {"mqtt": {"qos": qos, "retain": retained, "bindingVersion": "0.2.0"}},
    }


def _commands() -> dict[str, type[BaseModel]]:
    """The arguments of every verb, by the name of its command's message."""
    return {
        _command_name(name, scope): arguments for name, verb in VERBS.items() for scope, arguments in verb.takes.items()
    }


def _command_name(verb: str, scope: str) -> str:
    """Two names where a verb takes other arguments at a single receiver than everywhere."""
    several = len(set(VERBS[verb].takes.values())) > 1
    return f"{verb}_one" if several and scope in RESOURCE_SCOPES else verb


def _messages() -> dict[str, Any]:
    published = {
        model.__name__: {"summary": _first_line(model), "payload": {"$ref": _SCHEMAS + model.__name__}}
        for model in payloads.MODELS.values()
    }
    commands = {
        name: {
            "summary": _first_line(arguments),
            "payload": {
                "allOf": [
                    {"$ref": _SCHEMAS + Envelope.__name__},
                    {"type": "object", "properties": {"args": {"$ref": _SCHEMAS + arguments.__name__}}},
                ]
            },
        }
        for name, arguments in _commands().items()
    }
    return {**published, **commands}


def _schemas() -> Mapping[str, Any]:
    models: list[type[BaseModel]] = [*payloads.MODELS.values(), Envelope, *dict.fromkeys(_commands().values())]
    _, schemas = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, ref_template=_SCHEMAS + "{model}"
    )
    return dict(schemas["$defs"])


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or model.__name__).strip().splitlines()[0]
