"""Sessions of events of one simulated unit: opened, filled with resources, told of changes, ended."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from services.drivers.sennheiser.simulation.sscv2.web import Client

PLACE = "/api/ssc/state/subscriptions"
MOST = 4
"""How many sessions a unit has is in no document; few, say those who ran out of them."""
TRANSMITTERS = "/api/transmitters"
"""One subscription to this covers what stands below it."""
LISTS = frozenset({TRANSMITTERS, "/api/mts/paired/all"})

BAD, UNPROCESSABLE = 400, 422
Answer = tuple[int, object]


@dataclass(eq=False)
class Session:
    """One stream with the resources that it follows."""

    client: Client
    path: str
    resources: set[str] = field(default_factory=set)

    def follows(self, path: str) -> bool:
        """Whether this session is told of a resource."""
        return path in self.resources or any(path.startswith(f"{each}/") for each in LISTS & self.resources)


class Sessions:
    """All sessions. ``current`` gives what a resource has now, of itself and below it; none where it is not there."""

    def __init__(self, random: Random, current: Callable[[str], Mapping[str, object]]) -> None:
        self._random = random
        self._current = current
        self._open: dict[str, Session] = {}
        self.refused: set[str] = set()
        """Resources that are not taken into a session."""
        self.most = MOST
        self.spoil: Callable[[], Iterable[bytes]] | None = None
        """Nonsense to send before each event."""
        self.cut: Callable[[bytes], Iterable[bytes]] = lambda data: [data]
        """In which pieces an event goes out."""
        self.deleted: list[str] = []
        """Sessions that their client ended itself, for tests."""

    @property
    def count(self) -> int:
        """Sessions that are open."""
        return len(self._open)

    def begin(self, client: Client) -> bool:
        """Open a session; whether there was room."""
        if len(self._open) >= self.most:
            return False
        name = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        path = f"{PLACE}/{name}"
        self._open[path] = session = Session(client, path)
        client.begin({"Content-Location": path})
        self._send(session, "open", {"path": path, "sessionUUID": name})
        return True

    def answer(self, method: str, path: str, body: object) -> Answer:
        """A request to one session."""
        place, _, verb = path.removeprefix(f"{PLACE}/").partition("/")
        session = self._open.get(f"{PLACE}/{place}")
        if session is None:
            return UNPROCESSABLE, {"path": path, "error": UNPROCESSABLE}
        match method, verb:
            case "GET", "":
                return 200, sorted(session.resources)
            case "DELETE", "":
                self.deleted.append(session.path)
                self.end(session)
                return 200, None
            case "PUT", "" | "add" | "remove":
                return self._change(session, verb, body)
        return 405, None

    def _change(self, session: Session, verb: str, body: object) -> Answer:
        if not isinstance(body, list) or not all(isinstance(each, str) for each in body):
            return BAD, {"path": session.path, "error": BAD}
        for path in body:
            there = path not in self.refused and bool(self._current(path))
            if not (path in session.resources if verb == "remove" else there):
                return BAD, {"path": path, "error": 404}
        if verb == "remove":
            session.resources.difference_update(body)
            return 200, None
        if not verb:
            session.resources.clear()
        session.resources.update(body)
        told = {key: value for path in body for key, value in self._current(path).items()}
        self._send(session, "message", told)
        return 200, None

    def tell(self, changed: Mapping[str, object]) -> None:
        """Tell every session what it follows of these."""
        for session in tuple(self._open.values()):
            followed = {path: value for path, value in changed.items() if session.follows(path)}
            if followed:
                self._send(session, "message", followed)

    def end(self, session: Session, *, goodbye: bool = True) -> None:
        """End a session: by an event, and the stream with it."""
        self._open.pop(session.path, None)
        if goodbye:
            self._send(session, "close", {"path": session.path, "sessionUUID": session.path.rpartition("/")[2]})
        session.client.finish()

    def end_all(self) -> None:
        """End all sessions, by themselves."""
        for session in tuple(self._open.values()):
            self.end(session)

    def forget(self) -> None:
        """Know no session any more, as after a restart that left the connections standing."""
        self._open.clear()

    def left(self, client: Client) -> None:
        """A client is gone."""
        for path, session in tuple(self._open.items()):
            if session.client is client:
                del self._open[path]

    def _send(self, session: Session, event: str, data: object) -> None:
        if self.spoil is not None:
            for piece in self.spoil():
                session.client.push(piece)
        for piece in self.cut(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()):
            session.client.push(piece)
