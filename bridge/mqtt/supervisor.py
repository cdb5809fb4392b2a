"""Keeps a connection to the broker: tries, backs off, chooses the MQTT version, and logs each trouble once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NoReturn

from bridge.contract import Message
from bridge.mqtt.client import Connection, connect
from bridge.mqtt.endpoint import BrokerError, MqttConfig, Trouble, Version, fought_over
from services.backoff import Backoff

LOG = logging.getLogger(__name__)

OnConnected = Callable[[Connection], Awaitable[None]]
"""Runs once for each connection and is cancelled when that is lost; when it returns, the connection stays open."""

_NOT_UNDERSTOOD: Final[frozenset[Trouble]] = frozenset({"version_refused", "closed_early", "silent"})
"""How brokers answer a version of MQTT that they do not know."""
_FIGHT: Final = 4
"""So many brief connections in a row are taken for a fight with a second client: not every broker gives a reason when
it hangs up, and with MQTT 3.1.1 none can."""


class MqttClient:
    """One logical client, over as many connections as it takes.

    ``will`` is asked before each connect for the message that the broker publishes when we vanish, ``farewell``
    at a clean stop for the one that we publish ourselves.
    """

    def __init__(
        self,
        config: MqttConfig,
        *,
        will: Callable[[], Message | None] = lambda: None,
        farewell: Callable[[], Message | None] = lambda: None,
    ) -> None:
        self._config = config
        self._endpoint = config.endpoint
        self._will = will
        self._farewell = farewell
        self._said: str | None = None
        self._old_until = 0.0  # loop time until which 3.1.1 is tried at once
        self._knows_5 = False
        self.connection: Connection | None = None
        """The open connection, for metrics and health."""
        self.connects = 0
        """Connections that were made."""
        self.trouble: BrokerError | None = None
        """Why there is none at the moment."""

    async def run(self, on_connected: OnConnected) -> NoReturn:
        """Stay connected until cancelled; a clean stop publishes the farewell. What ``on_connected`` raises ends it."""
        brief = 0
        # full jitter, so that a thousand bridges do not come back in one wave
        backoff = Backoff(self._config.retry_first_s, self._config.retry_most_s, certain=0.0)
        while True:
            opened_at: float | None = None
            try:
                connection = await self._connect()
                opened_at = self._now()
                await self._serve(connection, on_connected)
            except BrokerError as error:
                trouble = error
                if opened_at is not None:
                    stable = self._now() - opened_at >= self._config.stable_s
                    brief = 0 if stable else brief + 1
                    if stable:
                        backoff.reset()
                    if brief >= _FIGHT:
                        trouble, brief = fought_over(self._endpoint, brief), 0
                self._log(trouble)
                pause = backoff.pause()
                await asyncio.sleep(self._config.taken_over_wait_s if trouble.trouble == "taken_over" else pause)

    # -- connecting ----------------------------------------------------------------------------------------------

    async def _connect(self) -> Connection:
        """Open a connection with the newest version that the broker understands."""
        versions = self._versions()
        connection = await _connect_newest(self._config, versions, self._will, self._may_be_old)
        if connection.version == "5":
            self._knows_5 = True
        elif len(versions) > 1:
            self._old_until = self._now() + self._config.version_5_again_s
        self.connects += 1
        self.connection = connection
        self.trouble = self._said = None
        LOG.info("connected to %s with MQTT %s", self._endpoint, connection.version)
        return connection

    def _versions(self) -> tuple[Version, ...]:
        return ("3.1.1",) if self._now() < self._old_until else _versions_of(self._config)

    def _may_be_old(self, error: BrokerError) -> bool:
        """Whether an older version may work: a broker that has spoken MQTT 5 is only restarting when it hangs up."""
        return error.trouble == "version_refused" or (error.trouble in _NOT_UNDERSTOOD and not self._knows_5)

    async def _serve(self, connection: Connection, on_connected: OnConnected) -> NoReturn:
        work = asyncio.ensure_future(on_connected(connection))
        try:
            await asyncio.wait((work, connection.lost), return_when=asyncio.FIRST_COMPLETED)
            if work.done() and not connection.lost.done():
                if (error := _failure(work)) is not None:
                    raise error
                await asyncio.wait((connection.lost,))
            raise connection.lost.result()
        except asyncio.CancelledError:
            await _end(work)
            await self._publish_farewell(connection)
            raise
        finally:
            # without a goodbye, so that after a failure of ours the broker publishes the will
            connection.abort()
            self.connection = None
            await _end(work)

    async def _publish_farewell(self, connection: Connection) -> None:
        farewell = self._farewell()
        if farewell is not None:
            connection.publish_nowait(farewell.topic, farewell.payload, qos=farewell.qos, retain=farewell.retain)
        await connection.close(self._config.farewell_s)

    # -- inside -------------------------------------------------------------------------------------------------

    def _log(self, error: BrokerError) -> None:
        """One line when something changes, not one for each try."""
        self.trouble = error
        if error.detail == self._said:
            LOG.debug("%s", error)
            return
        self._said = error.detail
        if error.trouble == "taken_over":
            LOG.error("MQTT broker %s -- waiting %.0f s", error, self._config.taken_over_wait_s)
        else:
            LOG.warning("MQTT broker %s -- trying again until it works", error)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


async def open_once(config: MqttConfig) -> Connection:
    """Connect without a will, with the newest version that the broker understands. Raises `BrokerError` at once."""
    return await _connect_newest(
        config, _versions_of(config), lambda: None, lambda error: error.trouble in _NOT_UNDERSTOOD
    )


def _versions_of(config: MqttConfig) -> tuple[Version, ...]:
    """The versions that may be tried, the newest first."""
    return ("5", "3.1.1") if config.protocol == "auto" else (config.protocol,)


async def _connect_newest(
    config: MqttConfig,
    versions: Sequence[Version],
    will: Callable[[], Message | None],
    may_be_old: Callable[[BrokerError], bool],
) -> Connection:
    """Try the versions in turn. Raises `BrokerError`: the last one, or the first that no older version can mend."""
    for version in versions[:-1]:
        try:
            return await connect(config, version, will())
        except BrokerError as error:
            if not may_be_old(error):
                raise
            LOG.debug("no MQTT %s: %s", version, error)
    return await connect(config, versions[-1], will())


async def _end(work: asyncio.Future[None]) -> None:
    """Cancel and wait; a connection that is lost under the work's feet is no failure of the work."""
    work.cancel()
    await asyncio.wait((work,))
    if (error := _failure(work)) is not None and not isinstance(error, BrokerError):
        raise error


def _failure(work: asyncio.Future[None]) -> BaseException | None:
    """What the work raised. Tasks of a group that all lost the connection lost one connection."""
    error = None if work.cancelled() else work.exception()
    while isinstance(error, BaseExceptionGroup) and error.split(BrokerError)[1] is None:
        error = error.exceptions[0]
    return error
