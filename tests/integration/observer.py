"""A stranger at the broker: collects every message and waits for what a test expects, without sleeping.

It joins again when the broker comes back, as any consumer would, and begins its picture of retained topics anew then.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PATIENCE_S = 10.0
"""How long a condition may take, unless a test says otherwise."""

LOOK_S = 0.1
"""A condition is looked at so often where no message comes."""

PASSING = ("cmd/", "reply/", "telemetry", "levels", "event", "audit")
"""What does not stay at the broker."""

FINAL = frozenset({"succeeded", "partial", "failed", "rejected"})

T = TypeVar("T")
_numbers = count(1)


@dataclass(frozen=True)
class Seen:
    """One message. ``old`` stood at the broker already when we came."""

    topic: str
    payload: bytes
    old: bool
    at: float
    """Loop time of its arrival."""
    qos: int
    correlation: bytes | None = None

    @cached_property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.payload) if self.payload else {}
        return body

    @cached_property
    def facet(self) -> str:
        """What stands behind the resource: ``state``, ``reply/refresh`` ..."""
        levels = self.topic.split("/")[2:]
        return "/".join(levels[2 if levels[0] == "bridge" else 4 :])


class Observer:
    """Everything that was seen, in order."""

    def __init__(self, port: int, tenant: str = "default/stage", filters: Sequence[str] = ("#",)) -> None:
        self.port = port
        self.tenant = tenant
        self.seen: list[Seen] = []
        self._by_facet: dict[str, list[Seen]] = {}
        """The same, since fifty who wait for a reply each would look at everything after each message."""
        self.retained: dict[str, Seen] = {}
        """The newest message of each retained topic, as the broker would hand it to whoever joins now."""
        self._filters = filters
        self._client: aiomqtt.Client | None = None
        self._news = asyncio.Event()
        self.joined, self.cut_off = asyncio.Event(), asyncio.Event()
        """At the broker, and no longer there."""

    # -- topics ----------------------------------------------------------------------------------------------

    def process(self, facet: str) -> str:
        return f"mic2mqtt/v1/bridge/main/{facet}"

    def topic(self, resource: str, facet: str) -> str:
        """``resource`` is ``channel/rack-1``, ``receiver/rack`` or ``bridge/main``."""
        return f"mic2mqtt/v1/{self.tenant}/{resource}/{facet}"

    def newest(self, resource: str, facet: str) -> dict[str, Any]:
        """What is retained there; empty where nothing is."""
        seen = self.retained.get(self.topic(resource, facet))
        return seen.body if seen else {}

    def data(self, channel: str) -> dict[str, Any]:
        """A channel's state."""
        data: dict[str, Any] = self.newest(f"channel/{channel}", "state").get("data", {})
        return data

    def shows(self, channel: str, **values: object) -> bool:
        """Whether a channel's state has these values."""
        return values.items() <= self.data(channel).items()

    def available(self, receiver: str) -> tuple[str | None, str | None]:
        """State and reason."""
        body = self.newest(f"receiver/{receiver}", "availability")
        return body.get("state"), body.get("reason")

    def link(self, receiver: str) -> dict[str, Any]:
        """How the connection to a receiver stands."""
        data: dict[str, Any] = self.newest(f"receiver/{receiver}", "link").get("data", {})
        return data

    def is_live(self, receiver: str) -> bool:
        """Online, and no longer with the values of the past."""
        return (
            self.available(receiver)[0] == "online" and self.newest(f"receiver/{receiver}", "state")["stale"] is False
        )

    @property
    def bridge(self) -> dict[str, Any]:
        """What the process says of itself."""
        seen = self.retained.get(self.process("state"))
        return seen.body if seen else {}

    def is_bridge(self, state: str) -> bool:
        return self.bridge.get("state") == state

    def all(self, facet: str, resource: str = "") -> list[Seen]:
        """Every message of a facet, oldest first."""
        return [one for one in self._by_facet.get(facet, ()) if resource in one.topic]

    def audit(self, action: str = "") -> list[dict[str, Any]]:
        """Audit events as they came, each once."""
        events = {(body := one.body)["event_id"]: body for one in self.all("audit")}
        return [event for event in events.values() if action in {"", event["action"]}]

    def events(self, event_type: str, resource: str = "") -> list[dict[str, Any]]:
        return [body for one in self.all("event", resource) if (body := one.body)["event_type"] == event_type]

    # -- waiting ---------------------------------------------------------------------------------------------

    async def until(self, condition: Callable[[], T | None], seconds: float = PATIENCE_S) -> T:
        """Wait until the condition holds; gives what it gave. It is looked at after each message.

        And now and then, for a condition may also speak of the bridge's inside, which changes without a message.
        """
        try:
            async with asyncio.timeout(seconds):
                while not (found := condition()):
                    self._news.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), LOOK_S)
                return found
        except TimeoutError:
            quiet = [one for one in self.seen if one.facet != "telemetry"]
            last = "\n".join(f"  {one.topic} {one.payload[:300]!r}" for one in quiet[-12:])
            raise AssertionError(f"not within {seconds} s; the last messages:\n{last}") from None

    async def live(self, *receivers: str, seconds: float = PATIENCE_S) -> None:
        await self.until(lambda: all(self.is_live(receiver) for receiver in receivers), seconds)

    async def back(self, seconds: float = PATIENCE_S) -> None:
        """Wait until this observer has found the broker again; until then it hears nothing."""
        async with asyncio.timeout(seconds):
            await self.joined.wait()

    async def offline(self, receiver: str, reason: str | None = None, seconds: float = PATIENCE_S) -> None:
        await self.until(
            lambda: self.available(receiver)[0] == "offline" and reason in {None, self.available(receiver)[1]}, seconds
        )

    # -- speaking --------------------------------------------------------------------------------------------

    async def publish(self, topic: str, payload: bytes | str = b"", *, retain: bool = False, **properties: Any) -> None:
        assert self._client is not None, "not at the broker"
        five = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        for name, value in properties.items():
            setattr(five, name, value)
        await self._client.publish(topic, payload, qos=1, retain=retain, properties=five)

    async def ask(
        self, resource: str, verb: str, seconds: float = PATIENCE_S, *, request_id: str | None = None, **args: Any
    ) -> dict[str, Any]:
        """Send a command and wait for its final reply. ``resource`` is ``""`` for the process."""
        request = request_id or f"ask-{next(_numbers)}"
        place = self.topic(resource, "") if resource else self.process("")
        await self.publish(f"{place}cmd/{verb}", json.dumps({"request_id": request, "args": args, "actor": "tests"}))
        (answer,) = await self.until(lambda: self.replies(request, verb), seconds)
        return answer

    def replies(self, request_id: str | None, verb: str) -> list[dict[str, Any]]:
        """Final replies to a request."""
        bodies = [one.body for one in self.all(f"reply/{verb}")]
        return [body for body in bodies if body["request_id"] == request_id and body["status"] in FINAL]

    # -- being there -----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            with suppress(aiomqtt.MqttError):
                await self._listen()
            self.joined.clear()
            self.cut_off.set()
            self._client = None
            await asyncio.sleep(0.05)  # the broker is away: nothing tells when it is back

    async def _listen(self) -> None:
        async with aiomqtt.Client("127.0.0.1", self.port, protocol=aiomqtt.ProtocolVersion.V5, timeout=5) as client:
            self._client = client
            self.retained.clear()
            for topic in self._filters:
                await client.subscribe(topic, qos=1)
            self.cut_off.clear()
            self.joined.set()
            async for message in client.messages:
                self._take(message)

    def _take(self, message: aiomqtt.Message) -> None:
        seen = Seen(
            str(message.topic),
            bytes(message.payload),
            bool(message.retain),
            asyncio.get_running_loop().time(),
            message.qos,
            getattr(message.properties, "CorrelationData", None),
        )
        self.seen.append(seen)
        self._by_facet.setdefault(seen.facet, []).append(seen)
        if not seen.payload:
            self.retained.pop(seen.topic, None)
        elif not seen.facet.startswith(PASSING) or seen.facet == "audit_head":
            self.retained[seen.topic] = seen
        self._news.set()


@asynccontextmanager
async def observing(port: int, tenant: str = "default/stage", *filters: str) -> AsyncIterator[Observer]:
    """An observer that has joined."""
    observer = Observer(port, tenant, filters or ("#",))
    task = asyncio.create_task(observer._run(), name="observer")
    try:
        async with asyncio.timeout(PATIENCE_S):
            await observer.joined.wait()
        yield observer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def standing(port: int) -> dict[str, bytes]:
    """What is retained at the broker now: a stranger joins, reads what it is handed, and goes."""
    mark = f"tests/standing/{next(_numbers)}"
    found: dict[str, bytes] = {}
    async with asyncio.timeout(PATIENCE_S), aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("#", qos=1)
        await client.publish(mark, b"end", qos=1)
        async for message in client.messages:
            if str(message.topic) == mark:
                break
            if message.retain:
                found[str(message.topic)] = bytes(message.payload)
    return found
