"""The store: histories that only grow, an outbox, and the deliveries they came from."""

import asyncio
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot.incident import Event, Follow, Incident
from bot.store import statements, taken
from bot.store.database import Database
from bot.store.engine import FileLock
from bot.store.outbox import Outbox
from bot.store.recent import Recent
from bot.store.records import Delivery, Listed, Role, Route, Unhandled
from bot.store.schema import (
    LATEST,
    conversation,
    counter,
    delivery,
    history,
    incident,
    micros,
    moment,
    outbox,
    reference,
)

# Signs of life, in seconds since 1970: a counter has 32 bits.
BEATS: Mapping[Role, str] = {"driver": "heartbeat", "executor": "heartbeat:executor"}


def digest(route: str, body: bytes) -> str:
    """Return the id of a delivery: the same for the same bytes."""
    return hashlib.sha256(route.encode() + b"\0" + body).hexdigest()


class Store(Database):
    """Open with `Store.open`; close with `close`."""

    def __init__(self, engine: sa.Engine, lock: FileLock | None) -> None:
        super().__init__(engine, lock)
        self._recent = Recent()
        self.outbox = Outbox(self)

    # -- deliveries -------------------------------------------------------------------

    def accept(self, route: str, body: bytes, at: datetime) -> asyncio.Future[str]:
        """Keep `body`; what is returned has its id, the same id for the same bytes.

        Raises Unwritable, now or there, when it could not be kept.
        """
        return self._writer.insert((digest(route, body), route, body, micros(at)))

    async def new_deliveries(self, limit: int = 100) -> list[Delivery]:
        """Return deliveries that nobody looked at yet, oldest first."""
        query = (
            sa.select(delivery)
            .where(delivery.c.state == "new")
            .order_by(delivery.c.received_at, delivery.c.id)
            .limit(limit)
        )
        rows = await self.read(lambda db: db.execute(query).all())
        found: dict[str, Delivery] = {}
        for r in rows:  # the first of one id, if two processes took it in
            came = moment(r.received_at)
            one = Delivery(id=r.id, route=r.route, body=r.body, received_at=came)
            found.setdefault(r.id, one)
        return [*found.values()]

    async def settle(
        self,
        reasons: Mapping[str, str],
        at: datetime,
        *,
        fence: int,
        until: datetime | None = None,
    ) -> None:
        """Mark deliveries as taken into history; those with a reason as unhandled.

        It is on record as well, for the log to seal. `until`: none of them came later;
        in a storm it saves looking through all that wait.
        """
        last = micros(until) if until else LATEST

        def run(db: sa.Connection) -> None:
            statements.fence(db, "driver", fence)
            taken.record(db, reasons, at, last)
            statements.settle(db, reasons, last)

        await self.write(run, key=min(reasons, default=""))
        self._writer.forget(reasons)

    async def received(
        self, route: Route, since: datetime, *, unhandled: bool = False
    ) -> list[Delivery]:
        """Return the last 5,000 deliveries from `since` on, newest first.

        `unhandled`: those alone of which no incident came.
        """
        states = ("unhandled",) if unhandled else ("new", "taken", "unhandled")
        query = (
            sa.select(delivery)
            .where(
                delivery.c.state.in_(states),
                delivery.c.route == route,
                delivery.c.received_at >= micros(since),
            )
            .order_by(delivery.c.received_at.desc())
            .limit(5000)
        )
        rows = await self.read(lambda db: db.execute(query).all())
        return [
            Delivery(
                id=r.id, route=r.route, body=r.body, received_at=moment(r.received_at)
            )
            for r in rows
        ]

    async def unhandled(self, limit: int = 1000) -> list[Unhandled]:
        query = (
            sa.select(
                delivery.c.id,
                delivery.c.route,
                delivery.c.received_at,
                delivery.c.reason,
            )
            .where(delivery.c.state == "unhandled")
            .order_by(delivery.c.received_at.desc())
            .limit(limit)
        )
        rows = await self.read(lambda db: db.execute(query).all())
        return [
            Unhandled(
                id=r.id,
                route=r.route,
                received_at=moment(r.received_at),
                reason=r.reason,
            )
            for r in rows
        ]

    # -- histories --------------------------------------------------------------------

    async def load(self, key: str) -> Incident | None:
        return await self.read(lambda db: statements.load(db, key, self._recent))

    async def ledger(self, endpoint: str) -> Incident:
        """Return what is recorded of an endpoint itself, by ARM id: locks, gates.

        Append to it as to an incident; two who write at once give one winner.
        """
        return await self.read(lambda db: statements.ledger(db, endpoint))

    async def journal(self, conversation: str) -> Incident:
        """Return what is recorded of a conversation; append to it as to a ledger."""
        return await self.read(lambda db: statements.journal(db, conversation))

    async def newest(self, group_key: str) -> Incident | None:
        """Return the last incident that was opened for this group key."""
        return await self.read(
            lambda db: statements.newest(db, group_key, self._recent)
        )

    async def conditions(
        self, group_key: str, fingerprints: Collection[str]
    ) -> dict[str, dict[datetime, str]]:
        """Return by fingerprint which incident holds each firing, by its start."""
        return await self.read(
            lambda db: statements.conditions(db, group_key, fingerprints)
        )

    async def heard(self, fingerprints: Iterable[str]) -> dict[str, tuple[str, bool]]:
        """Return what we know of conditions: the kind of fault, and whether it is over."""
        names = set(fingerprints)
        known = await self.read(lambda db: statements.heard(db, names))
        found: dict[str, tuple[str, bool]] = {}
        for name, keys in known.items():
            incident = await self.load(keys[-1])
            told = (
                [a for a in incident.alerts if a.fingerprint == name]
                if incident
                else []
            )
            if told:
                found[name] = (told[0].kind, told[0].status == "resolved")
        return found

    async def beat(self, at: datetime, role: Role = "driver") -> None:
        """Note that who leads as `role` is alive."""
        name = BEATS[role]

        def run(db: sa.Connection) -> None:
            statements.insert_once(db, counter, {"name": name, "value": 0})
            row = sa.update(counter).where(counter.c.name == name)
            db.execute(row.values(value=int(at.timestamp())))

        await self.write(run, key=f"counter:{name}")

    async def last_beat(self, role: Role = "driver") -> datetime | None:
        """Return when `role` was last known to be alive, None: never before."""
        query = sa.select(counter.c.value).where(counter.c.name == BEATS[role])
        found = await self.read(lambda db: db.execute(query).scalar())
        return datetime.fromtimestamp(found, UTC) if found else None

    async def group(self, group_key: str, keys: Collection[str]) -> list[Incident]:
        """Return the newest incident of the group, and those with these ids."""
        return await self.read(
            lambda db: statements.group(db, group_key, keys, self._recent)
        )

    async def of_request(self, request: str) -> Incident | None:
        """Return the incident that holds the request "R-7", the newest or an older."""
        return await self.read(
            lambda db: statements.of_number(db, request, self._recent)
        )

    async def with_requests(self, limit: int = 200) -> list[Incident]:
        """Return the incidents of the newest requests, each once."""
        query = (
            sa.select(incident.c.id)
            .where(
                incident.c.id.in_(
                    sa.select(reference.c.incident).where(reference.c.id.like("R-%"))
                )
            )
            .order_by(incident.c.updated_at.desc())
            .limit(limit)
        )

        def run(db: sa.Connection) -> list[Incident | None]:
            keys: Sequence[str] = db.execute(query).scalars().all()
            return [statements.load(db, key, self._recent) for key in keys]

        return [found for found in await self.read(run) if found]

    async def of_answer(self, number: str) -> Incident | None:
        """Return the history of the endpoint that holds the gate's answer "G-3"."""
        return await self.read(
            lambda db: statements.of_number(db, number, self._recent)
        )

    async def of_card(self, activity: str) -> Incident | None:
        """Return the incident whose card was posted as this activity."""
        named = f'"activity":{json.dumps(activity)}'
        query = (
            sa.select(history.c.incident)
            .where(history.c.type == "CardShown")
            .where(history.c.body.contains(named, autoescape=True))
            .limit(1)
        )

        def run(db: sa.Connection) -> Incident | None:
            key = db.execute(query).scalar()
            return statements.load(db, key, self._recent) if key else None

        return await self.read(run)

    async def incidents(
        self,
        *,
        status: Sequence[str] = (),
        endpoint: str = "",
        having: type[Event] | None = None,
        limit: int = 500,
    ) -> list[Listed]:
        """Return the index, newest first; `having`: only where such an event stands."""
        query = sa.select(incident).order_by(incident.c.number.desc()).limit(limit)
        if having:
            said = (
                history.c.incident == incident.c.id,
                history.c.type == having.__name__,
            )
            query = query.where(sa.exists().where(*said))
        if status:
            query = query.where(incident.c.status.in_(status))
        if endpoint:
            query = query.where(incident.c.endpoint == endpoint)
        rows = await self.read(lambda db: db.execute(query).mappings().all())
        return [
            Listed(
                **{
                    **{k: v for k, v in row.items() if k != "number"},
                    "opened_at": moment(row["opened_at"]),
                    "updated_at": moment(row["updated_at"]),
                }
            )
            for row in rows
        ]

    async def append(
        self,
        before: Incident,
        events: Sequence[Event],
        follow: Sequence[Follow] = (),
        *,
        done: int | None = None,
        parked: tuple[int, str] | None = None,
        leader: tuple[Role, int] | None = None,
        beside: tuple[Incident, Sequence[Event]] | None = None,
    ) -> Incident:
        """Record `events` after `before` and queue what follows, all or nothing.

        An incident with the id "" is new and gets the next one. `done` removes the
        effect that was performed; `parked` keeps one for a person to see, with why.
        `beside`: what is recorded of the endpoint in the same breath, after its ledger.
        Raises Conflict, Deposed, Unwritable.
        """

        def run(db: sa.Connection) -> Incident:
            if leader:
                statements.fence(db, *leader)
            after = statements.append(db, before, events)
            if beside is not None:
                statements.append(db, *beside)
            rank = statements.urgency(after, events) if follow else 0
            for each in follow:
                statements.queue(db, after.id, each, rank)
            if done is not None:
                db.execute(sa.delete(outbox).where(outbox.c.id == done))
            if parked is not None:
                statements.park(db, *parked)
            return after

        # The ledgers' keys sort last: everybody comes to incidents first, then to those.
        key = beside[0].id if beside else before.id or before.group_key
        after = await self.write(run, key=key)
        self._recent.keep(after)
        self.changed.set()
        return after

    async def number(self, name: str) -> int:
        """Return the next number of a series: 1, 2, 3 …; gaps are possible."""
        return await self.write(
            lambda db: statements.next_number(db, name), key=f"counter:{name}"
        )

    # -- conversations ----------------------------------------------------------------

    async def remember(self, key: str, reference: dict[str, Any], at: datetime) -> None:
        """Keep where we may speak; the newest reference wins."""
        row = {"id": key, "reference": json.dumps(reference), "updated_at": micros(at)}

        def run(db: sa.Connection) -> None:
            db.execute(sa.delete(conversation).where(conversation.c.id == key))
            db.execute(sa.insert(conversation).values(row))

        await self.write(run, key=f"conversation:{key}")
        self.changed.set()

    async def reference(self, key: str) -> dict[str, Any] | None:
        query = sa.select(conversation.c.reference).where(conversation.c.id == key)
        found = await self.read(lambda db: db.execute(query).scalar())
        return None if found is None else dict(json.loads(found))
