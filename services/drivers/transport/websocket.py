"""One WebSocket to a unit, over TLS whose certificate is proved as for HTTPS: messages come in, nothing goes out.

    socket = await connect(settings, "/subscriptions", receive)
    error = await socket.wait_closed()
    await socket.close()

Manners: a key goes out only after the certificate is proved; redirects are not followed, proxies not used, messages
bounded and not compressed. A peer that answers no ping is given up. The library is loaded when the first socket opens.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.drivers.port import DriverError
from services.drivers.transport.failures import RESOLVE_WORDS, failure
from services.drivers.transport.https.pinning import pinned_context, unreachable, verified_context
from services.drivers.transport.https.settings import HttpsSettings
from services.drivers.transport.https.words import status_failure

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

MOST_BYTES = 1 << 20
"""A longer message ends the conversation."""
PING_EVERY_S = 10.0
PONG_WITHIN_S = 10.0
CLOSE_WITHIN_S = 0.5

Receive = Callable[[str | bytes], None]
"""Called on the event loop with one message; must return quickly and never raise."""

_SILENT = logging.Logger("websocket", logging.CRITICAL + 1)  # noqa: LOG001 - it must reach no handler at all
"""The library writes every header into its log, and the key is one of them."""


class WebSocket:
    """An open WebSocket. Made by `connect` alone."""

    def __init__(self, connection: ClientConnection, peer: str, receive: Receive) -> None:
        self._connection = connection
        self._peer = peer
        self._closed: asyncio.Future[DriverError] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(receive), name="websocket")

    @property
    def open(self) -> bool:
        """Whether messages can still come."""
        return not self._closed.done()

    async def wait_closed(self) -> DriverError:
        """Wait until the unit or the network ends it; the error has the reason."""
        return (await asyncio.shield(self._closed)).afresh()

    async def close(self) -> None:
        """Say goodbye, for half a second at most, then close."""
        self._end(failure("bridge_stopped", f"we closed the connection to {self._peer}"))
        self._reading.cancel()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._connection.close()
        except TimeoutError:
            pass
        finally:
            self._connection.transport.abort()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({self._reading})

    async def _read(self, receive: Receive) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                receive(await self._connection.recv())
        except ConnectionClosed as error:
            self._end(self._explain(error))
        finally:
            self._end(failure("closed_by_device", f"the connection to {self._peer} ended"))

    def _explain(self, error: Exception) -> DriverError:
        sent = getattr(error, "sent", None)
        root: BaseException | None = error
        while root is not None and not isinstance(root, OSError):
            root = root.__cause__
        if sent is not None and "keepalive" in sent.reason:
            return failure("silent", f"{self._peer} is connected and answers nothing: restart it if that lasts")
        if sent is not None and sent.code == _TOO_BIG:
            return failure(
                "wrong_model", f"{self._peer} sent a message of more than {MOST_BYTES} bytes: check its version"
            )
        if isinstance(root, ConnectionError):
            return failure("reset_by_device", f"{self._peer} reset the connection", cause=root)
        return failure("closed_by_device", f"{self._peer} ended its stream of events")

    def _end(self, error: DriverError) -> None:
        if not self._closed.done():
            self._closed.set_result(error)


_TOO_BIG = 1009
"""RFC 6455, section 7.4.1."""


async def connect(settings: HttpsSettings, path: str, receive: Receive, *, interface: str = "") -> WebSocket:
    """Open a WebSocket at ``path`` below the settings' ``base``. Raises `DriverError`."""
    await asyncio.to_thread(importlib.import_module, "websockets.asyncio.client")
    from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

    problem: DriverError
    try:
        opened = await _open(settings, path, await _context(settings), interface)
        return WebSocket(opened, settings.peer, receive)
    except InvalidStatus as error:
        response = error.response
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        problem = status_failure(settings, f"GET {path}", response.status_code, headers)
    except InvalidURI:
        problem = failure("timeout", f"{settings.host!r} is neither an address nor a host name: {RESOLVE_WORDS}")
    except InvalidHandshake as error:
        root = error.__cause__ if isinstance(error.__cause__, OSError | EOFError) else None
        problem = failure("wrong_model", f"{settings.peer} offers no WebSocket at {path}: check port and version")
        if root is not None:
            problem = unreachable(root, settings.peer, settings.connect_timeout_s, settings.refused_hint)
    except (OSError, UnicodeError) as error:
        problem = unreachable(error, settings.peer, settings.connect_timeout_s, settings.refused_hint)
    try:
        raise problem
    finally:
        del problem  # an error and its frame would hold each other, and the request with its key


async def _open(settings: HttpsSettings, path: str, context: ssl.SSLContext, interface: str) -> ClientConnection:
    from websockets.asyncio.client import connect as opening

    class Direct(opening):
        def process_redirect(self, exc: Exception) -> Exception:
            return exc  # the key is for this unit alone

    return await Direct(
        f"wss{settings.url.removeprefix('https')}{path}",
        additional_headers=settings.credentials.headers() if settings.credentials is not None else None,
        user_agent_header="mic2mqtt",
        proxy=None,
        compression=None,
        open_timeout=settings.connect_timeout_s + settings.answer_timeout_s,
        ping_interval=PING_EVERY_S,
        ping_timeout=PONG_WITHIN_S,
        close_timeout=CLOSE_WITHIN_S,
        max_size=MOST_BYTES,
        logger=_SILENT,
        ssl=context,
        local_addr=(interface, 0) if interface else None,
    )


async def _context(settings: HttpsSettings) -> ssl.SSLContext:
    """Raises `DriverError` where the settings' fingerprint or authority cannot be read."""
    try:
        if settings.fingerprint:
            return pinned_context(settings.fingerprint)
        return await asyncio.to_thread(verified_context, settings.authority)
    except (ValueError, OSError) as error:
        raise failure("identity_conflict", f"settings of {settings.peer}: {error}", again_s=None) from error
