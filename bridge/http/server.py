"""HTTP for machines that watch the bridge: metrics, health, readiness. Reading only, and no secret in any of it."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bridge.http.guard import CONNECTIONS_MOST, GuardedProtocol, OwnNames

LOG = logging.getLogger(__name__)

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text exposition format."""

WRITTEN_AT_ONCE: Final = 32 * 1024
"""Bytes of an answer that is not written in turns: each turn costs as much as some ten kilobytes."""

FAREWELL_S: Final = 1
"""How long requests that are being answered may hold up the end."""

_INDEX: Final = """<!doctype html><title>mic2mqtt</title><h1>mic2mqtt</h1>
<ul><li><a href="/metrics">metrics</a> for Prometheus
<li><a href="/healthz">healthz</a>: the process is alive
<li><a href="/readyz">readyz</a>: database and broker are connected</ul>
"""

_REMEDIES: Final = {
    errno.EADDRINUSE: "another program listens there: stop it, or choose another port",
    errno.EADDRNOTAVAIL: "this machine does not have that address: choose one of its own",
    errno.EACCES: "ports below 1024 belong to root: choose a higher one",
}


class ListenError(Exception):
    """The address cannot be listened on; the text has the reason and the remedy."""


class LoopLag:
    """How late the event loop runs what is due: the time for which something blocked it."""

    INTERVAL_S: Final = 0.5
    KEPT: Final = 20
    """Ten seconds."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque((0.0,), maxlen=self.KEPT)

    @property
    def worst_s(self) -> float:
        """The longest delay of the last ten seconds."""
        return max(self._lags)

    async def measure(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self.INTERVAL_S
            await asyncio.sleep(self.INTERVAL_S)
            self._lags.append(max(0.0, loop.time() - due))


Render = Callable[[], Awaitable[Sequence[bytes]]]
"""Writes the metrics in pieces, in turns short enough for everything else."""


class _Scrapes:
    """Writes the metrics once for all who asked before it began, so that many who ask cost no more than one."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._one_at_a_time = asyncio.Lock()
        self._asked = self._began = 0
        self._waiting = 0
        self._pieces: Sequence[bytes] = ()

    async def take(self) -> Sequence[bytes]:
        """The metrics as they are after this call."""
        self._asked += 1
        mine = self._asked
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                if self._began < mine:
                    asked = self._asked
                    self._pieces = await self._render()
                    self._began = asked
                return self._pieces
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._pieces = ()  # megabytes, where there are thousands of channels


def application(*, render: Render, not_ready: Callable[[], Sequence[str]], lag: LoopLag) -> Starlette:
    """The routes. ``render`` runs once at a time; ``not_ready`` gives reasons, none when ready."""
    scrapes = _Scrapes(render)

    async def metrics(_request: Request) -> Response:
        pieces = await scrapes.take()
        length = sum(map(len, pieces))
        if length <= WRITTEN_AT_ONCE:
            return Response(b"".join(pieces), media_type=METRICS_TYPE)
        headers = {"content-length": str(length)}
        return StreamingResponse(_in_turns(pieces), media_type=METRICS_TYPE, headers=headers)

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "alive", "loop_lag_s": round(lag.worst_s, 4)})

    async def ready(_request: Request) -> Response:
        reasons = list(not_ready())
        return JSONResponse({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)

    async def index(_request: Request) -> Response:
        return HTMLResponse(_INDEX)

    return Starlette(
        routes=[Route("/", index), Route("/metrics", metrics), Route("/healthz", health), Route("/readyz", ready)]
    )


async def _in_turns(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    """The pieces one by one, with a turn of the event loop between them: the socket copies each."""
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


@asynccontextmanager
async def serve(
    listen: str, *, render: Render, not_ready: Callable[[], Sequence[str]], lag: LoopLag, hosts: Collection[str] = ()
) -> AsyncIterator[str]:
    """Serve on ``ADDRESS:PORT`` until the block ends; gives the URL, with the real port where 0 was asked for.

    ``hosts`` are further names that it is asked for under, see `bridge.http.guard.OwnNames`.
    ``/healthz`` has the lag of the loop where the caller runs ``lag.measure``.

    Raises:
        ListenError: where the address cannot be listened on.
    """
    listener = _bind(listen)
    # without its main loop the server installs no signal handlers and wakes up for nothing
    config = uvicorn.Config(
        OwnNames(application(render=render, not_ready=not_ready, lag=lag), hosts),
        log_config=None,
        log_level="error",  # it warns of every request that is none, and of a library for sockets that nobody wants
        access_log=False,
        loop="none",
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=FAREWELL_S,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    url = _url(listener)
    LOG.info("metrics and health on %s", url)
    try:
        yield url
    finally:
        await server.shutdown(sockets=[listener])


def _bind(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=CONNECTIONS_MOST)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, str(error))
        raise ListenError(f"cannot listen on {listen}: {remedy} ([http] listen)") from error


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
