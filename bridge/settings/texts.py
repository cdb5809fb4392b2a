"""Files that people write, as text: what editors add unseen is skipped where it is harmless, else named."""

from __future__ import annotations

import codecs
import os
import unicodedata
from pathlib import Path
from typing import Final

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a file that is read; a configuration of ten thousand units has less."""

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOK_ALIKE: Final = frozenset({"Zs", "Zl", "Zp", "Cf", "Cc", "Pi", "Pf", "Ps", "Pd"})
"""Blanks, signs that nobody sees, quotation marks and dashes."""
_SAVE: Final = "save it as UTF-8 (in Notepad: Save as, Encoding; in PowerShell: Out-File -Encoding utf8)"


class UnreadableTextError(ValueError):
    """The file holds no text that we can read; the text of the error has the reason and the remedy."""


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, without a byte order mark and with plain line ends.

    Raises `UnreadableTextError`, and `OSError` where the file cannot be read at all.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UnreadableTextError(f"it has more than {LARGEST // 1024 // 1024} MB: that is no configuration")
    if data.startswith(_UTF_16) or (len(data) > 1 and (data[0] == 0) != (data[1] == 0)):
        raise UnreadableTextError(f"it is UTF-16 text: {_SAVE}")
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableTextError(f"line {line}: byte {data[error.start]:#04x} is not UTF-8 text: {_SAVE}") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableTextError(f"line {line}: it holds a NUL byte, so it is no text: restore the file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_secret(path: Path) -> str:
    """The secret that a file holds and nothing else: its text without the line end that editors add.

    Raises `UnreadableTextError`, and `OSError` where the file cannot be read at all.
    """
    secret = read_text(path).rstrip("\n")
    if not secret:
        raise UnreadableTextError("it is empty: write the secret into it")
    if "\n" in secret:
        raise UnreadableTextError("it has several lines: write the secret alone into it, on one line")
    return secret


def why_unreadable(error: OSError) -> str:
    """Why a file cannot be read, and what helps where that is not plain."""
    reason = error.strerror or str(error)
    if isinstance(error, PermissionError):
        return f"{reason}: it must be readable for user {os.geteuid()}, as whom this program runs"
    return reason


def strange_sign(text: str) -> tuple[int, str] | None:
    """The first sign of a text that looks like another one or like nothing: where it stands, from 1, and its name.

    Only for a text that could not be read: elsewhere every sign is right.
    """
    for column, sign in enumerate(text, 1):
        if sign in "\t " or (sign.isascii() and sign.isprintable()):
            continue
        if unicodedata.category(sign) in _LOOK_ALIKE:
            return column, f"U+{ord(sign):04X} ({unicodedata.name(sign, 'a control character')})"
    return None


_NO_TOML: Final = (
    (
        "Cannot declare",
        "this table stands above already: move its keys there, or write [[ ]] where it is one of a list",
    ),
    ("Cannot overwrite", "this key or table stands above already: keep one of them"),
    ("Cannot mutate", "this table was finished above already: write its keys there"),
    ("Expected ']'", "a ] is missing at the end of the table's name"),
    ("Invalid value", "the value is missing or no value: texts stand in quotes, true and false are small"),
    ("Unterminated string", 'the end quote " is missing'),
    ("Illegal character", 'the end quote " is missing in this line, or a sign stands in it that a text cannot hold'),
    ('Expected "', 'the end quote " is missing'),
    ('Expected "\'"', "the end quote ' is missing"),
    ("Unescaped", r"a \ in a text is written \\, or the text stands in single quotes"),
    (
        "Expected newline",
        "something stands behind the value: one key a line, and a text with blanks or quotes in quotes",
    ),
    ("Expected '='", "a = is missing behind the key, or the key has a blank in it"),
    ("Invalid statement", "the line begins with neither a key nor a [table]"),
    ("Invalid initial character", "a key is missing: keys are letters, digits, _ and -"),
    ("Unclosed array", "a ] or a comma is missing in a list"),
    ("Unclosed inline table", "a } or a comma is missing: a table in { } stands on one line"),
)
"""How the messages of the standard library's reader begin, and what to do; the more special one first where two fit."""


def toml_problem(problem: str) -> str:
    """The remedy for a problem of the reader; the problem alone where none is known."""
    fitting = [(beginning, words) for beginning, words in _NO_TOML if problem.startswith(beginning)]
    return f"{max(fitting, key=lambda row: len(row[0]))[1]} ({problem})" if fitting else problem
