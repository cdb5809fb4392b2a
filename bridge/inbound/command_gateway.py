"""Makes commands of messages and replies of outcomes. Decides nothing: `services.commands` performs them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.contract import REPLY_MOST_BYTES, REPLY_MOST_LEVELS, Incoming, Rejection, Request, Topics, encoding, parse
from bridge.inbound.neighbours import Neighbours
from bridge.inbound.replies import Replies, Reply
from services import clock
from services.audit import Audit
from services.commands import Command, CommandService, Outcome
from services.model import AuditContext, Campus, ServiceError, clean_text
from services.pace import Pace
from services.verbs import BRIDGE_SCOPES, NO_VERB, VERBS

log = logging.getLogger(__name__)

UNDER_WAY_MOST = 1_000
"""Commands performed at once; a further one is answered ``busy``."""

PROGRESS_S = 1.0
"""Shortest time between two ``progress`` replies to one command, in seconds."""

ACCEPTED_AFTER_S = 0.05
"""What cannot be done is refused before this, so that nothing is first accepted and then rejected."""

BAD_INPUT_AUDITED_S = 10.0
"""At most one audit event of bad input in so long and campus; the others are counted in the next one."""


COMMANDS_PER_S, COMMANDS_BURST = 1_000.0, 3_000
"""Commands of one campus that are taken; a further one is answered ``rate_limited``."""

REFUSED_PER_S, REFUSED_BURST = 10.0, 100
"""Commands of one campus that are refused for what they say; beyond that the answer is ``rate_limited``, whatever is
wrong with them."""


TOPIC_SHOWN = 200
"""Characters of a response topic that a warning repeats."""

_NOT_THERE = (
    "replies may not go to {}: only below a reply/ topic of the command's own campus, or of the process for a command "
    "to it, or where [mqtt] reply_prefixes allows it; without wildcards, with at most "
    f"{REPLY_MOST_BYTES} bytes and {REPLY_MOST_LEVELS} levels"
)


@dataclass(slots=True)
class _FromCampus:
    """What comes from one campus: how fast, and bad input that is not audited yet."""

    commands: Pace = field(default_factory=lambda: Pace(COMMANDS_PER_S, COMMANDS_BURST))
    refused: Pace = field(default_factory=lambda: Pace(REFUSED_PER_S, REFUSED_BURST))
    bad_count: int = 0
    bad_audited_at: float = float("-inf")


class CommandGateway:
    """Has commands performed and answers them."""

    def __init__(
        self,
        *,
        commands: CommandService,
        topics: Topics,
        replies: Replies,
        audit: Audit,
        default: Campus,
        reply_prefixes: Sequence[str],
        neighbours: Neighbours,
    ) -> None:
        """``default`` is the campus of what is asked of the process; ``reply_prefixes`` allow response topics."""
        self._commands = commands
        self._topics = topics
        self._replies = replies
        self._audit = audit
        self._default = default
        self._prefixes = tuple(reply_prefixes)
        self._neighbours = neighbours
        self._under_way: set[asyncio.Task[None]] = set()
        self._from: defaultdict[Campus, _FromCampus] = defaultdict(_FromCampus)
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """(verb, status) -> how many commands ended so."""
        self.elsewhere = 0
        """Commands to units of other bridges, which these answer."""

    def take(self, message: Incoming) -> None:
        """Perform what a message asks for, and answer it; returns at once."""
        try:
            parsed = parse(message, self._topics, now=clock.now(), prefixes=self._prefixes)
        except Exception:  # one message must not end the conversation with all others
            log.exception("a command could not be read", extra={"topic": message.topic})
            return
        if parsed is None:  # a resource that cannot exist, for example with a capital letter: nowhere to answer
            self.outcomes[NO_VERB, "rejected"] += 1
            log.debug("a command's topic names nothing that can exist", extra={"topic": message.topic})
            return
        if self._neighbours.is_strange(parsed.target.address) and len(self._under_way) < UNDER_WAY_MOST:
            self._begin(self._take_strange(parsed))
        else:
            self._take(parsed)

    async def _take_strange(self, parsed: Request | Rejection) -> None:
        """Answer what is asked of a unit that is not ours, unless it is another bridge's."""
        address = parsed.target.address
        if address is not None and await self._neighbours.own(address):
            self.elsewhere += 1
        else:
            self._take(parsed)

    def _take(self, parsed: Request | Rejection) -> None:
        if isinstance(parsed, Rejection):
            self._reject(parsed)
            return
        if not self._from[parsed.target.tenant or self._default].commands.take(asyncio.get_running_loop().time()):
            detail = f"more than {COMMANDS_PER_S:.0f} commands a second come from this campus; try again in a second"
            self._answer(parsed, Outcome("rejected", error=ServiceError("rate_limited", detail, retry_after_s=1.0)))
            return
        if len(self._under_way) >= UNDER_WAY_MOST:
            detail = f"{UNDER_WAY_MOST} commands are under way; try again in a second"
            self._answer(parsed, Outcome("rejected", error=ServiceError("busy", detail, retry_after_s=1.0)))
            return
        self._begin(self._perform(parsed))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="command")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """End the work under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    # -- one command -------------------------------------------------------------------------------------------

    async def _perform(self, request: Request) -> None:
        verb = VERBS[request.verb]
        command = self._command(request, request.args)
        if verb.is_long and request.target.scope in BRIDGE_SCOPES:
            await self._perform_long(request, command)
        else:
            self._answer(request, self._sparing(request, await self._commands.perform(command)))

    async def _perform_long(self, request: Request, command: Command) -> None:
        accepted = False
        reported_at = float("-inf")

        def accept() -> None:
            nonlocal accepted
            if not accepted:
                accepted = True
                self._reply(request, "accepted", {})

        def progress(data: Mapping[str, object]) -> None:
            nonlocal reported_at
            accept()
            now = asyncio.get_running_loop().time()
            if now - reported_at >= PROGRESS_S:
                reported_at = now
                self._reply(request, "progress", data)

        timer = asyncio.get_running_loop().call_later(ACCEPTED_AFTER_S, accept)
        try:
            outcome = await self._commands.perform(command, progress)
        finally:
            timer.cancel()
        if outcome.status != "rejected":
            accept()
        self._answer(request, self._sparing(request, outcome))

    def _sparing(self, request: Request, outcome: Outcome) -> Outcome:
        """Controls that are forbidden count among the refused commands of their campus: beyond so many, all say so."""
        error = outcome.error
        if error is None or error.code != "forbidden" or not VERBS[request.verb].is_control:
            return outcome
        sender = self._from[request.target.tenant or self._default]
        if sender.refused.take(asyncio.get_running_loop().time()):
            return outcome
        return replace(outcome, error=_too_many(error))

    def _command(self, asked: Request | Rejection, args: Mapping[str, Any]) -> Command:
        address = asked.target.address
        context = AuditContext.of(address.tenant if address else self._default, asked.actor, asked.request_id)
        until = asked.valid_until if isinstance(asked, Request) else None
        return Command(asked.verb, address, args, context, until)

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
        tenant = rejection.target.tenant or self._default
        sender, now = self._from[tenant], asyncio.get_running_loop().time()
        is_taken = sender.refused.take(now)
        self._reply(rejection, "rejected", {}, error=rejection.error if is_taken else _too_many(rejection.error))
        if is_taken and rejection.error.code == "forbidden":
            self._commands.refuse(self._command(rejection, rejection.args), rejection.error)
            return
        sender.bad_count += 1
        if now - sender.bad_audited_at < BAD_INPUT_AUDITED_S:
            return
        after = {"topic": rejection.topic, "code": rejection.error.code, "count": sender.bad_count}
        sender.bad_count, sender.bad_audited_at = 0, now
        context = AuditContext.of(tenant, rejection.actor, rejection.request_id)
        self._audit.record("bad_input", context=context, after=after)

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
        reply_to = request.reply_to
        if reply_to.refused is not None:
            warnings = [*warnings, _NOT_THERE.format(clean_text(reply_to.refused, TOPIC_SHOWN) or "an empty topic")]
        payload = encoding.reply(request.request_id, request.verb, status, duration_s, data, warnings, error)
        topic = reply_to.topic or self._topics.reply(request.target, request.verb)
        self._replies.put(Reply(topic, payload, reply_to.correlation))


def _too_many(error: ServiceError) -> ServiceError:
    detail = f"too many commands from this campus are refused, this one for {error.code}: {error.detail}"
    return ServiceError("rate_limited", detail, field=error.field, retry_after_s=1 / REFUSED_PER_S)
