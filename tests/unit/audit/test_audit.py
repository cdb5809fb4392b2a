"""The audit's closed list, and what an event is made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.audit import ACTIONS, Audit
from services.live.announcer import AUDITED
from services.model import Address, AuditContext, Campus, Kind
from services.store import Store

ROOT = Path(__file__).parents[3]
CONTEXT = AuditContext("default", "stage", actor="node-red/lobby", request_id="r1")


def recorded() -> set[str]:
    """Every action that the code writes."""
    written = re.compile(r"_?audit\.record\(\s*((?:\"\w+\"(?: if [^\"]+ else )?)+)")
    texts = [path.read_text() for folder in ("bridge", "services") for path in (ROOT / folder).rglob("*.py")]
    calls = [call for text in texts for call in written.findall(text)]
    return {action for call in calls for action in re.findall(r'"(\w+)"', call)} | set(AUDITED)


def test_every_action_that_is_written_is_on_the_list() -> None:
    assert recorded() <= set(ACTIONS)


async def test_an_event_says_who_did_what_to_what_and_when(tmp_path: Path) -> None:
    rack = Address("default", "stage", Kind.RECEIVER, "rack1")
    async with Store.open(f"sqlite:///{tmp_path / 'audit.db'}") as store:
        audit = Audit(store)
        audit.record("note", context=CONTEXT, resource=rack, before={"a": 1}, after={"a": 2}, late=True)
        audit.record("note", context=CONTEXT, time="2026-11-22T19:30:00.000Z")
        await store.flush()
        first, second = await store.pending(10)
    said = first.draft
    assert (said.action, said.resource, said.claimed_actor, said.request_id) == (
        "note", "receiver/rack1", "node-red/lobby", "r1",
    )  # fmt: skip
    assert (said.tenant, said.before, said.after, said.late) == (Campus("default", "stage"), {"a": 1}, {"a": 2}, True)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", said.event_id)
    assert (second.draft.resource, second.draft.time, second.draft.late) == (None, "2026-11-22T19:30:00.000Z", False)
    assert second.draft.event_id > said.event_id


async def test_an_action_that_is_not_on_the_list_is_refused(tmp_path: Path) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'audit.db'}") as store:
        with pytest.raises(ValueError, match="ACTIONS"):
            Audit(store).record("made_up", context=CONTEXT)
