"""A crash at any point loses nothing that was committed, and never keeps half of what belongs together."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from services.store import Store, queries, reading
from tests.integration.kept import STAGE

WRITER = """
import asyncio, sys
from services.store import Store
from tests.integration.kept import HALL, channel, note, receiver

async def main():
    async with Store.open(sys.argv[1], apart_s=0.002) as store:
        number = max((head.draft.after["text"] for head in (await store.load()).heads.values()), default=0)
        def committed(events):
            print(max(event.draft.after["text"] for event in events), flush=True)
        store.subscribe(committed)
        store.put_unit(receiver())
        while True:
            number += 1
            store.put_part(channel(1, number))
            store.append_audit(note(number))
            store.append_audit(note(number, HALL))
            await asyncio.sleep(0.0002)

asyncio.run(main())
"""


@pytest.mark.parametrize("after_commits", [1, 9, 40])
async def test_kill_9_while_writing_loses_nothing_committed(database_url: str, after_commits: int) -> None:
    told = 0
    for _ in range(2):
        writer = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, database_url, stdout=asyncio.subprocess.PIPE
        )
        assert writer.stdout is not None
        for _ in range(after_commits):
            told = int(await writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        rest = await writer.stdout.read()
        await writer.wait()
        complete = [int(line) for line in rest.split(b"\n")[:-1]]
        told = complete[-1] if complete else told
        with reading(database_url) as connection:
            events = queries.audit_since(connection, "2000")
            loaded = queries.load(connection)
        for campus in {event.draft.tenant for event in events}:
            of_it = [event for event in events if event.draft.tenant == campus]
            assert [event.seq for event in of_it] == list(range(1, len(of_it) + 1))
            assert [(event.draft.after or {})["text"] for event in of_it] == list(range(1, len(of_it) + 1))
            assert len(of_it) >= told
        assert loaded.heads[STAGE].draft.after == {"text": loaded.parts[0].state["name"]}
    async with Store.open(database_url) as store:
        assert await store.pending(1_000_000) == events
