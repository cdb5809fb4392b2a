"""Gets past the question for user and password: once, and only where it is asked for.

The words in which a base asks and refuses stand in no document. A password goes out only as the answer to a question
for it; after that, everything but an answer to our first question is taken for a refusal, for a refused login must
never be repeated.
"""

from __future__ import annotations

from services.drivers.port import DriverError
from services.drivers.yamaha.codec.lines import wire
from services.drivers.yamaha.codec.prompts import Prompt, is_occupied, is_refusal, prompt
from services.drivers.yamaha.products import Options

HIDDEN = b"***"
OCCUPIED_S = 60.0
WHERE = (
    "correct options.user and options.password of the unit in the configuration (the vendor prints both in the Room "
    "Control API Guide of Executive Elite, both are case sensitive)"
)
OCCUPIED = "somebody else is logged in, and it takes one client at a time: end that, or set options.stay_away = true"


class Login:
    """The login of one connection."""

    def __init__(self, peer: str, options: Options) -> None:
        self._peer = peer
        self._options = options
        self.asked: Prompt | None = None
        """What the base asks for now."""
        self.sent = False
        """Whether the password went out."""
        self._answered: set[Prompt] = set()
        self._refused = ""
        self._occupied = ""
        self.failed = False
        """Whether the login was refused, or ended in a way that may be a refusal."""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to log in with."""
        return self._options.password is not None

    def check(self) -> None:
        """Raises `DriverError` where nobody may connect."""
        if self._options.stay_away:
            words = "options.stay_away of the unit keeps its only place free for a control system; take it away to read"
            raise DriverError("control_blocked", f"{self._peer} is not asked: {words}", again_s=None)

    def look_at(self, tail: str) -> bool:
        """Look at what has no line end, where a base asks; whether it is a question, which is read then."""
        asked = prompt(tail)
        if asked is not None:
            self._note(asked)
        return asked is not None

    def takes(self, line: str, *, understood: bool) -> bool:
        """Whether a line that is no message belongs to a login: greetings and questions before the first answer."""
        if understood:
            return False
        if (asked := prompt(line)) is not None:
            self._note(asked)
        elif is_occupied(line):
            self._occupied = line.strip()
        elif self.sent and is_refusal(line):
            self._refused = line.strip()
        return self.wanted or asked is not None or bool(self._occupied)

    def _note(self, asked: Prompt) -> None:
        if self.sent or asked in self._answered:
            self._refused = self._refused or "it asks again"
        self.asked = asked

    def answer(self) -> tuple[bytes, bytes]:
        """What goes out to the question that was asked, and what of it may be shown."""
        asked, self.asked = self.asked, None
        self._answered |= {asked} if asked is not None else set()
        if asked != "password" or self._options.password is None:
            line = wire(self._options.user)
            return line, line
        self.sent = True
        return self._options.password.get_secret_value().encode() + b"\r", HIDDEN + b"\r"

    def hide(self, data: bytes) -> bytes:
        """Bytes without the password: a terminal may send back what it gets."""
        password = self._options.password.get_secret_value().encode() if self._options.password is not None else b""
        return data.replace(password, HIDDEN) if password and self.sent and password in data else data

    def raise_refused(self, *, understood: bool) -> None:
        """Raises `DriverError` where the base said that it takes nobody, or not us."""
        if understood:
            return
        if self._occupied:
            raise DriverError("control_blocked", f"{self._peer}: {OCCUPIED} ({self._occupied})", again_s=OCCUPIED_S)
        if self._refused:
            self.failed = True
            raise DriverError("auth_failed", f"{self._peer} refuses the login ({self._refused}): {WHERE}", again_s=None)
        if self.asked is not None and not self.wanted:
            raise self.unanswered()

    def unanswered(self) -> DriverError:
        """The error of a base that asks for what nobody gave."""
        return DriverError(
            "auth_failed", f"{self._peer} asks for a login: give options.password; {WHERE}", again_s=None
        )

    def ended(self, error: DriverError, *, understood: bool) -> DriverError:
        """What the end of the connection means."""
        if understood or error.reason == "bridge_stopped":
            return error.afresh()
        if self.sent:
            self.failed = True
            words = f"{self._peer} ended the connection after the login, so it is not repeated: {WHERE}; or {OCCUPIED}"
            return DriverError("auth_failed", words, again_s=None)
        if error.reason == "closed_by_device":
            words = f"{self._peer} takes the connection and closes it at once: {OCCUPIED}"
            return DriverError("closed_by_device", words, again_s=OCCUPIED_S)
        return error.afresh()
