"""How old audit events are, by the time that the database has seen pass, and the deletion of those that are old.

A machine without a clock battery begins with the time of its last shut-down, or with 1970, and jumps when a time server
answers: by the clock alone an event of this evening is then 120 days old. So the database keeps the time that it saw
last, and each step of the clock with the position of the events before it. What the database has not seen pass makes no
event older.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, or_, select

from services import clock
from services.model import Campus
from services.store.asking.facts import fact, keep
from services.store.care import Loss
from services.store.rows import table_of
from services.store.tables import AuditRow, CampusRow

SEEN: Final = "clock_seen"
STEPS: Final = "clock_steps"
"""Names of the facts."""
OFF_S: Final = 3600.0
"""A machine that was off for less than this is as good as one that ran."""
BACK_S: Final = 60.0
"""Clocks are set by less than this all the time."""
STEPS_KEPT: Final = 200
SHARE_OF_KEEP: Final = 4
"""A machine may be off for this part of the time that events are kept, and they grow older all the same; a longer gap
may be a jump, and counts as no time."""
PRUNE_ROWS: Final = 5_000
"""Rows deleted in one transaction: a few tens of milliseconds, so that writing goes on in between."""
MOST_UNDELIVERED: Final = 500_000
"""Audit events that wait for a broker: half a gigabyte, ten days of a port that comes and goes all the time."""


class Step(NamedTuple):
    """The clock went on by so many seconds that the database did not see pass; back where it is negative."""

    position: int
    """Of the newest audit event before it."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one transaction deleted."""

    rows: int
    undelivered: dict[Campus, Loss]
    """Those among them that no broker ever had."""


def begin(connection: Connection, now_s: float) -> float:
    """Note that the database is opened; by how many seconds the clock differs from what was seen last, 0 for none."""
    seen = fact(connection, SEEN) or connection.execute(select(func.max(table_of(AuditRow).c.time))).scalar()
    gap_s = 0.0 if seen is None else now_s - clock.unix_seconds(seen)
    if -BACK_S <= gap_s <= OFF_S:
        keep(connection, SEEN, clock.text_of(now_s))
        return 0.0
    note_step(connection, now_s, gap_s)
    return gap_s


def note_step(connection: Connection, now_s: float, seconds: float) -> None:
    """Keep that the clock went on by seconds that nobody saw pass; ``now_s`` is the time after it."""
    audit = table_of(AuditRow)
    known = steps(connection)
    before = select(func.max(audit.c.position))
    if seconds < 0:  # events since then may be there already; those before it are of a time that is yet to come
        before = before.where(audit.c.time > clock.text_of(now_s))
    position = max(connection.execute(before).scalar() or 0, known[-1].position if known else 0)
    if position:
        keep(connection, STEPS, json.dumps([*known, Step(position, seconds)][-STEPS_KEPT:]))
    keep(connection, SEEN, clock.text_of(now_s))


def steps(connection: Connection) -> list[Step]:
    """The steps that are known, the oldest first."""
    return [Step(int(position), float(seconds)) for position, seconds in json.loads(fact(connection, STEPS) or "[]")]


def prune(connection: Connection, *, now_s: float, keep_s: float) -> Pruned:
    """Delete audit events that have been kept for so many seconds, at most `PRUNE_ROWS`, and never a campus's newest.

    Where more than `MOST_UNDELIVERED` wait for a broker, the oldest of them go too.
    """
    audit, campuses = table_of(AuditRow), table_of(CampusRow)
    of_its_campus = and_(campuses.c.organization == audit.c.organization, campuses.c.id == audit.c.campus)
    not_the_newest = audit.c.seq < select(campuses.c.audit_seq).where(of_its_campus).scalar_subquery()
    for old in _old(steps(connection), now_s, keep_s):
        found = select(audit.c.position).where(old, not_the_newest).order_by(audit.c.time, audit.c.position)
        pruned = _delete(connection, found.limit(PRUNE_ROWS))
        if pruned.rows:
            return pruned
    waits = audit.c.published_at.is_(None)
    surplus = connection.execute(select(func.count()).where(waits)).scalar_one() - MOST_UNDELIVERED
    if surplus <= 0:
        return Pruned(0, {})
    oldest = select(audit.c.position).where(waits, not_the_newest).order_by(audit.c.position)
    return _delete(connection, oldest.limit(min(surplus, PRUNE_ROWS)))


def _old(known: Sequence[Step], now_s: float, keep_s: float) -> Iterator[ColumnElement[bool]]:
    """Conditions for events that are old, one for each stretch between two steps of the clock."""
    audit = table_of(AuditRow)
    counted = [step for step in known if step.seconds < 0 or step.seconds > keep_s / SHARE_OF_KEEP]
    unseen_s, after = sum(step.seconds for step in counted), 0
    for upto, seconds in [*counted, (None, 0.0)]:
        before = clock.text_of(max(0.0, now_s - keep_s - unseen_s))
        delivered = or_(audit.c.published_at.is_(None), audit.c.published_at < before)
        stretch = () if upto is None else (audit.c.position <= upto,)
        yield and_(audit.c.time < before, delivered, audit.c.position > after, *stretch)
        unseen_s, after = unseen_s - seconds, upto or after


def _delete(connection: Connection, positions: Select[int]) -> Pruned:
    audit = table_of(AuditRow)
    tenant = (audit.c.organization, audit.c.campus)
    lost = connection.execute(
        select(*tenant, func.count(), func.min(audit.c.time), func.max(audit.c.time))
        .where(audit.c.position.in_(positions), audit.c.published_at.is_(None))
        .group_by(*tenant)
    )
    undelivered = {Campus(row[0], row[1]): Loss(row[2], row[3], row[4]) for row in lost}
    return Pruned(connection.execute(delete(audit).where(audit.c.position.in_(positions))).rowcount, undelivered)
