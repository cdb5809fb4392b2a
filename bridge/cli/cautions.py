"""What is allowed and yet unwise: secrets that others can read, rules that never match. Each in one sentence."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from bridge.mqtt import Endpoint
from bridge.settings import Settings, strange_sign
from services.control import RF_KEYS
from services.drivers import find_drivers
from services.model import KEYS, RESOURCE_KINDS

_ENCRYPTED: Final = frozenset({"require", "verify-ca", "verify-full"})
"""Values of ``sslmode`` with which PostgreSQL's library refuses to speak in plain text."""


def cautions(settings: Settings) -> list[str]:
    """Sentences for the log and for `mic2mqtt check`, each with the remedy; none where all is well."""
    return [
        *_plain_broker(settings),
        *_plain_database(settings),
        *_odd_passwords(settings),
        *_open_files(settings),
        *_idle_rules(settings),
        *_absent_drivers(settings),
    ]


def _plain_broker(settings: Settings) -> Iterator[str]:
    broker = Endpoint.parse(settings.mqtt.url)
    if settings.mqtt.password is None or broker.tls or _is_loopback(broker.host):
        return
    safe = "wss" if broker.websocket else "mqtts"
    yield (
        f"mqtt.url: the password goes to {broker.host} in plain text, for everybody on the way to read: "
        f"use {safe}:// where the broker has TLS"
    )


def _plain_database(settings: Settings) -> Iterator[str]:
    parts = urlsplit(settings.database.url)
    query = parse_qs(parts.query)
    host = parts.hostname or query.get("host", [""])[0]
    local = not host or host.startswith("/") or _is_loopback(host)
    if parts.scheme == "sqlite" or local or _ENCRYPTED & set(query.get("sslmode", ())):
        return
    if settings.database.password is not None:
        yield (
            f"database.url: the connection to {host} may be in plain text, password and data: "
            "add ?sslmode=verify-full, or sslmode=require where its certificate cannot be verified"
        )


def _odd_passwords(settings: Settings) -> Iterator[str]:
    secrets: tuple[tuple[str, SecretStr | None], ...] = (
        ("mqtt.password", settings.mqtt.password),
        ("database.password", settings.database.password),
    )
    for key, secret in secrets:
        value = secret.get_secret_value() if secret is not None else ""
        strange = strange_sign(value)
        if strange is not None:
            yield f"{key}: it holds {strange[1]}, which looks like another sign or like nothing: is that meant?"
        elif value != value.strip():
            yield f"{key}: it begins or ends with a blank, which belongs to it: is that meant?"


def _absent_drivers(settings: Settings) -> Iterator[str]:
    """Credentials of drivers that are not installed: a slip, or a wheel that is missing."""
    installed = find_drivers()
    for number, entry in enumerate(settings.credentials):
        if entry.driver not in installed:
            there = ", ".join(sorted(installed))
            yield f"credentials[{number}].driver: no driver {entry.driver!r} is installed; there are: {there}"


def _idle_rules(settings: Settings) -> Iterator[str]:
    """Control rules, and a choice for Home Assistant, that cover nothing which this file names."""
    more = (key for driver in find_drivers().values() for key in driver.more)
    known = {key.name for key in (*(key for kind in RESOURCE_KINDS for key in KEYS.of(kind)), *more)}
    named = (*(unit.campus for unit in settings.units), *(one.campus for one in settings.discovery.ranges))
    campuses = {settings.bridge.campus, *filter(None, named)}
    nowhere = (
        "no unit and no range of this file is in campus {}; what names none of its own is in "
        f"{settings.bridge.campus}: is that meant?"
    )
    for number, rule in enumerate(settings.control.rules, 1):
        keys = set(rule.keys or ())
        if unknown := sorted(keys - known):
            yield f"control.rules: rule {number} names no key with {', '.join(unknown)}: see info.settable of a unit"
        if not rule.allow_rf and (carrier := sorted(keys & RF_KEYS)):
            yield f"control.rules: rule {number} does not allow {', '.join(carrier)} without allow_rf = true"
        if rule.campus and rule.campus not in campuses:
            yield f"control.rules: rule {number} covers nothing: {nowhere.format(rule.campus)}"
    for campus in settings.home_assistant.campuses:
        if campus.rpartition("/")[2] not in campuses:
            yield f"home_assistant.campuses: {nowhere.format(campus)}"


def _open_files(settings: Settings) -> Iterator[str]:
    for file, key in settings.where.secret_files.items():
        try:
            status = file.stat()
        except OSError:
            continue  # it was read a moment ago: whoever reads it next names what is wrong
        words = _who_reads(status)
        if words is not None:
            who, remedy = words
            yield f"{file}: {who} can read it, and it holds a secret ({key}): {remedy} {file}"


def _who_reads(status: os.stat_result) -> tuple[str, str] | None:
    """Who beside the bridge reads a file, and what ends that; ``None`` for nobody.

    A file of another owner is read by its group, as it has to be where the bridge runs as a user of its own.
    """
    own = status.st_uid == os.geteuid()
    if status.st_mode & stat.S_IROTH:
        return "everybody", "chmod 600" if own else "give it to a group of the bridge's user, and chmod 640"
    if own and status.st_mode & stat.S_IRGRP:
        return "its group", "chmod 600"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() in {"localhost", "localhost.localdomain"} or host.endswith(".localhost")
