"""Sorts what arrives over a connection: the bridge's own topics, and commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bridge.contract import Incoming
from bridge.inbound.command_gateway import CommandGateway
from bridge.inbound.neighbours import Neighbours
from bridge.inbound.presence import Presence
from bridge.inbound.replies import Replies
from bridge.mqtt import Connection
from services.model import Address, Facet


class InboundRouter:
    """Reads messages off a connection and hands each to whom it concerns."""

    def __init__(
        self,
        presence: Presence,
        commands: CommandGateway,
        replies: Replies,
        neighbours: Neighbours,
        *,
        overwritten: Callable[[Address | None, Facet], None],
        of_others: Callable[[Incoming], bool],
    ) -> None:
        """``overwritten`` is told which retained topics others changed; ``of_others`` takes what it knows."""
        self._of_others = of_others
        self._topics = presence.topics
        self._overwritten = overwritten
        self._subscriptions = presence.subscriptions
        self._echoes = presence.echoes
        self._commands = commands
        self._replies = replies
        self._neighbours = neighbours

    async def serve(self, connection: Connection) -> None:
        """Subscribe and serve until the connection is lost.

        Commands under way go on, and are answered over the next connection. While replies wait for the broker no
        further command is read: what then arrives waits in the connection's own bounded queue.
        """
        self._neighbours.begin(connection)
        try:
            async with asyncio.TaskGroup() as group:
                aside = [
                    group.create_task(self._replies.serve(connection), name="replies"),
                    group.create_task(self._read_echoes(connection), name="echoes"),
                ]
                await self._subscriptions.serve(connection)
                aside.append(group.create_task(self._subscriptions.keep(connection), name="subscriptions"))
                async for message in connection.messages():
                    if self._is_own(message, connection) or self._of_others(message):
                        continue
                    await self._replies.ready()
                    self._commands.take(message)
                for task in aside:
                    task.cancel()
        finally:
            self._neighbours.end()
            self._subscriptions.end()

    def _is_own(self, message: Incoming, connection: Connection) -> bool:
        """Whether a message is no command but stands under a topic of ours; with MQTT 5 others wrote it."""
        published = self._topics.parse(message.topic)
        is_value = published is None and self._topics.is_value(message.topic)
        if message.retain and connection.version == "5":
            if published is not None:
                self._overwritten(published.address, published.facet)
            elif is_value and (address := self._topics.resource_of(message.topic)) is not None:
                self._overwritten(address, Facet.STATE)
        return published is not None or is_value

    async def _read_echoes(self, connection: Connection) -> None:
        async for message in connection.echoes():
            await self._echoes.take(connection, message)
