"""`watch` and `send`: clients of the broker, like any other."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets as randomness
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson
import typer

from bridge.contract import CommandTarget, Topics, check_id, check_organization
from bridge.mqtt import KEPT, BrokerError, Connection, Endpoint, MqttConfig, PublishRefusedError, open_once
from bridge.settings import Settings, broker_of, load
from services import clock
from services.model import RESOURCE_KINDS, Address, Kind, clean_text, visible

Write = Callable[[str], None]

_PAIR: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]*)([+-]?)=(.*)", re.DOTALL)

FINAL: Final = frozenset({"succeeded", "partial", "failed", "rejected"})


def load_for(path: Path | None, url: str | None, base_topic: str | None) -> Settings:
    """The configuration, with another broker where one is named. Raises `ConfigurationError`.

    Who is named in ``url`` is meant, even where the configuration has a user and a password of its own; and those
    are for the configured broker alone: another one never gets to see them.
    """
    over = {"MIC2MQTT_MQTT__URL": url, "MIC2MQTT_MQTT__BASE_TOPIC": base_topic, **_credentials(url or "")}
    named = load(path, {**os.environ, **{name: value for name, value in over.items() if value}})
    configured = load(path, os.environ)
    if _place(named) == _place(configured) or _credentials(url or ""):
        return named
    stranger = named.mqtt.model_copy(update={"user": None, "password": None})
    return named.model_copy(update={"mqtt": stranger})


def _place(settings: Settings) -> tuple[str, int]:
    endpoint = Endpoint.parse(settings.mqtt.url)
    return endpoint.host, endpoint.port


def _credentials(url: str) -> dict[str, str | None]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return {}  # no URL at all: the key's own check reports it
    named = {"MIC2MQTT_MQTT__USER": parts.username, "MIC2MQTT_MQTT__PASSWORD": parts.password}
    return {name: unquote(value) for name, value in named.items() if value}


def config_for(settings: Settings, what: str) -> MqttConfig:
    """How to reach the broker under a client id of our own: that of the bridge would throw it out."""
    client_id = f"mic2mqtt-{what}-{randomness.token_hex(4)}"
    return replace(broker_of(settings), client_id=client_id, largest_payload=KEPT)


# -- send ----------------------------------------------------------------------------------------------------


def arguments_of(text: str) -> dict[str, object]:
    """What ``--args`` means. Raises `ValueError` where it is nothing that can be sent."""
    try:
        arguments = json.loads(text)
        orjson.dumps(arguments)
    except ValueError as error:
        raise ValueError(f"no JSON: {error}") from error
    except (RecursionError, orjson.JSONEncodeError) as error:  # half a sign, an integer beyond 64 bits
        raise ValueError(f"no JSON that can be sent: {error}") from error
    if not isinstance(arguments, dict):
        raise ValueError('a JSON object is wanted, for example {"adopt": true}')  # noqa: TRY004 - what was typed
    return arguments


def settings_of(pairs: Sequence[str]) -> dict[str, object]:
    """What ``KEY=VALUE`` on the command line means: a value, a step (``+=``, ``-=``) or ``toggle``.

    A value is JSON where it can be read as that, else the text as it stands. Raises `ValueError`.
    """
    settings: dict[str, object] = {}
    for pair in pairs:
        found = _PAIR.fullmatch(pair)
        if found is None:
            raise ValueError(f"{pair!r} is not KEY=VALUE, KEY+=STEP, KEY-=STEP or KEY=toggle")
        key, sign, text = found.groups()
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        if sign and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"{pair!r}: a step is a number")
        if sign:
            value = {"step": -value if sign == "-" else value}
        elif text == "toggle":
            value = {"toggle": True}
        settings[key] = value
    return arguments_of(json.dumps(settings))


def target_of(text: str | None, settings: Settings) -> CommandTarget:
    """Whom ``--to`` means: nothing is the process, ``KIND/ID`` is of the default campus. Raises `ValueError`."""
    if text is None:
        return CommandTarget(None)
    parts = text.strip("/").split("/")
    bridge = settings.bridge
    if len(parts) == 2:  # noqa: PLR2004 - kind and id
        parts = [bridge.organization, bridge.campus, *parts]
    match parts:
        case [organization, campus, kind, id_] if kind in RESOURCE_KINDS:
            _check_place(organization, campus)
            check_id(id_)
            return CommandTarget(Address(organization, campus, Kind(kind), id_))
        case [organization, campus, "bridge"]:
            _check_place(organization, campus)
            return CommandTarget(Address(organization, campus, Kind.BRIDGE, bridge.id))
    raise ValueError(
        f"{text!r} must be KIND/ID (kinds: {', '.join(RESOURCE_KINDS)}), ORGANIZATION/CAMPUS/KIND/ID, or "
        "ORGANIZATION/CAMPUS/bridge for everything of a campus"
    )


def _check_place(organization: str, campus: str) -> None:
    check_organization(organization)
    check_id(campus, "campus")


async def send(
    settings: Settings,
    verb: str,
    *,
    to: str | None,
    args: Mapping[str, Any],
    actor: str,
    timeout_s: float,
    write: Write,
    as_json: bool = False,
) -> bool:
    """Send a command and print its replies, in words or ``as_json``; whether it succeeded.

    It is valid for as long as somebody waits for its end.

    Raises `BrokerError`, `TimeoutError`, and `ValueError` for what is no target.
    """
    target = target_of(to, settings)
    topics = Topics(settings.mqtt.base_topic, settings.bridge.id)
    request_id = randomness.token_hex(8)
    valid_until = clock.text_of(clock.now() + timeout_s)
    request = {"request_id": request_id, "args": args, "actor": clean_text(actor), "valid_until": valid_until}
    connection = await open_once(config_for(settings, "send"))
    try:
        reply_topic = topics.reply(target, verb)
        refused = await connection.subscribe([reply_topic])
        if refused:
            raise BrokerError("not_authorised", f"this user may not read {reply_topic}: ask for read access")
        await _publish_command(connection, topics.command(target, verb), orjson.dumps(request))
        async with asyncio.timeout(timeout_s):
            return await _replies(connection, request_id, _in_json if as_json else _in_words, write)
    finally:
        await connection.close(1.0)


async def _publish_command(connection: Connection, topic: str, payload: bytes) -> None:
    try:
        await connection.publish(topic, payload, retain=False)
    except PublishRefusedError as error:
        remedy = "this user needs the right to write there, as the role operator of mosquitto/acl has it"
        raise BrokerError("not_authorised", f"{error}: {remedy}") from error


async def _replies(
    connection: Connection, request_id: str, shown: Callable[[Mapping[str, Any]], str], write: Write
) -> bool:
    async for message in connection.messages():
        reply = _reply(message.payload)
        if reply.get("request_id") != request_id:
            continue  # an answer to somebody else
        if text := shown(reply):
            write(text)
        if reply.get("status") in FINAL:
            _write_error(reply)
            return reply.get("status") == "succeeded"
    raise connection.lost.result()


def _in_json(reply: Mapping[str, Any]) -> str:
    return json.dumps(reply, indent=2, ensure_ascii=False)


def _in_words(reply: Mapping[str, Any]) -> str:
    """What a person wants to know of a reply; what went wrong comes behind it."""
    status, data = reply.get("status"), reply.get("data")
    lines = [f"{status}" if status in FINAL and reply.get("error") is None else ""]
    if status in FINAL or status == "progress":
        lines += _lines(data if isinstance(data, Mapping) else {}, "  ")
    lines += [f"warning: {warning}" for warning in reply.get("warnings") or ()]
    return "\n".join(line for line in lines if line)


def _lines(data: Mapping[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for key, value in data.items():
        if isinstance(value, Mapping) and value.keys() == {"wanted", "reported", "ok"}:
            kept = "" if value["ok"] else f" (wanted {_shown(value['wanted'])})"
            lines.append(f"{indent}{key}: {_shown(value['reported'])}{kept}")
        elif isinstance(value, Mapping) and value:
            lines += [f"{indent}{key}:", *_lines(value, f"{indent}  ")]
        elif value not in (None, [], {}):
            lines.append(f"{indent}{key}: {_shown(value)}")
    return lines


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _write_error(reply: Mapping[str, Any]) -> None:
    """The one sentence that matters, last and on standard error."""
    error = reply.get("error")
    if isinstance(error, Mapping):
        words = f"{reply.get('status')}: {error.get('detail') or error.get('code')}"
        typer.echo(visible(words), err=True)


def _reply(payload: bytes) -> Mapping[str, Any]:
    try:
        reply = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return reply if isinstance(reply, dict) else {}


# -- watch ------------------------------------------------------------------------------------------


async def watch(settings: Settings, *, receiver: str | None, campus: str | None, plain: bool) -> None:
    """Show the wall until cancelled."""
    from rich.console import Console

    from bridge.mqtt import MqttClient
    from bridge.terminal import Board, Row, Wall

    def wanted(row: Row) -> bool:
        return (receiver is None or receiver.lower() in f"{row.address.id} {row.unit}".lower()) and (
            campus is None or campus in {row.address.campus, f"{row.address.organization}/{row.address.campus}"}
        )

    console = Console()
    board = Board(Topics(settings.mqtt.base_topic, settings.bridge.id))
    wall = Wall(board, MqttClient(config_for(settings, "watch")), console, wanted=wanted)
    await wall.run(plain=plain or not console.is_terminal)
