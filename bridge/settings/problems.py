"""What is wrong with a configuration, one line a problem: file and line, key, and what is allowed instead."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from bridge.settings.texts import strange_sign
from bridge.settings.values import Allowed, Duration

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``where`` is a file with a line or a variable of the environment."""

    where: str
    key: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, self.text) if part)

    def order(self) -> tuple[bool, str, int, str]:
        """The file's in the order of its lines, then the environment's."""
        place, _, line = self.where.rpartition(":")
        return (False, place, int(line), self.key) if line.isdecimal() else (True, self.where, 0, self.key)


class LineFinder:
    """On which line of a TOML file a key stands. A look at the lines, no parser: keys within inline tables and
    lists are found where the outer key is.
    """

    _HEADER: Final = re.compile(r"\s*(\[\[?)\s*([\w.\-\"' ]+?)\s*\]")
    _ASSIGNMENT: Final = re.compile(r"\s*([\w\-\"'. ]+?)\s*=")

    def __init__(self, text: str) -> None:
        self._lines: dict[Key, int] = {}
        table: Key = ()
        counts: dict[Key, int] = {}
        for number, line in enumerate(text.split("\n"), 1):
            if header := self._HEADER.match(line):
                table = self._parts(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                self._lines.setdefault(table, number)
                table = self._numbered(table, counts)
                self._lines.setdefault(table, number)
            elif assignment := self._ASSIGNMENT.match(line):
                self._lines.setdefault((*table, *self._parts(assignment[1])), number)

    def line(self, key: Key) -> int | None:
        """The line of the key, or of the nearest table around it."""
        while key:
            if key in self._lines:
                return self._lines[key]
            key = key[:-1]
        return None

    @staticmethod
    def _parts(dotted: str) -> Key:
        return tuple(part.strip(" \"'") for part in dotted.split("."))

    @staticmethod
    def _numbered(table: Key, counts: Mapping[Key, int]) -> Key:
        """``[[receivers]]`` the third time is ("receivers", 2), and ``[receivers.labels]`` below it follows."""
        numbered: Key = ()
        for end in range(1, len(table) + 1):
            numbered = (*numbered, table[end - 1])
            if table[:end] in counts:
                numbered = (*numbered, counts[table[:end]])
        return numbered


@dataclass(slots=True)
class Where:
    """Where each key came from. Has no part in whether two configurations are equal."""

    file: Path | None = field(default=None, compare=False)
    finder: LineFinder = field(default_factory=lambda: LineFinder(""), compare=False)
    secret_files: dict[Path, str] = field(default_factory=dict, compare=False)
    """Files that hold a secret, each with a key that it is for."""
    _variables: dict[Key, str] = field(default_factory=dict, compare=False)

    def came_from_environment(self, key: Key, variable: str) -> None:
        """Remember that a variable set this key."""
        self._variables[key] = variable

    def variable(self, key: Key) -> str | None:
        """The variable that set the key, or the list that it stands in."""
        return next((self._variables[key[:end]] for end in (len(key), 2, 1) if key[:end] in self._variables), None)

    def of(self, key: Key) -> str:
        """The variable or the file and line that a problem with this key is to be looked for at."""
        variable = self.variable(key)
        if variable is not None or self.file is None:
            return variable or ""
        line = self.finder.line(key)
        return f"{self.file}:{line}" if line else str(self.file)

    def folder(self, key: Key) -> Path:
        """What a file's name is relative to: the configuration file, or for a variable the working directory."""
        return self.file.parent if self.file is not None and self.variable(key) is None else Path()


def closest(name: str, known: Iterator[str] | list[str]) -> str | None:
    """The known word that was probably meant."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def dotted(key: Key) -> str:
    """``receivers[2].host``, counted from 1 as people do."""
    text = ""
    for part in key:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def allowed(info: FieldInfo) -> str:
    """What a key can be, in words: for problems and for the documentation."""
    for extra in info.metadata:
        if isinstance(extra, Allowed | Duration):
            return extra.words
    kind = info.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f'"{choice}"' for choice in get_args(kind))
    kinds = {kind, *get_args(kind)}
    if bool in kinds:
        return "true or false"
    if int in kinds:
        limits = [getattr(extra, name) for name in ("ge", "le") for extra in info.metadata if hasattr(extra, name)]
        return " to ".join(map(str, limits)) or "a whole number"
    return "text"


def explain(error: ValidationError, where: Where, root: type[BaseModel], under: Key = ()) -> list[Problem]:
    """A validation error as lines for people; ``under`` is the key of the table that ``root`` describes."""
    return [_problem(dict(detail), where, root, under) for detail in error.errors(include_url=False)]


def _problem(detail: dict[str, Any], where: Where, root: type[BaseModel], under: Key) -> Problem:
    info, table = _walk(tuple(detail["loc"]), root)
    steps: Key = (*under, *detail["loc"])
    kind, wrong = detail["type"], detail["input"]
    last = steps[-1] if steps else ""
    text: str
    if kind == "extra_forbidden":
        meant = closest(str(last), list(table.model_fields))
        what = "section" if len(steps) == 1 else "key"
        text = f"there is no such {what}" + (
            f"; did you mean {meant}?" if meant else f"; there are: {', '.join(table.model_fields)}"
        )
    elif kind == "missing":
        text = f"it is missing; allowed: {_words(info)}"
    elif kind == "value_error":
        text = str(detail["ctx"]["error"])
    elif kind in {"model_type", "model_attributes_type"}:
        text = f"it must be a table, [{dotted(steps)}] with keys below it"
    elif kind in {"tuple_type", "list_type"}:
        text = f"write [[{dotted(steps)}]]" if _model_in(info) else f"it must be a list, in [ ], of {_words(info)}"
    elif _secret(steps, info):
        text = f"this value is not allowed; allowed: {_words(info)}"
    else:
        text = f"{_SHORT.repr(wrong)} is not allowed; allowed: {_words(info)}"
    strange = strange_sign(wrong.strip()) if isinstance(wrong, str) else None
    remedy = f"; it holds {strange[1]}: type it again" if strange else ""
    return Problem(where.of(steps), dotted(steps), text + remedy)


_SHORT: Final = reprlib.Repr()
"""Shows of a wrong value as much as is needed to know it again."""
_SHORT.maxstring = _SHORT.maxother = 200


def _words(info: FieldInfo | None) -> str:
    return allowed(info).replace("`", "") if info is not None else "see docs/configuration.md"


def _secret(steps: Key, info: FieldInfo | None) -> bool:
    """Whether the value must not be repeated: a URL may hold a password."""
    return (
        steps[-1:] == ("url",)
        or "options" in steps
        or (info is not None and SecretStr in {info.annotation, *get_args(info.annotation)})
    )


def _walk(loc: Key, root: type[BaseModel]) -> tuple[FieldInfo | None, type[BaseModel]]:
    """The field at a location, and the table that it belongs to."""
    info: FieldInfo | None = None
    table, inner = root, root
    for step in loc:
        if isinstance(step, str):
            table, info = inner, inner.model_fields.get(step)
            inner = _model_in(info) or inner
    return info, table


def _model_in(info: FieldInfo | None) -> type[BaseModel] | None:
    if info is None:
        return None
    kinds = (info.annotation, *get_args(info.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
