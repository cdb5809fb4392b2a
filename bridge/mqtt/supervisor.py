"""Keeps a connection to the broker: tries, backs off, chooses the MQTT version, and logs each trouble once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Final, NoReturn

from bridge.contract import Message
from bridge.mqtt.client import Connection
from bridge.mqtt.connecting import connect
from bridge.mqtt.endpoint import FIGHT, BrokerError, MqttConfig, PublishRefusedError, Trouble, Version, fought_over
from bridge.mqtt.outgoing import Counters
from bridge.mqtt.pauses import Pauses

LOG = logging.getLogger(__name__)

OnConnected = Callable[[Connection], Awaitable[None]]
"""Runs once for each connection and is cancelled when that is lost; when it returns, the connection stays open."""

_NOT_UNDERSTOOD: Final[frozenset[Trouble]] = frozenset({"version_refused", "closed_early", "silent"})
"""How brokers answer a version of MQTT that they do not know."""
_FORGET_5_AFTER: Final = 3
"""Attempts with MQTT 5 that fail in such a way before a broker that spoke it is taken for another one."""


class MqttClient:
    """One logical client, over as many connections as it takes.

    ``will`` is asked before each connect for the message that the broker publishes when we vanish, ``farewell``
    at a clean stop for the one that we publish ourselves, ``stands_by`` whether to connect under another client id.
    """

    def __init__(
        self,
        config: MqttConfig,
        *,
        will: Callable[[], Message | None] = lambda: None,
        farewell: Callable[[], Message | None] = lambda: None,
        stands_by: Callable[[], bool] = lambda: False,
    ) -> None:
        self._config = config
        # of each process its own: who waits for another process to end must not throw it off the broker
        self._waiting = replace(config, client_id=f"{config.client_id}-standby-{token_hex(4)}")
        self._stands_by = stands_by
        self._endpoint = config.endpoint
        self._will = will
        self._farewell = farewell
        self._said: str | None = None
        self._old_until = 0.0  # loop time until which 3.1.1 is tried at once
        self._spoke_5 = False
        self._not_understood = 0  # attempts with MQTT 5 in a row that failed as at a broker that does not know it
        self.connection: Connection | None = None
        """The open connection, for metrics and health."""
        self._past = Counters()
        self.connects = 0
        """Connections that were made."""
        self.trouble: BrokerError | None = None
        """Why there is none at the moment."""

    async def run(self, on_connected: OnConnected) -> NoReturn:
        """Stay connected until cancelled; a clean stop publishes the farewell. What ``on_connected`` raises ends it."""
        pauses = Pauses(self._config)
        while True:
            opened_at: float | None = None
            try:
                connection = await self._connect()
                opened_at = self._now()
                await self._serve(connection, on_connected)
            except BrokerError as error:
                pause = pauses.after(error, None if opened_at is None else self._now() - opened_at)
                is_fight = error.trouble == "lost" and pauses.brief >= FIGHT
                self._log(fought_over(self._endpoint) if is_fight else error)
                await asyncio.sleep(pause)

    @property
    def totals(self) -> Counters:
        """What went over all connections."""
        return self._past if self.connection is None else self._past + self.connection.counters

    # -- connecting ----------------------------------------------------------------------------------------------

    async def _connect(self) -> Connection:
        """Open a connection with the newest version that the broker understands."""
        versions = self._versions()
        config = self._waiting if self._stands_by() else self._config
        connection = await _connect_newest(config, versions, self._will, self._may_be_old)
        if connection.version != "5" and self._spoke_5 and "5" in versions:
            # the broker that spoke MQTT 5 and was silent for a while, or another one: only asking again tells
            self._spoke_5 = False
            await connection.close(self._config.farewell_s)
            connection = await _connect_newest(config, versions, self._will, self._may_be_old)
        if connection.version == "5":
            self._spoke_5 = True
        elif len(versions) > 1:
            self._old_until = self._now() + self._config.version_5_again_s
        self._not_understood = 0
        self.connects += 1
        self.connection = connection
        self.trouble = self._said = None
        LOG.info("connected to %s with MQTT %s", self._endpoint, connection.version)
        return connection

    def _versions(self) -> tuple[Version, ...]:
        return ("3.1.1",) if self._now() < self._old_until else _versions_of(self._config)

    def _may_be_old(self, error: BrokerError) -> bool:
        """Whether an older version may work: a broker that has spoken MQTT 5 mostly just restarts when it hangs up."""
        if error.trouble not in _NOT_UNDERSTOOD:
            return False
        self._not_understood += 1
        return error.trouble == "version_refused" or not self._spoke_5 or self._not_understood > _FORGET_5_AFTER

    async def _serve(self, connection: Connection, on_connected: OnConnected) -> NoReturn:
        work = asyncio.ensure_future(on_connected(connection))
        try:
            await asyncio.wait((work, connection.lost), return_when=asyncio.FIRST_COMPLETED)
            if work.done() and not connection.lost.done():
                if (error := _failure(work)) is not None:
                    raise error
                await asyncio.wait((connection.lost,))
            raise connection.lost.result().afresh()
        except asyncio.CancelledError:
            await _end(work)
            await self._publish_farewell(connection)
            raise
        finally:
            # without a goodbye, so that after a failure of ours the broker publishes the will
            connection.abort()
            self._past += connection.counters
            self.connection = None
            await _end(work)

    async def _publish_farewell(self, connection: Connection) -> None:
        """End with a farewell that the broker acknowledged, or hang up and leave the last word to the will."""
        until = self._now() + self._config.farewell_s
        try:
            farewell = self._farewell()
            if farewell is not None:
                async with asyncio.timeout_at(until):
                    await connection.publish_last(farewell)
        except (TimeoutError, BrokerError, PublishRefusedError) as error:
            LOG.warning(
                "%s did not acknowledge the farewell (%s): it publishes the last will",
                self._endpoint,
                str(error) or f"nothing within {self._config.farewell_s:g} s",
            )
            connection.abort()
        else:
            await connection.close(until - self._now())

    # -- inside -------------------------------------------------------------------------------------------------

    def _log(self, error: BrokerError) -> None:
        """One line when something changes, not one for each try."""
        self.trouble = error
        if error.detail == self._said or error.trouble == "superseded":
            LOG.debug("%s", error)
            return
        self._said = error.detail
        if error.trouble == "taken_over":
            LOG.error("MQTT broker %s -- trying again, at last every %.0f s", error, self._config.fight_most_s)
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
