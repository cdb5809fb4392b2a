"""Commands come in, replies go out. Translates and decides nothing: `services.commands.perform` does what is wanted."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.contract import Rejection, Request, Topics, encoding, parse
from bridge.mqtt import BrokerError, Connection, Incoming
from bridge.publishing import BridgeStatus
from services import clock
from services.audit import Audit
from services.commands import Operations, Order, Outcome
from services.model import AuditContext, Campus, Facet, ServiceError

log = logging.getLogger(__name__)

UNDER_WAY_MOST = 1_000
"""Commands performed at once; a further one is answered ``busy``."""

PROGRESS_S = 1.0
"""Contract, section 3: progress at most once a second."""

LONG_VERBS = frozenset({"discover", "refresh"})
"""Answered ``accepted`` first where they reach more than one receiver."""

FOUNDING_VERBS = frozenset({"receiver_add"})
"""May have put a receiver into a campus that nobody listened for."""

ACCEPTED_AFTER_S = 0.05
"""What cannot be done is refused before this, so that nothing is first accepted and then rejected."""

BAD_INPUT_AUDITED_S = 10.0
"""At most one audit event of bad input in so long and campus; the others are counted in the next one."""


@dataclass(slots=True)
class _BadInput:
    """Bad input of one campus that is not audited yet, and when some was."""

    count: int = 0
    audited_at: float = float("-inf")


class Gateway:
    """Reads commands off a connection and answers them."""

    def __init__(
        self,
        *,
        operations: Operations,
        topics: Topics,
        process: BridgeStatus,
        tenants: Callable[[], Sequence[Campus]],
        audit: Audit,
        default: Campus,
        reply_prefixes: Sequence[str],
    ) -> None:
        self._operations = operations
        self._topics = topics
        self._process = process
        self._tenants = tenants
        self._audit = audit
        self._default = default
        self._prefixes = tuple(reply_prefixes)
        self._under_way: set[asyncio.Task[None]] = set()
        self._connection: Connection | None = None
        self._subscribed: set[str] = set()
        self._bad: dict[Campus, _BadInput] = {}
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """(verb, status) -> how many commands ended so."""

    async def serve(self, connection: Connection) -> None:
        """Subscribe and answer until the connection is lost. Work under way goes on, and answers over the next."""
        self._connection = connection
        self._subscribed = set()
        try:
            await self._subscribe(self._tenants())
            own_state = self._topics.process(Facet.STATE)
            async for message in connection.messages():
                if message.topic == own_state:
                    await self._process.check_own_state(connection, message.payload)
                else:
                    self._take(message)
        finally:
            self._connection = None

    async def listen_to(self, tenants: Sequence[Campus]) -> None:
        """Listen to the commands of these campuses too, now or over the next connection."""
        try:
            await self._subscribe(tenants)
        except BrokerError as error:
            log.debug("no subscription now: %s", error)

    async def _subscribe(self, tenants: Sequence[Campus]) -> None:
        """Subscribe; what is subscribed already costs nothing. Raises `BrokerError` when the connection is lost."""
        connection = self._connection
        wanted = [topic for topic in self._topics.subscriptions(tenants) if topic not in self._subscribed]
        if connection is None or not wanted:
            return
        self._subscribed.update(wanted)
        try:
            refused = await connection.subscribe(wanted)
        except BrokerError:
            self._subscribed.difference_update(wanted)
            raise
        for topic in refused:
            log.error("the broker refuses our subscription; let this user read it", extra={"topic": topic})

    async def close(self) -> None:
        """End the work under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    # -- one command -----------------------------------------------------------------------------------------

    def _take(self, message: Incoming) -> None:
        try:
            parsed = parse(message, self._topics, now=clock.now(), prefixes=self._prefixes)
        except Exception:  # one message must not end the conversation with all others
            log.exception("a command could not be read", extra={"topic": message.topic})
            return
        if parsed is None:
            return
        if isinstance(parsed, Rejection):
            self._reject(parsed)
            return
        if len(self._under_way) >= UNDER_WAY_MOST:
            detail = f"{UNDER_WAY_MOST} commands are under way; try again in a second"
            self._answer(parsed, Outcome("rejected", error=ServiceError("busy", detail, retry_after_s=1.0)))
            return
        task = asyncio.create_task(self._perform(parsed), name=f"command {parsed.verb}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _perform(self, request: Request) -> None:
        long = request.verb in LONG_VERBS and request.target.scope in {"process", "bridge"}
        order = self._order(request, request.args)
        if long:
            await self._perform_long(request, order)
        else:
            self._answer(request, await self._operations.perform(order))
        if request.verb in FOUNDING_VERBS:
            await self.listen_to(self._tenants())

    async def _perform_long(self, request: Request, order: Order) -> None:
        accepted = False
        said_at = float("-inf")

        def accept() -> None:
            nonlocal accepted
            if not accepted:
                accepted = True
                self._reply(request, "accepted", {})

        def progress(data: Mapping[str, object]) -> None:
            nonlocal said_at
            accept()
            now = asyncio.get_running_loop().time()
            if now - said_at >= PROGRESS_S:
                said_at = now
                self._reply(request, "progress", data)

        timer = asyncio.get_running_loop().call_later(ACCEPTED_AFTER_S, accept)
        try:
            outcome = await self._operations.perform(order, progress)
        finally:
            timer.cancel()
        if outcome.status != "rejected":
            accept()
        self._answer(request, outcome)

    def _order(self, asked: Request | Rejection, args: Mapping[str, Any]) -> Order:
        address = asked.target.address
        tenant = address.tenant if address else self._default
        context = AuditContext(tenant.organization, tenant.campus, asked.actor, asked.request_id)
        return Order(asked.verb, address, args, context)

    def _answer(self, request: Request, outcome: Outcome) -> None:
        self.outcomes[request.verb, outcome.status] += 1
        self._reply(
            request,
            outcome.status,
            outcome.data,
            duration_s=outcome.duration_s,
            warnings=outcome.warnings,
            error=outcome.error,
        )

    def _reject(self, rejection: Rejection) -> None:
        """Answer what is not to be done.

        A command that is not allowed is audited; bad input is counted, and audited now and then: it must not flood.
        """
        self.outcomes[rejection.known_verb, "rejected"] += 1
        self._reply(rejection, "rejected", {}, error=rejection.error)
        if rejection.error.code == "forbidden":
            self._operations.refuse(self._order(rejection, rejection.args), rejection.error)
            return
        tenant = rejection.target.tenant or self._default
        bad = self._bad.setdefault(tenant, _BadInput())
        bad.count += 1
        now = asyncio.get_running_loop().time()
        if now - bad.audited_at < BAD_INPUT_AUDITED_S:
            return
        after = {"topic": rejection.topic, "code": rejection.error.code, "count": bad.count}
        bad.count, bad.audited_at = 0, now
        self._audit.record(
            "bad_input",
            context=AuditContext(tenant.organization, tenant.campus, rejection.actor, rejection.request_id),
            after=after,
        )

    def _reply(
        self,
        request: Request | Rejection,
        status: str,
        data: Mapping[str, object],
        *,
        duration_s: float = 0.0,
        warnings: Sequence[str] = (),
        error: ServiceError | None = None,
    ) -> None:
        connection = self._connection
        if connection is None:
            return  # whoever asked is asked to ask again: a command is not kept over a lost connection
        payload = encoding.reply(request.request_id, request.verb, status, duration_s, data, warnings, error)
        topic = request.response_topic or self._topics.reply(request.target, request.verb)
        connection.publish_nowait(topic, payload, qos=1, correlation=request.correlation)
