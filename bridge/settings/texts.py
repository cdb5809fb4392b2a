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
