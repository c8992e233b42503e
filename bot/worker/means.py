"""What the worker works with."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import sqlalchemy as sa

from bot.consequences import follow
from bot.evidence.archive import Archive
from bot.incident import Event, Incident
from bot.ports import Chat, Mover, Portal, Trainer, Workflow, Workspace
from bot.store import Conflict, Due, Leader, Store, Unwritable
from bot.watch import Endpoint, WatchList
from cards import Links, View

DATABASE = (sa.exc.DBAPIError, Unwritable)  # it does not answer; nothing of ours
CONFLICTS = 20  # tries before we believe that something is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Store, ports, watch list, and the sources of time and chance.

    The executor has no chat and the driver no mover: neither can do the other's work.
    """

    store: Store
    watch: WatchList
    clock: Callable[[], datetime]
    random: Random
    links: Links
    sign: Callable[[str, int], str]
    # Token, incident, revision: whether we signed it. The executor hears no button.
    signed: Callable[[str, str, int], bool] = lambda _token, _key, _revision: False
    workspace: Workspace | None = None
    chat: Chat | None = None
    workflow: Workflow | None = None
    portal: Portal | None = None
    portal_every: timedelta = timedelta(minutes=5)  # an open alert is looked at
    mover: Mover | None = None
    trainer: Trainer | None = None
    archive: Archive | None = None
    patience_s: float = 1.5  # an answer that takes longer is announced meanwhile
    # When somebody was last told that a channel takes no cards, by the channel's key.
    told_late: dict[str, datetime] = field(default_factory=dict)
    # The last sign of life of a role that we saw, and when, by the event loop's time.
    heard: dict[str, tuple[datetime | None, float]] = field(default_factory=dict)
    shift_limit: timedelta = timedelta(minutes=20)  # for Azure to finish a move
    # After a crash, how long a PUT that was under way may take to be seen in Azure.
    shift_settles: timedelta = timedelta(minutes=1)
    job_poll: timedelta = timedelta(seconds=30)  # between looks at a training job
    # One request at a time is made of what was asked on an endpoint, by its ARM id.
    asking: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )

    def view(self, incident: Incident) -> View:
        return View(
            incident=incident,
            endpoint=self.endpoint(incident),
            watch=self.watch,
            now=self.clock(),
            links=self.links,
            sign=self.sign,
        )

    async def incident(self, due: Due) -> Incident:
        """Return the incident of an effect; one without it is a fault of ours."""
        found = await self.store.load(due.incident)
        if found is None:
            raise LookupError(due.incident)
        return found

    def endpoint(self, incident: Incident) -> Endpoint:
        """Return the incident's endpoint; Forgotten when the watch list lost it."""
        found = self.watch.endpoint(incident.endpoint)
        if found is None:
            raise Forgotten(incident.endpoint.rsplit("/", 1)[-1])
        return found


class Forgotten(Exception):
    """The endpoint is no longer on the watch list."""


async def record(
    means: Means,
    key: str,
    decide: Callable[[Incident], tuple[Event, ...]],
    leader: Leader,
    *,
    done: int | None = None,
    parked: tuple[int, str] | None = None,
) -> Incident:
    """Append what `decide` says of the incident's newest state, with what follows.

    Deciding again when somebody else was first is the whole of our locking.
    """
    for _ in range(CONFLICTS):
        incident = await means.store.load(key)
        if incident is None:
            raise LookupError(key)
        events = decide(incident)
        try:
            return await means.store.append(
                incident,
                events,
                follow(incident, events),
                done=done,
                parked=parked,
                leader=(leader.role, leader.epoch),
            )
        except Conflict:
            continue
    raise Conflict(key)
