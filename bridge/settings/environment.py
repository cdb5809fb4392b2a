"""The environment over the file: ``MIC2MQTT_<SECTION>__<KEY>``, lists as JSON; and secrets out of their own files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from bridge.redaction import is_secret, redact
from bridge.settings.problems import Key, Problem, Where, dotted
from bridge.settings.texts import read_secret, why_unreadable

PREFIX: Final = "MIC2MQTT_"
FILE_SUFFIX: Final = "_file"

SECRETS: Final = (("mqtt", "url"), ("mqtt", "password"), ("database", "url"), ("database", "password"))
"""Keys that may also be given as ``<key>_file``: a file that holds nothing but the value."""

WITH_OPTIONS: Final = ("units", "credentials")
"""Lists of tables that have a driver's own keys in ``options``: each of those may be given as ``<key>_file``, too."""

Document = dict[str, Any]


def overlay(
    document: Document, env: Mapping[str, str], where: Where, model: type[BaseModel]
) -> tuple[Document, list[Problem]]:
    """The file's content with the environment over it and secrets read; the problems that came up, if any."""
    problems: list[Problem] = []
    merged = {name: dict(table) if isinstance(table, dict) else table for name, table in document.items()}
    for name, text in sorted(env.items()):
        if not name.startswith(PREFIX) or not text:  # compose files pass what is not set as an empty text
            continue
        key = _key(name, model)
        if key is None:
            problems += _slip(name, model)
            continue
        section, *rest = key
        where.came_from_environment(key, name)
        if section not in document:
            where.came_from_environment((section,), name)
        try:
            value = _value(text, key, model)
        except ValueError as error:
            problems.append(Problem(where.of(key), ".".join(key), f"it must be a list in JSON: {error}"))
            continue
        if not rest:
            merged[section] = value
        elif isinstance(table := merged.setdefault(section, {}), dict):
            table[rest[0]] = value
            table.pop(_twin(rest[0]), None)  # the environment's password counts more than the file's password_file
    problems += _read_secrets(merged, where)
    return merged, problems


def variables(model: type[BaseModel]) -> Iterator[str]:
    """Every variable that is read."""
    for section, field in model.model_fields.items():
        keys = _keys(field.annotation)
        if not keys:
            yield f"{PREFIX}{section.upper()}"
        for key in keys:
            yield f"{PREFIX}{section.upper()}__{key.upper()}"
            if (section, key) in SECRETS:
                yield f"{PREFIX}{section.upper()}__{key.upper()}{FILE_SUFFIX.upper()}"


def _keys(annotation: object) -> tuple[str, ...]:
    """The keys of a section; none for a list of tables."""
    return tuple(annotation.model_fields) if isinstance(annotation, type) and issubclass(annotation, BaseModel) else ()


def _key(name: str, model: type[BaseModel]) -> tuple[str, ...] | None:
    """Where a variable's value belongs; ``None`` where it is not made like one of ours."""
    section, double, key = name.removeprefix(PREFIX).lower().partition("__")
    if double:
        return section, key
    lists = {name for name, field in model.model_fields.items() if not _keys(field.annotation)}
    return (section,) if section in lists else None


def _slip(name: str, model: type[BaseModel]) -> list[Problem]:
    """A variable with one underscore where two belong; others (a container engine's service links) are not ours."""
    meant = {known.replace("__", "_"): known for known in variables(model)}
    if name not in meant:
        return []
    return [Problem(name, "", f"it has no effect: two underscores stand between section and key: {meant[name]}")]


def _value(text: str, key: tuple[str, ...], model: type[BaseModel]) -> object:
    """Lists are JSON; everything else is text, which the model turns into what the key is."""
    section = model.model_fields.get(key[0])
    field = section
    if section is not None and len(key) > 1 and isinstance(section.annotation, type):
        field = section.annotation.model_fields.get(key[1])
    if field is None or not str(field.annotation).startswith("tuple["):
        return text
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("lists are nested too deep") from None
    if not isinstance(value, list):
        raise ValueError("it begins with [ and ends with ]")  # noqa: TRY004 - a wrong value for the caller
    return value


def _twin(key: str) -> str:
    return key.removesuffix(FILE_SUFFIX) if key.endswith(FILE_SUFFIX) else key + FILE_SUFFIX


def _read_secrets(merged: Document, where: Where) -> list[Problem]:
    """Put the content of files in place of their names; the problems that came up."""
    problems = []
    for section, key in SECRETS:
        table = merged.get(section)
        if isinstance(table, dict):
            problems += _read_file(table, key, (section,), where)
    for place, options in _tables_of_options(merged):
        for file_key in [key for key in options if key.endswith(FILE_SUFFIX)]:
            problems += _read_file(options, file_key.removesuffix(FILE_SUFFIX), place, where)
    return problems


def _read_file(table: Document, key: str, place: Key, where: Where) -> list[Problem]:
    """Give ``key`` the content of the file that ``<key>_file`` names, where it does."""
    file_key = key + FILE_SUFFIX
    if file_key not in table:
        return []
    at = (*place, file_key)
    path = table.pop(file_key)
    if key in table:
        return [Problem(where.of(at), dotted(at), f"give {key} or {file_key}, not both")]
    if not isinstance(path, str):
        return [Problem(where.of(at), dotted(at), "it must be the name of a file, as text")]
    file = where.folder(at) / path
    try:
        table[key] = read_secret(file)
    except (OSError, ValueError) as error:  # a name with a NUL byte is the latter
        reason = why_unreadable(error) if isinstance(error, OSError) else str(error)
        return [Problem(where.of(at), dotted(at), f"{path!r} cannot be read: {reason}")]
    where.secret_files[file] = dotted(at)
    return []


def note_secrets(written: Mapping[str, Any], where: Where) -> None:
    """Remember that the configuration file itself holds a secret, where it does."""
    if where.file is None:
        return
    for key in _secrets_written(written):
        if where.variable(key) is None:
            where.secret_files[where.file] = dotted(key)


def _secrets_written(written: Mapping[str, Any]) -> Iterator[Key]:
    for section, key in SECRETS:
        value = table.get(key) if isinstance(table := written.get(section), dict) else None
        if isinstance(value, str) and (key != "url" or redact(value) != value):
            yield section, key
    for place, options in _tables_of_options(written):
        for key in options:
            if is_secret(key) and not key.endswith(FILE_SUFFIX):
                yield (*place, key)


def _tables_of_options(document: Mapping[str, Any]) -> Iterator[tuple[Key, Document]]:
    """Every table of a driver's own keys, with its place."""
    for section in WITH_OPTIONS:
        entries = document.get(section)
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            options = entry.get("options") if isinstance(entry, dict) else None
            if isinstance(options, dict):
                yield (section, number, "options"), options
