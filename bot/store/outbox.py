"""What must still be done: queued with the events, claimed before it is tried."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.incident import CardShown, Effect, Follow, Listen, Reconcile, ShowCard
from bot.store import codec, statements
from bot.store.database import Database
from bot.store.records import Due, Role, Unposted
from bot.store.schema import (
    delivery,
    history,
    incident,
    micros,
    moment,
    outbox,
)

_ALWAYS = (Listen.__name__, Reconcile.__name__)  # they come back: no work that waits


class Outbox:
    """Effects by due time. All but `queue` need the fence of the one who leads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def queue(self, about: str, follow: Follow) -> None:
        """Queue an effect that no event goes with, such as an answer to a question."""
        await self._database.write(
            lambda db: statements.queue(db, about, follow), key=about
        )
        self._database.changed.set()

    async def due(self, role: Role, now: datetime, limit: int = 500) -> list[Due]:
        """Return what is due: the most severe first, then the longest waiting.

        What a newer version of the program queued waits for one that knows it.
        """
        query = (
            sa.select(outbox, incident.c.endpoint)
            .outerjoin(incident, incident.c.id == outbox.c.incident)
            .where(
                outbox.c.role == role,
                outbox.c.state == "due",
                outbox.c.due_at <= micros(now),
                outbox.c.type.in_(codec.EFFECTS),
            )
            .order_by(outbox.c.rank, outbox.c.due_at, outbox.c.id)
            .limit(limit)
        )
        rows = await self._database.read(lambda db: db.execute(query).all())
        return [
            Due(
                id=r.id,
                incident=r.incident,
                effect=codec.read_effect(r.type, r.body),
                due_at=moment(r.due_at),
                attempts=r.attempts,
                rank=r.rank,
                endpoint=r.endpoint or "",
            )
            for r in rows
        ]

    async def unposted(self, endpoints: Collection[str]) -> list[Unposted]:
        """Return the first cards of these endpoints that wait, the most severe first."""
        posted = sa.exists().where(
            history.c.incident == incident.c.id, history.c.type == CardShown.__name__
        )
        query = (
            sa.select(
                outbox.c.id.label("job"), outbox.c.rank, outbox.c.attempts, incident
            )
            .join(incident, incident.c.id == outbox.c.incident)
            .where(
                outbox.c.type == ShowCard.__name__,
                outbox.c.state == "due",
                incident.c.endpoint.in_(sorted(endpoints)),
                ~posted,
            )
            .order_by(outbox.c.rank, incident.c.number)
        )
        rows = await self._database.read(lambda db: db.execute(query).all())
        return [
            Unposted(
                job=r.job,
                rank=r.rank,
                tried=r.attempts > 0,
                incident=r.id,
                endpoint=r.endpoint,
                group_key=r.group_key,
                status=r.status,
            )
            for r in rows
        ]

    async def why_waiting(self, effect: Effect) -> str | None:
        """Return why this effect waits, "" before its first try; None: it does not."""
        query = sa.select(outbox.c.error).where(
            outbox.c.type == type(effect).__name__, outbox.c.body == codec.dump(effect)
        )
        return await self._database.read(lambda db: db.execute(query).scalar())

    async def tried_before(self, due: Due) -> bool:
        """Return whether this effect, or an equal one about the same, was tried in vain.

        Each event may queue one of its own: what the first said may stand there, though
        the answer was lost. Ask after the claim, which counts as an attempt itself.
        """
        query = sa.select(outbox.c.id).where(
            outbox.c.incident == due.incident,
            outbox.c.type == type(due.effect).__name__,
            outbox.c.body == codec.dump(due.effect),
            outbox.c.attempts > sa.case((outbox.c.id == due.id, 1), else_=0),
        )
        found = sa.select(sa.exists(query))
        return bool(await self._database.read(lambda db: db.execute(found).scalar()))

    async def set_back(
        self, jobs: Collection[int], until: datetime, role: Role, *, fence: int
    ) -> None:
        """Let effects wait until then; what is under way ends as it does."""
        row = sa.update(outbox).where(outbox.c.state == "due")

        def run(db: sa.Connection) -> None:
            statements.fence(db, role, fence)
            for some in statements.portions(sorted(jobs)):
                these = row.where(outbox.c.id.in_(some))
                db.execute(these.values(due_at=micros(until)))

        await self._database.write(run, key="outbox:set back")

    async def drop(self, jobs: Collection[int], role: Role, *, fence: int) -> None:
        """Remove effects that have become pointless."""

        def run(db: sa.Connection) -> None:
            statements.fence(db, role, fence)
            row = sa.delete(outbox).where(outbox.c.state == "due")
            for some in statements.portions(sorted(jobs)):
                db.execute(row.where(outbox.c.id.in_(some)))

        await self._database.write(run, key="outbox:drop")

    async def next_due(self, role: Role) -> datetime | None:
        """Return when the next effect falls due, or None when there is none."""
        query = sa.select(sa.func.min(outbox.c.due_at)).where(
            outbox.c.role == role, outbox.c.state == "due"
        )
        found = await self._database.read(lambda db: db.execute(query).scalar())
        return None if found is None else moment(found)

    async def claim(self, job: int, role: Role, *, fence: int) -> bool:
        """Count an attempt before it is made; False when the effect is gone."""

        def run(db: sa.Connection) -> bool:
            statements.fence(db, role, fence)
            row = sa.update(outbox).where(outbox.c.id == job, outbox.c.state == "due")
            changed = db.execute(row.values(attempts=outbox.c.attempts + 1))
            return changed.rowcount == 1

        return await self._database.write(run, key=f"outbox:{job}")

    async def finish(self, job: int, role: Role, *, fence: int) -> None:
        """Remove an effect that left no event."""

        def run(db: sa.Connection) -> None:
            statements.fence(db, role, fence)
            db.execute(sa.delete(outbox).where(outbox.c.id == job))

        await self._database.write(run, key=f"outbox:{job}")

    async def postpone(
        self, job: int, role: Role, due_at: datetime, error: str, *, fence: int,
        attempts: int,
    ) -> None:  # fmt: skip
        """Try again later. `attempts` is what the next one is told."""

        def run(db: sa.Connection) -> None:
            statements.fence(db, role, fence)
            row = sa.update(outbox).where(outbox.c.id == job)
            db.execute(
                row.values(due_at=micros(due_at), error=error, attempts=attempts)
            )

        await self._database.write(run, key=f"outbox:{job}")

    async def revise(self, job: int, effect: Effect, role: Role, *, fence: int) -> None:
        """Note in an effect under way how far it has come, for whoever goes on with it."""

        def run(db: sa.Connection) -> None:
            statements.fence(db, role, fence)
            row = sa.update(outbox).where(outbox.c.id == job)
            db.execute(row.values(body=codec.dump(effect)))

        await self._database.write(run, key=f"outbox:{job}")

    async def park(self, job: int, role: Role, error: str, *, fence: int) -> None:
        """Give up on an effect, keeping it for a person to see."""

        def run(db: sa.Connection) -> None:
            statements.fence(db, role, fence)
            statements.park(db, job, error)

        await self._database.write(run, key=f"outbox:{job}")

    async def revive(self, kinds: Sequence[type[Effect]], now: datetime) -> None:
        """Let effects that were given up be tried again, as if they had been doubtful."""
        names = [kind.__name__ for kind in kinds]
        parked = sa.update(outbox).where(
            outbox.c.state == "parked", outbox.c.type.in_(names)
        )
        again = parked.values(state="due", due_at=micros(now), attempts=1, error="")
        await self._database.write(lambda db: db.execute(again), key="outbox")
        self._database.changed.set()

    async def hasten(self, kinds: Sequence[type[Effect]], now: datetime) -> None:
        """Let effects of these kinds that wait fall due now."""
        waiting = sa.update(outbox).where(
            outbox.c.state == "due",
            outbox.c.due_at > micros(now),
            outbox.c.type.in_([kind.__name__ for kind in kinds]),
        )
        sooner = waiting.values(due_at=micros(now))
        await self._database.write(lambda db: db.execute(sooner), key="outbox")
        self._database.changed.set()

    async def advance(
        self, kinds: Sequence[type[Effect]], now: datetime, by: timedelta
    ) -> None:
        """Let timers come earlier where their incident was last written after `now`.

        A clock that was ahead dated it, and set the timer from that date.
        """
        misdated = sa.select(incident.c.id).where(incident.c.updated_at > micros(now))
        sooner = outbox.c.due_at - by // timedelta(microseconds=1)
        timers = sa.update(outbox).where(
            outbox.c.state == "due",
            outbox.c.due_at > micros(now),
            outbox.c.type.in_([kind.__name__ for kind in kinds]),
            outbox.c.incident.in_(misdated),
        )
        least = sa.case((sooner > micros(now), sooner), else_=micros(now))
        await self._database.write(
            lambda db: db.execute(timers.values(due_at=least)), key="outbox"
        )
        self._database.changed.set()

    async def only(self, timer: Follow, now: datetime, *, of: str) -> None:
        """Set the one timer of its kind with `of` in it; a late one is left to fire."""
        same = (
            outbox.c.type == type(timer.effect).__name__,
            outbox.c.body.contains(of, autoescape=True),
        )
        late = sa.select(outbox.c.id).where(
            *same, outbox.c.state == "due", outbox.c.due_at <= micros(now)
        )

        def run(db: sa.Connection) -> None:
            if db.execute(late.limit(1)).first() is None:
                db.execute(sa.delete(outbox).where(*same))
                statements.queue(db, "", timer)

        await self._database.write(run, key="outbox")
        self._database.changed.set()

    async def replace(
        self,
        job: int,
        role: Role,
        follows: Sequence[Follow],
        *,
        about: str = "",
        fence: int,
    ) -> None:
        """Remove an effect and queue what comes after it, both or neither."""

        def run(db: sa.Connection) -> None:
            statements.fence(db, role, fence)
            for each in follows:
                statements.queue(db, about, each)
            db.execute(sa.delete(outbox).where(outbox.c.id == job))

        await self._database.write(run, key=f"outbox:{job}")

    async def waiting(self) -> dict[str, int]:
        """Return how many deliveries are new, effects due and effects parked."""

        def run(db: sa.Connection) -> dict[str, int]:
            states = (
                sa.select(outbox.c.state, sa.func.count())
                .where(outbox.c.type.not_in(_ALWAYS))
                .group_by(outbox.c.state)
            )
            found = {str(row[0]): int(row[1]) for row in db.execute(states)}
            new = sa.select(sa.func.count()).where(delivery.c.state == "new")
            return {
                "new": db.execute(new.select_from(delivery)).scalar_one(),
                "due": found.get("due", 0),
                "parked": found.get("parked", 0),
            }

        return await self._database.read(run)
