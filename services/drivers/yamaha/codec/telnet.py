"""Takes the terminal's negotiation out of a stream of bytes, and says what is answered to it. PURE.

The port is the standard port of Telnet, so a unit may negotiate (RFC 854). Everything that it offers or asks for is
refused: DO with WONT, WILL with DONT. What is refused once is not refused again, so that two ends which misunderstand
each other never begin to talk for ever.
"""

from __future__ import annotations

from typing import Final

IAC: Final = 0xFF
SE, SB, WILL, WONT, DO, DONT = 0xF0, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE
_REFUSALS: Final = {WILL: DONT, DO: WONT}
_WITH_OPTION: Final = frozenset({WILL, WONT, DO, DONT})
SUBNEGOTIATION_MOST: Final = 1000
"""Bytes of a subnegotiation; one that does not end is given up, and what follows is text again."""


class Telnet:
    """The negotiation of one connection."""

    def __init__(self) -> None:
        self._command = bytearray()
        """A command that is not complete, from its IAC on."""
        self._refused: set[tuple[int, int]] = set()

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The text in ``data``, and what has to be answered. Never raises."""
        if IAC not in data and not self._command:
            return data, b""
        text, answer = bytearray(), bytearray()
        for byte in data:
            if not self._command and byte != IAC:
                text.append(byte)
                continue
            self._command.append(byte)
            if self._command == b"\xff\xff":
                text.append(IAC)
                self._command.clear()
            elif self._is_complete():
                answer += self._refusal()
                self._command.clear()
        return bytes(text), bytes(answer)

    def _is_complete(self) -> bool:
        command = self._command
        if len(command) == 1:
            return False
        if command[1] == SB:
            return command[-2:] == bytes((IAC, SE)) or len(command) > SUBNEGOTIATION_MOST
        return command[1] not in _WITH_OPTION or len(command) == 3  # noqa: PLR2004 - IAC, verb, option

    def _refusal(self) -> bytes:
        verb = self._command[1]
        if verb not in _REFUSALS:
            return b""
        wish = (verb, self._command[2])
        if wish in self._refused:
            return b""
        self._refused.add(wish)
        return bytes((IAC, _REFUSALS[verb], wish[1]))
