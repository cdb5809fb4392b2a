"""A broker, as plain data: its address, credentials and limits, and what can go wrong with the remedy."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

Version = Literal["5", "3.1.1"]

Trouble = Literal[
    "name_not_resolved",
    "refused",
    "unreachable",
    "timeout",
    "tls_not_trusted",
    "tls_failed",
    "websocket_refused",
    "version_refused",
    "closed_early",
    "silent",
    "bad_credentials",
    "not_authorised",
    "rejected",
    "taken_over",
    "superseded",
    "stopping",
    "disconnected",
    "lost",
]
"""Why there is no connection: a closed list, for metrics and for deciding what to try next."""


class BrokerError(Exception):
    """There is no connection (any more). The text has the reason and the remedy, and no secret."""

    def __init__(self, trouble: Trouble, detail: str, *, beside: str = "") -> None:
        """``beside`` is what differs with each attempt, like the time: the same detail is the same trouble."""
        super().__init__(f"{detail} ({beside})" if beside else detail)
        self.trouble: Trouble = trouble
        self.detail = detail
        self._beside = beside

    def afresh(self) -> BrokerError:
        """The same, to raise what is also kept: an error that was raised holds every frame that it came through."""
        return BrokerError(self.trouble, self.detail, beside=self._beside)


class PublishRefusedError(Exception):
    """The broker acknowledged a message with an MQTT 5 reason code of 0x80 or more: it did not take it."""

    def __init__(self, topic: str, reason: int) -> None:
        super().__init__(f"the broker refused a message to {topic} with reason code 0x{reason:02x}")
        self.topic = topic
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Scheme:
    port: int
    tls: bool
    websocket: bool


_SCHEMES: Final = {
    "mqtt": _Scheme(1883, tls=False, websocket=False),
    "mqtts": _Scheme(8883, tls=True, websocket=False),
    "ws": _Scheme(80, tls=False, websocket=True),
    "wss": _Scheme(443, tls=True, websocket=True),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A broker's place, out of its URL."""

    scheme: str
    host: str
    port: int
    path: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Read ``mqtt://user:password@host:1883``; a wrong one raises `ValueError` without the password."""
        parts = urlsplit(url)
        scheme = _SCHEMES.get(parts.scheme)
        if scheme is None:
            raise ValueError(f"the URL must begin with one of {', '.join(f'{name}://' for name in _SCHEMES)}")
        try:
            port = parts.port or scheme.port
        except ValueError:
            raise ValueError("the port in the URL must be a number from 1 to 65535") from None
        if not parts.hostname:
            raise ValueError(f"the URL names no host: write {parts.scheme}://HOST or {parts.scheme}://HOST:PORT")
        if not scheme.websocket and parts.path not in {"", "/"}:
            raise ValueError(
                f"a path belongs to ws:// and wss:// only; the topic's first level is base_topic, not {url=!s}"
            )
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port,
            path=(parts.path or "/mqtt") if scheme.websocket else "",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return _SCHEMES[self.scheme].tls

    @property
    def websocket(self) -> bool:
        """Whether MQTT travels in WebSocket frames."""
        return _SCHEMES[self.scheme].websocket

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """How to reach the broker, and with how much patience. Times are seconds."""

    url: str = field(repr=False)
    client_id: str
    """Fixed per logical bridge: the broker itself then keeps two writers apart."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_s: int = 15
    connect_timeout_s: float = 2.0
    """For each address of the host, until TCP is open: where packets are lost the next attempt has to begin soon."""
    handshake_timeout_s: float = 5.0
    """For each answer of the TLS and the WebSocket handshake."""
    unacknowledged_s: float = 8.0
    """How long bytes may stay unacknowledged by the broker's machine before the connection counts as lost: TCP would
    send them again less and less often, and notice late that the network is back."""
    answer_timeout_s: float = 5.0
    """For the broker's answer to CONNECT."""
    version_5_timeout_s: float = 3.0
    """The same for the first try of MQTT 5: some brokers never answer it."""
    version_5_again_s: float = 600.0
    """How long MQTT 3.1.1 is used at once after MQTT 5 did not work."""
    retry_first_s: float = 0.1
    retry_most_s: float = 1.0
    """The longest pause between two attempts, however long the broker is away."""
    refused_most_s: float = 5.0
    """The same where somebody has to act first, for example a wrong password."""
    stable_s: float = 30.0
    """A connection that held so long was none of a fight."""
    fight_first_s: float = 2.0
    fight_most_s: float = 60.0
    """Pauses while another client connects with our client id."""
    farewell_s: float = 3.0
    """How long a clean stop may take."""
    largest_payload: int = 256 * 1024
    """Bytes of a payload that is kept; of a larger one topic and size are."""
    in_flight: int = 500
    """QoS 1 messages that wait for the broker's acknowledgement; a broker's own limit (MQTT 5) may be lower."""

    @property
    def endpoint(self) -> Endpoint:
        """The URL, read."""
        return Endpoint.parse(self.url)


# CONNACK reason codes of MQTT 5 (3.2.2.2); those of 3.1.1 come translated into them.
_CONNACK: Final[dict[int, tuple[Trouble, str]]] = {
    0x01: ("version_refused", "it does not speak this version of MQTT: set [mqtt] protocol"),
    0x84: ("version_refused", "it does not speak this version of MQTT: set [mqtt] protocol"),
    0x85: ("rejected", "it refuses our client id: change [bridge] id, or allow it at the broker"),
    0x86: ("bad_credentials", "user name or password is wrong: check [mqtt] user and password"),
    0x87: (
        "not_authorised",
        "this user may not connect: check [mqtt] user and password, and the broker's access rules",
    ),
    0x88: ("rejected", "it is not available at the moment"),
    0x89: ("rejected", "it is too busy at the moment"),
    0x8A: ("not_authorised", "this client is banned: ask the administrator of the broker"),
    0x8C: ("bad_credentials", "it wants another way to log in than user name and password"),
    0x97: ("rejected", "a quota is used up: ask the administrator of the broker"),
    0x9A: ("rejected", "it does not support retained messages, which the bridge lives on: use another broker"),
    0x9B: ("rejected", "it does not support QoS 1, which the bridge needs: use another broker"),
    0x9F: ("rejected", "too many connections in a short while"),
}

FIGHT: Final = 4
"""So many brief connections in a row, with the broker there all the time, are taken for a fight with a second client:
not every broker gives a reason when it hangs up, and with MQTT 3.1.1 none can."""

_SECOND_CLIENT: Final = "two bridges with the same [bridge] id? Stop one or give it another id"

# DISCONNECT reason codes that a broker sends (MQTT 5, 3.14.2.1).
_DISCONNECT: Final[dict[int, tuple[Trouble, str]]] = {
    0x87: ("not_authorised", "this user is no longer allowed: check the broker's access rules"),
    0x89: ("disconnected", "it is too busy"),
    0x8B: ("stopping", "it is shutting down"),
    0x8D: ("disconnected", "it received nothing from us for too long: the network or this machine stalled"),
    0x8E: ("taken_over", f"another client connected with our client id: {_SECOND_CLIENT}"),
    0x93: ("disconnected", "it says that we sent more unacknowledged messages than it allows"),
    0x95: ("disconnected", "a message was larger than it allows: raise its packet size limit to 128 KB or more"),
    0x97: ("disconnected", "a quota is used up"),
    0x98: ("disconnected", "its administrator closed the connection"),
}

_OS_TROUBLES: Final[dict[int, tuple[Trouble, str]]] = {
    errno.ECONNREFUSED: (
        "refused",
        "nothing listens there: is the broker running, and are host and port of [mqtt] url right?",
    ),
    errno.EHOSTUNREACH: ("unreachable", "no way to that host: check address, cable and routing"),
    errno.ENETUNREACH: ("unreachable", "no way to that network: check this machine's address and routing"),
    errno.ENETDOWN: ("unreachable", "this machine's network is down"),
    errno.ECONNRESET: ("closed_early", "it closed the connection before answering"),
    errno.EPIPE: ("closed_early", "it closed the connection before answering"),
}


def refused(endpoint: Endpoint, reason: int) -> BrokerError:
    """The broker answered CONNECT with a reason code other than success."""
    trouble, words = _CONNACK.get(reason, ("rejected", f"it refuses the connection with reason code 0x{reason:02x}"))
    return BrokerError(trouble, f"{endpoint}: {words}")


def disconnected(endpoint: Endpoint, reason: int) -> BrokerError:
    """The broker ended the connection with a reason code (MQTT 5)."""
    trouble, words = _DISCONNECT.get(
        reason, ("disconnected", f"it ended the connection with reason code 0x{reason:02x}")
    )
    return BrokerError(trouble, f"{endpoint}: {words}")


def fought_over(endpoint: Endpoint) -> BrokerError:
    """Connections that end soon, again and again: most likely someone else connects with our client id."""
    return BrokerError(
        "taken_over",
        f"{endpoint}: connections are ended soon after they begin, without a reason, {FIGHT} and more in a row: "
        f"{_SECOND_CLIENT}. If there is no second one, the broker's log has the reason, for example a packet above its "
        "max_packet_size, which has to be 128 KB or more",
    )


def unreachable(endpoint: Endpoint, error: BaseException) -> BrokerError:
    """The connection could not be opened, in words that lead to the remedy."""
    match error:
        case TimeoutError():
            return BrokerError("timeout", f"{endpoint}: no answer: check host and port, and firewalls between")
        case OSError() if error.errno in _OS_TROUBLES:
            trouble, words = _OS_TROUBLES[error.errno]
            return BrokerError(trouble, f"{endpoint}: {words}")
    return BrokerError("unreachable", f"{endpoint}: {str(error) or type(error).__name__}")
