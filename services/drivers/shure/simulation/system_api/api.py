"""No I/O. What a simulated server answers to a request, and who has subscribed to what.

Chosen here, because no source says it: pages are asked for by ``after``; a unit that is not ONLINE has no resources
(404); a change that is none, and any under the fault ``refuses``, is answered by 422.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from services.drivers.shure.simulation.system_api.devices import CHANNEL_FIELDS, UNIT_FIELDS, Device, SimChannel

BASE = "/api/v1"
SOCKET = f"{BASE}/subscriptions/websocket/create"
Topic = tuple[str, str, str]
"""Device id, channel id and event; both ids are empty for changes of states."""
STATES: Topic = ("", "", "DEVICE_STATE_CHANGE")


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What it is answered by; no payload means no body."""

    status: int
    payload: Any = None


@dataclass(slots=True)
class Api:
    """The server's memory."""

    key: str
    devices: list[Device]
    page_size: int = 0
    shape: str = "edges"
    """How the list is written: edges, items or array."""
    refuses: bool = False
    refuses_subscriptions: bool = False
    wrong_key: bool = False
    subscriptions: dict[str, set[Topic]] = field(default_factory=dict)
    """Transport -> what it wants."""
    publish: Callable[[Topic, Any], None] = lambda _topic, _body: None
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Methods and addresses of all requests, for tests."""

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        self.asked.append((request.method, request.target))
        if self.key and (self.wrong_key or request.headers.get("x-api-key") != self.key):
            return _problem(401, "Invalid or missing x-api-key")
        body: Any = None
        if request.headers.get("content-type", "").startswith("application/json"):
            if not request.body:
                return _problem(400, "Body cannot be empty when content-type is set to 'application/json'")
            try:
                body = json.loads(request.body)
            except ValueError:
                return _problem(400, "Body is not valid JSON")
        url = urlsplit(request.target)
        if not url.path.startswith(f"{BASE}/devices"):
            return _problem(404, "Not found")
        path = [unquote(part) for part in url.path.removeprefix(f"{BASE}/devices").split("/")[1:]]
        return self._route(request.method, path, parse_qs(url.query), body)

    def event(self, device: Device, capability: str, channel_id: str) -> tuple[Topic, Any]:
        """The event that tells of a value now."""
        channel = device.channel(channel_id) if channel_id else None
        name, event = (CHANNEL_FIELDS if channel_id else UNIT_FIELDS)[capability]
        values = device.values if channel is None else channel.values
        return (device.device_id, channel_id, event), {name: values[capability]}

    def _route(self, method: str, path: list[str], query: Mapping[str, list[str]], body: Any) -> Response:
        match path:
            case []:
                return Response(200, self._list(query.get("after", [""])[0])) if method == "GET" else _problem(405, "")
            case ["subscription", transport]:
                return self._subscribe(method, transport, STATES)
            case [device_id, *rest]:
                device = next((one for one in self.devices if one.device_id.lower() == device_id.lower()), None)
                if device is None:
                    return _problem(404, "Device not found")
                if not rest:
                    return Response(200, device.node())
                if device.state != "ONLINE":
                    return _problem(404, "Device is not online")
                return self._device(method, device, rest, body)
        return _problem(404, "Not found")

    def _device(self, method: str, device: Device, path: list[str], body: Any) -> Response:
        if path[0] not in device.kind.capabilities:
            return _problem(405, "Capability not supported")
        match path:
            case ["audio-channels"]:
                return Response(200, [self._channel(device, one) for one in device.channels])
            case ["audio-channels", channel_id, capability, *rest]:
                channel = device.channel(channel_id)
                if channel is None:
                    return _problem(404, "Channel not found")
                if capability not in channel.values:
                    return _problem(405, "Capability not supported")
                return self._value(method, device, channel, capability, rest, body)
            case [capability, *rest] if capability in device.values:
                return self._value(method, device, None, capability, rest, body)
        return _problem(404, "Not found")

    def _value(
        self, method: str, device: Device, channel: SimChannel | None, capability: str, rest: list[str], body: Any
    ) -> Response:
        name, event = (UNIT_FIELDS if channel is None else CHANNEL_FIELDS)[capability]
        values = device.values if channel is None else channel.values
        topic = device.device_id, channel.id if channel is not None else "", event
        match method, rest:
            case "GET", []:
                return Response(200, {name: values[capability]})
            case "GET", ["description"] if capability == "gain":
                least, most = device.kind.gain
                return Response(200, {"constraints": {"gain": {"range": {"min": least, "max": most, "step": 1}}}})
            case "PATCH", []:
                wanted = body.get(name) if isinstance(body, Mapping) else None
                if self.refuses or not device.patch(capability, channel, wanted):
                    return _problem(422, "Value not accepted")
            case "POST", ["start" | "stop"] if capability == "identify":
                if self.refuses:
                    return _problem(422, "Not now")
                values[capability] = rest == ["start"]
            case _, ["subscription", transport]:
                return self._subscribe(method, transport, topic)
            case _:
                return _problem(405, "Method not allowed")
        self.publish(topic, {name: values[capability]})
        return Response(204)

    def _subscribe(self, method: str, transport: str, topic: Topic) -> Response:
        wanted = self.subscriptions.get(transport)
        if wanted is None or self.refuses_subscriptions:
            return _problem(404, "Unknown transportId")
        if method == "POST":
            wanted.add(topic)
        elif method == "DELETE":
            wanted.discard(topic)
        else:
            return _problem(405, "Method not allowed")
        return Response(204)

    def _channel(self, device: Device, channel: SimChannel) -> Any:
        group = {"role": "SOURCE", "group": "GENERIC", "capabilities": list(device.kind.channel_capabilities)}
        return {"id": channel.id, **group}

    def _list(self, after: str) -> Any:
        nodes = [device.node() for device in self.devices]
        if self.shape == "array":
            return nodes
        if self.shape == "items":
            return {"items": nodes}
        edges = [{"cursor": _cursor(device), "node": node} for device, node in zip(self.devices, nodes, strict=True)]
        cursors = [edge["cursor"] for edge in edges]
        begin = cursors.index(after) + 1 if after in cursors else 0
        end = begin + (self.page_size or len(edges))
        shown = edges[begin:end]
        info = {
            "hasNextPage": end < len(edges),
            "hasPreviousPage": begin > 0,
            "startCursor": shown[0]["cursor"] if shown else "",
            "endCursor": shown[-1]["cursor"] if shown else "",
        }
        return {"pageInfo": info, "edges": shown}


def _cursor(device: Device) -> str:
    return base64.b64encode(json.dumps({"f": "D", "a": device.device_id}).encode()).decode()


def _problem(status: int, message: str) -> Response:
    return Response(status, {"message": message})
