"""Bytes to messages, and commands to bytes. PURE.

A line ends with CR: ``gchname 0000 00 NC 1,"Vox 1"``. Behind the command stand the model id (of System 20 the RxLink
id), the unit id, where the message stands among its pieces, and the parameters. Source:
docs/protocols/audio-technica.md#lines
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

LINE_MOST: Final = 287
"""Bytes of a line with its end."""
TAIL_MOST: Final = 4 * LINE_MOST
"""Bytes kept while no end of a line comes; what is longer is no line of these units."""
JOINED_MOST: Final = 16_384
"""Characters of a divided message; its length has no limit in the documents, our memory has."""

END: Final = b"\r"
NO_LINK: Final = "0000"
"""Model id of everything but System 20."""
NOTICE: Final = "MD "

ASKS: Final = "O"
SETS: Final = "S"
Handshake = Literal["O", "S"]
"""``O`` is answered by what was asked for, ``S`` by ACK or NAK."""

BUSY: Final = frozenset({90, 92, 93})
"""Refusals that pass by themselves."""
UNKNOWN_COMMAND: Final = 2
WRONG_PARAMETER: Final = 4
EMPTY_PORT: Final = 11

REFUSALS: Final[Mapping[int, str]] = {
    1: "it calls the command ill-formed (NAK 01)",
    UNKNOWN_COMMAND: "it does not know the command (NAK 02)",
    3: "it could not put a divided message together (NAK 03)",
    WRONG_PARAMETER: "it does not take the value (NAK 04)",
    5: "it waited for the rest of a message (NAK 05)",
    EMPTY_PORT: "the port is empty (NAK 11)",
    90: "it is busy (NAK 90)",
    92: "it is busy in its safe mode (NAK 92)",
    93: "it is busy with an extension (NAK 93)",
    99: "it refuses without a cause (NAK 99)",
}
"""What a code means, in words."""

_MESSAGE: Final = re.compile(
    r"(?:^|[^!-~])(?P<notice>MD )?(?P<word>[A-Za-z][A-Za-z0-9_]*) (?P<link>[0-9A-Za-z]{4}) (?P<unit>[0-9A-Za-z]{2}) "
    r"(?P<piece>NC|CS|CM|CE)(?: (?P<text>.*))?$",
    re.DOTALL,
)
_REFUSAL: Final = re.compile(r"NAK (\d{1,3})$")


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a unit. ``text`` are the parameters as they came."""

    word: str
    link: str = NO_LINK
    text: str = ""
    piece: str = "NC"
    notice: bool = False

    @property
    def accepted(self) -> bool:
        """Whether this is an ACK."""
        return self.text == "ACK"

    @property
    def refusal(self) -> int | None:
        """The code of a NAK."""
        found = _REFUSAL.match(self.text)
        return int(found[1]) if found else None


class Framer:
    """Cuts a stream into lines; keeps the half line at its end, within a bound."""

    def __init__(self) -> None:
        self._tail = b""
        self.discarded = 0
        """Bytes that were no line within the bound."""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete now, without their ends; LF around them is skipped, empty ones too."""
        *lines, tail = (self._tail + data).split(END)
        if len(tail) > TAIL_MOST:
            self.discarded += len(tail)
            tail = b""
        self._tail = tail
        return [stripped for line in lines if (stripped := line.strip(b"\n"))]


def parse(line: bytes) -> Message | None:
    """What a line is; ``None`` where it is no message. Noise before a message is skipped. Never raises."""
    found = _MESSAGE.search(line.decode("utf-8", "replace"))
    if found is None or found["word"] in {ASKS, SETS}:
        return None  # the latter is a command of ours that a terminal sends back
    text = found["text"] or ""
    if found["piece"] == "NC":
        text = text.strip(" ")  # of a piece the blank may belong to a name
    return Message(found["word"], found["link"], text, found["piece"], notice=found["notice"] is not None)


class Joiner:
    """Puts divided messages together: head (CS), middle (CM) and end (CE)."""

    def __init__(self) -> None:
        self._open: dict[tuple[bool, str, str], str] = {}
        self.lost = 0
        """Pieces without a head, and messages that became too long."""

    def take(self, message: Message) -> Message | None:
        """The complete message, once it is."""
        place = message.notice, message.word, message.link
        if message.piece == "NC":
            return message
        if message.piece == "CS":
            self._open = {place: message.text}  # a unit sends one message after the other
            return None
        begun = self._open.pop(place, None)
        if begun is None or len(begun) + len(message.text) > JOINED_MOST:
            self.lost += 1
            return None
        if message.piece == "CE":
            return replace(message, text=begun + message.text, piece="NC")
        self._open[place] = begun + message.text
        return None


def fields(text: str) -> list[str]:
    """Parameters between commas; what stands in double quotes may hold commas and blanks, and comes without them."""
    found, quoted = [""], False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            found.append("")
        else:
            found[-1] += character
    return found


def command(word: str, text: str = "", *, link: str = NO_LINK, handshake: Handshake = "O") -> bytes:
    """One command. Raises `ValueError` for what no line can hold.

    The blank before the parameters stands there without any, too, as the documents print it.
    """
    line = f"{word} {handshake} {link} 00 NC {text}"
    if not line.isascii() or not line.isprintable():
        raise ValueError(f"{text!r} has characters that no command can have")
    data = line.encode("ascii") + END
    if len(data) > LINE_MOST:
        raise ValueError(f"{len(data)} bytes are too long for a command of {LINE_MOST}")
    return data
