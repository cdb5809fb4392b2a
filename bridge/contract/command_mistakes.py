"""What is wrong with a command, in words: which argument, what would be right, and what came instead. PURE.

The checking library's own sentences are made for programmers; nobody at a panel should read one of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, get_args

import orjson
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from services.model import clean_text, in_words
from services.verbs import PATTERNS_IN_WORDS

NAME_SHOWN: Final = 64
"""Characters of an unknown name that are repeated."""

OUT_OF_RANGE: Final = frozenset({"greater_than_equal", "less_than_equal"})

_BEFORE, _AFTER = 30, 10
"""Characters of a payload that are shown around the place where it stops being JSON."""

_NO_JSON: Final[Mapping[str, str]] = {
    "NaN": "JSON has no NaN; what is unknown is null",
    "Inf": "JSON has no Infinity; what is unknown is null",
    "'": "JSON writes texts in double quotes",
    "True": "JSON writes true",
    "False": "JSON writes false",
    "None": "JSON writes null",
}
"""How the wrong place begins -> what the sender probably did."""


def sentence(failures: Sequence[ErrorDetails], model: type[BaseModel], subject: str) -> str:
    """The first of these failures of a model, in words. ``subject`` is who takes it."""
    first = failures[0]
    if not first["loc"]:
        return f"{subject}: {_message(first)}"
    name = str(first["loc"][0])
    if first["type"] == "missing":
        about = model.model_fields[name].description or ""
        needs = f"{subject} needs {name}: {about[:1].lower()}{about[1:].removesuffix('.')}"
        strange = next((one for one in failures if one["type"] == "extra_forbidden"), None)
        return needs if strange is None else f"{needs}; {_unknown(strange, model, 'it')}"
    if first["type"] == "extra_forbidden":
        return _unknown(first, model, subject)
    info = model.model_fields[name]
    # people count from 1; `field` has the number that programs count by
    what = " of ".join([*(f"entry {step + 1}" for step in reversed(first["loc"]) if isinstance(step, int)), name])
    remedy = "; leave it out" if first["input"] is None and len(first["loc"]) == 1 and not info.is_required() else ""
    return f"{what}{_should(first, info)}{remedy}"


def misplaced(body: Iterable[str], envelope: type[BaseModel], takes: type[BaseModel]) -> str | None:
    """The name of an argument that stands beside ``args`` instead of in it; ``None`` where there is none.

    A slip of the pen is not meant: ``argz`` beside a verb that takes every name is no argument.
    """
    known = envelope.model_fields
    beside = [name for name in body if name not in known and not difflib.get_close_matches(name, known)]
    takes_all = takes.model_config.get("extra") == "allow"
    return next((name for name in beside if takes_all or name in takes.model_fields), None)


def no_json(error: orjson.JSONDecodeError) -> str:
    """Where a payload stops being JSON, with what stands there, and the remedy where it is a known slip."""
    text, at = error.doc, error.pos
    around = f"{'...' * (at > _BEFORE)}{text[max(0, at - _BEFORE) : at + _AFTER]}{'...' * (at + _AFTER < len(text))}"
    there = text[at:].lstrip("-")
    said = next((remedy for slip, remedy in _NO_JSON.items() if there.startswith(slip)), None)
    if "infinity" in error.msg:
        said = "this number is too large"
    return clean_text(f"the payload is not JSON at character {at + 1}: {said or error.msg}; there stands {around}", 300)


def _unknown(failure: ErrorDetails, model: type[BaseModel], subject: str) -> str:
    name = str(failure["loc"][-1])
    known = sorted(model.model_fields)
    meant = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {meant[0]}?" if meant else ""
    return f"{subject} does not know {clean_text(name, NAME_SHOWN)}{hint}; known: {', '.join(known) or 'nothing'}"


def _should(failure: ErrorDetails, info: FieldInfo) -> str:
    """What stands behind the name: what the argument must be, and what it was."""
    kind, given = failure["type"], failure["input"]
    if kind == "string_pattern_mismatch":
        return f" must be {PATTERNS_IN_WORDS[failure['ctx']['pattern']]}, not {in_words(given)}"
    if kind == "string_too_short":
        return " must not be empty"
    if kind in {"string_too_long", "too_long"}:
        unit = "characters" if kind == "string_too_long" else "entries"
        size = f", not {len(given)}" if isinstance(given, str | list) else ""
        return f" must have at most {failure['ctx']['max_length']} {unit}{size}"
    if kind == "literal_error":
        return f" must be {failure['ctx']['expected']}, not {in_words(given)}"
    if kind in OUT_OF_RANGE and "ctx" not in failure:  # in words of our own
        return f" {_message(failure)}, not {in_words(given)}"
    if kind in _KINDS:
        return f" must be {_KINDS[kind](info)}, not {in_words(given)}"
    if kind == "value_error":
        return f": {_message(failure)}"
    return f" cannot be {in_words(given)}"


def _message(failure: ErrorDetails) -> str:
    return failure["msg"].removeprefix("Value error, ")


def _number(info: FieldInfo) -> str:
    noun = "a whole number" if int in {info.annotation, *get_args(info.annotation)} else "a number"
    limits = [str(getattr(limit, name)) for name in ("ge", "le") for limit in info.metadata if hasattr(limit, name)]
    return " from ".join([noun, " to ".join(limits)]) if limits else noun


_KINDS: Final[Mapping[str, Callable[[FieldInfo], str]]] = {
    "string_type": lambda _: "a text",
    "bool_type": lambda _: "true or false",
    "list_type": lambda _: 'a list, for example ["..."]',
    "dict_type": lambda _: 'an object, for example {"...":...}',
    "int_type": _number,
    "int_from_float": _number,
    "int_parsing_size": _number,
    "float_type": _number,
    "finite_number": _number,
    "greater_than_equal": _number,
    "less_than_equal": _number,
}
"""What each kind of failure says that the argument must be."""
