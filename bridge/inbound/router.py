"""Sorts what arrives over a connection: the bridge's own state, and commands."""

from __future__ import annotations

import asyncio

from bridge.contract import Topics
from bridge.inbound.command_gateway import CommandGateway
from bridge.inbound.replies import Replies
from bridge.inbound.subscriptions import Subscriptions
from bridge.mqtt import Connection
from bridge.publishing import BridgeStatus
from services.model import Facet


class InboundRouter:
    """Reads messages off a connection and hands each to whom it concerns."""

    def __init__(
        self,
        *,
        topics: Topics,
        subscriptions: Subscriptions,
        commands: CommandGateway,
        replies: Replies,
        status: BridgeStatus,
    ) -> None:
        self._own_state = topics.process(Facet.STATE)
        self._subscriptions = subscriptions
        self._commands = commands
        self._replies = replies
        self._status = status

    async def serve(self, connection: Connection) -> None:
        """Subscribe and serve until the connection is lost.

        Commands under way go on, and are answered over the next connection. While replies wait for the broker no
        further command is read: what then arrives waits in the connection's own bounded queue.
        """
        answering = asyncio.create_task(self._replies.serve(connection), name="replies")
        try:
            await self._subscriptions.serve(connection)
            async for message in connection.messages():
                if message.topic == self._own_state:
                    await self._status.check_own_state(connection, message.payload)
                else:
                    await self._replies.ready()
                    self._commands.take(message)
        finally:
            self._subscriptions.end()
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
