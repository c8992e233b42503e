"""Who may, what is decided, and its record: decided again when somebody was first."""

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta

from bot.commands import Ask, Command, Words
from bot.consequences import follow
from bot.desk.finding import Finding
from bot.incident import (
    Actor,
    CommandRefused,
    EndpointState,
    Event,
    Incident,
    Refused,
)
from bot.ports import Impossible, Unavailable
from bot.store import Conflict, Unwritable
from bot.turns import DialogSent, Pressed, Typed
from bot.watch import Person
from bot.worker import Means
from cards.words import redact

LOOK_S = 2.0  # of Teams' five seconds; the executor looks again in any case
TWICE = timedelta(minutes=2)  # within which Teams delivers a message again
TRIES = 9  # to decide again: on what Azure serves, and when somebody else was first


# what a repeat has otherwise
_MOMENTS = frozenset({"at", "until", "expires_at", "pressed"})


def repeated(incident: Incident, events: Sequence[Event], since: int) -> bool:
    """Return whether each of `events` stands in the history after `since` already."""
    later = [_said(event) for event in incident.history[since:]]
    return bool(events) and all(_said(event) in later for event in events)


def spent(incident: Incident, actor: Actor, pressed: str, since: int) -> bool:
    """Return whether that person has pressed that button of that card before.

    A button works once for each person, whatever it is sent with the second time: the
    history says so after a restart, and to every replica.
    """
    return bool(pressed) and any(
        event.pressed == pressed
        and event.by is not None
        and (event.by.tenant, event.by.id) == (actor.tenant, actor.id)
        for event in incident.history[since:]
    )


def again(incident: Incident, events: Sequence[Event], since: datetime) -> bool:
    """Return whether `events` is what a person last did there, and no earlier than that.

    Teams delivers a message again that it believes lost, perhaps to another process.
    """
    newest = next((e for e in reversed(incident.history) if _by(e)), None)
    same = newest is not None and [_said(e) for e in events] == [_said(newest)]
    return same and newest is not None and newest.at >= since


def _by(event: Event) -> object:
    return getattr(event, "by", None)


def _said(event: Event) -> tuple[object, ...]:
    told = [getattr(event, f.name) for f in fields(event) if f.name not in _MOMENTS]
    return (type(event), *told)


class Deciding:
    def __init__(self, means: Means, finding: Finding) -> None:
        self._means, self._finding = means, finding

    async def permit(
        self, command: Command, words: Words, turn: Typed | Pressed | DialogSent
    ) -> Person:
        """Return who asks. One who may not leaves a trace where they tried."""
        try:
            return command.permit(turn.actor, self._means.watch)
        except Refused as refused:
            if command.decide:
                await self._denied(command, words, turn, str(refused))
            raise

    async def _denied(
        self,
        command: Command,
        words: Words,
        turn: Typed | Pressed | DialogSent,
        reason: str,
    ) -> None:
        try:
            found = await self._finding.find(command, words, turn.conversation)
        except Refused:
            return
        await self._refusal(found, turn.actor, command.verb, reason)

    async def decide(
        self,
        command: Command,
        words: Words,
        actor: Actor,
        person: Person,
        conversation: str,
        *,
        since: int | None = None,
        pressed: str = "",
    ) -> Incident:
        """Record what the command decides; decide again when somebody was first.

        `since` is the revision of the card that was `pressed`: a press counts once, so
        a second delivery of it, or a double click, records nothing more; without one, what
        the same person says anew right after it is a second delivery too. Azure is asked
        only for what would be recorded: a refusal need not wait for it.
        """
        live, looked = None, False
        for _ in range(TRIES):
            incident = await self._finding.find(command, words, conversation)
            try:
                found = await self._events(
                    command, words, actor, person, incident, live
                )
                events = tuple(replace(event, pressed=pressed) for event in found)
                if since is not None and (
                    spent(incident, actor, pressed, since)
                    or repeated(incident, events, since)
                ):
                    return incident
                if since is None and again(
                    incident, events, self._means.clock() - TWICE
                ):
                    return incident
                if command.looks and not looked:
                    live, looked = await self._live(incident.endpoint), True
                    continue
                return await self._means.store.append(
                    incident, events, follow(incident, events)
                )
            except Refused as refused:
                await self._refusal(incident, actor, command.verb, str(refused))
                raise
            except Conflict:
                continue
        raise Refused("Many people changed this at once; please try again.")

    async def rehearse(
        self,
        command: Command,
        words: Words,
        actor: Actor,
        person: Person,
        conversation: str,
    ) -> tuple[Incident, tuple[Event, ...]]:
        """Return what would be recorded; nothing is. Raises Refused."""
        incident = await self._finding.find(command, words, conversation)
        live = await self._live(incident.endpoint) if command.looks else None
        return incident, await self._events(
            command, words, actor, person, incident, live
        )

    async def _events(
        self,
        command: Command,
        words: Words,
        actor: Actor,
        person: Person,
        incident: Incident,
        live: EndpointState | None,
    ) -> tuple[Event, ...]:
        ask = Ask(
            actor=actor,
            person=person,
            now=self._means.clock(),
            watch=self._means.watch,
            incident=incident,
            endpoint=self._means.endpoint(incident),
            words={name: redact(said) for name, said in words.items()},
            ledger=await self._means.store.ledger(incident.endpoint),
            live=live,
        )
        return command.decide(ask) if command.decide else ()

    async def _live(self, endpoint: str) -> EndpointState | None:
        """Return what Azure serves right now, None when it does not say so in time."""
        if self._means.workspace is None:
            return None
        try:
            async with asyncio.timeout(LOOK_S):
                return await self._means.workspace.state(endpoint)
        except (TimeoutError, Unavailable, Impossible):
            return None

    async def _refusal(
        self, incident: Incident, actor: Actor, verb: str, reason: str
    ) -> None:
        """Keep in the history that somebody tried."""
        event = CommandRefused(
            at=self._means.clock(), by=actor, verb=verb, reason=redact(reason)
        )
        if not incident.id:  # a refusal opens no incident
            incident = await self._means.store.ledger(incident.endpoint)
        for _ in range(TRIES):
            try:
                await self._means.store.append(incident, [event])
            except Conflict:
                latest = await self._means.store.load(incident.id)
                incident = latest or await self._means.store.ledger(incident.endpoint)
            else:
                return
        raise Unwritable("many wrote at once, so the refusal could not be kept")
