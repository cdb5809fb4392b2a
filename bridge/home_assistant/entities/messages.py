"""Makes discovery messages of a device and its entities: one a device, or one an entity for older releases. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from bridge.contract import encoding
from bridge.home_assistant.entities.controls import Control, possible, short
from bridge.home_assistant.entities.devices import OFFLINE_OR_NOT, Device
from bridge.home_assistant.entities.entity import Entity, Trigger
from bridge.home_assistant.entities.table import ENTITIES
from services.model import Facet, Key, Kind

Style = Literal["device", "single"]
"""``device``: from Home Assistant 2024.12 on. ``single``: before it, without what those releases do not know."""

Message = tuple[str, bytes]
Component = dict[str, Any]

_BINARY: Final = {"payload_on": "True", "payload_off": "False"}


def messages_of(
    style: Style,
    prefix: str,
    origin: Mapping[str, str],
    device: Device,
    entities: Iterable[tuple[Entity, bool]],
    *,
    triggers: Sequence[Trigger] = (),
    controls: Sequence[Control] = (),
    kind: Kind | None = None,
    more: Sequence[Key] = (),
) -> list[Message]:
    """The discovery of a device: topics with their payloads.

    ``entities`` come with whether each is enabled. In one message a device, what a thing of this ``kind`` could have
    and this one lacks is named without content: that is how Home Assistant takes an entity away which it had. ``more``
    are the keys of its maker alone.
    """
    made: dict[str, Component] = {}
    for entity, is_on in entities:
        made[entity.key] = _entity(style, device, entity, is_on=is_on)
    for control in controls:
        made[control.id] = _control(style, device, control)
    for trigger in triggers:
        made[f"on_{trigger.event}"] = _trigger(device, trigger)
    if style == "single":
        return [_single(prefix, origin, device, key, component) for key, component in made.items()]
    gone = {} if kind is None else _gone(kind, more, made)
    payload = {
        "device": device.about,
        "origin": origin,
        "availability": [_available(topic) for topic in device.availability],
        "availability_mode": "all",
        "state_topic": device.state_topic,
        "components": {**gone, **made},
    }
    return [(f"{prefix}/device/{device.id}/config", encoding.encode(payload))]


def _single(prefix: str, origin: Mapping[str, str], device: Device, key: str, component: Component) -> Message:
    platform = component.pop("platform")
    payload = {"device": device.about, "origin": origin, **component}
    if platform != "device_automation":
        payload.setdefault("availability", [_available(topic) for topic in device.availability])
        payload.setdefault("state_topic", device.state_topic)
        payload["availability_mode"] = "all"
    return f"{prefix}/{platform}/{device.id}/{key}/config", encoding.encode(payload)


def _gone(kind: Kind, more: Sequence[Key], made: Mapping[str, Component]) -> dict[str, Component]:
    every: dict[str, str] = {entity.key: entity.platform for entity in ENTITIES[kind]}
    every |= possible(kind, more)
    return {key: {"platform": platform} for key, platform in every.items() if key not in made}


def _available(topic: str) -> Component:
    return {"topic": topic, "value_template": OFFLINE_OR_NOT}


def _named(style: Style, device: Device, id_: str, key: str, platform: str) -> Component:
    """Ids: one for ever, and one that is proposed for a new entity."""
    proposed = f"{device.proposed}_{short(key)}"
    given = {"object_id": proposed} if style == "single" else {"default_entity_id": f"{platform}.{proposed}"}
    return {"platform": platform, "unique_id": f"{device.id}_{id_}", **given}


def _entity(style: Style, device: Device, entity: Entity, *, is_on: bool) -> Component:
    component = {**_named(style, device, entity.key, entity.key, entity.platform), "name": entity.name, **entity.more}
    if entity.facet is not Facet.STATE:
        component["state_topic"] = device.reading(entity.facet)
    if entity.lasting:
        component["availability"] = [{"topic": device.availability[0], "value_template": "{{ 'online' }}"}]
    elif entity.own:
        component["availability"] = [_available(device.availability[0])]
    if entity.diagnostic:
        component["entity_category"] = "diagnostic"
    if not is_on:
        component["enabled_by_default"] = False
    if entity.platform == "event":
        component["event_types"] = entity.options
        return component
    if entity.details:
        component["json_attributes_topic"] = device.reading(entity.facet)
        component["json_attributes_template"] = (
            f"{{{{ (({entity.details}) if value_json is defined else {{}}) | tojson }}}}"
        )
    component["value_template"] = f"{{{{ {entity.value} }}}}"
    if entity.platform == "binary_sensor":
        component |= _BINARY
    elif entity.form == "words":
        _say_words(style, component, entity)
    elif entity.form == "time" and style == "device":
        component["device_class"] = "timestamp"
    elif entity.form in {"plain", "time"} and style == "single":
        component["value_template"] = f"{{{{ ({entity.value}) | default('unknown', true) }}}}"
    return component


def _say_words(style: Style, component: Component, entity: Entity) -> None:
    """A closed list of words; older releases take no unknown for one, so there it is a text."""
    if style == "device":
        component |= {"device_class": "enum", "options": entity.options}
    else:
        component["value_template"] = f"{{{{ ({entity.value}) | default('unknown', true) }}}}"


def _control(style: Style, device: Device, control: Control) -> Component:
    extra: Component = {}
    if control.needs:
        template = f"{{{{ 'online' if {control.needs} else 'offline' }}}}"
        own = {"topic": device.state_topic, "value_template": template}
        extra = {"availability": [*map(_available, device.availability), own], "availability_mode": "all"}
    return {
        **extra,
        **_named(style, device, control.id, control.key, control.platform),
        **control.fields,
        "command_topic": device.commands[control.verb],
        "qos": 1,
    }


def _trigger(device: Device, trigger: Trigger) -> Component:
    return {
        "platform": "device_automation",
        "automation_type": "trigger",
        "topic": device.reading(Facet.EVENT),
        "value_template": "{{ value_json.event_type }}",
        "payload": trigger.event,
        "type": trigger.event,
        "subtype": trigger.subtype,
    }
