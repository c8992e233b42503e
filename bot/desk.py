"""The desk: hears what people do in Teams, writes it down, answers at once.

It never waits for Teams, and for Azure only before an approval, two seconds at most. A
change is recorded here; what follows is queued.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import cards
from bot import turns
from bot.commands import Ask, Command, Words, commands
from bot.commands.reading import incident_id, request_id, understand
from bot.consequences import follow
from bot.incident import (
    OPEN,
    Actor,
    Answer,
    CommandRefused,
    EndpointState,
    Follow,
    Incident,
    Refused,
    RollbackStale,
)
from bot.period import period
from bot.ports import Impossible, Unavailable
from bot.store import Conflict, Unwritable
from bot.turns import DialogAsked, DialogSent, Installed, Pressed, Typed
from bot.watch import Endpoint, Person
from bot.worker import Means, render
from cards.view import View

LOOK_S = 2.0  # of Teams' five seconds; the executor looks again in any case
TRIES = 8  # to decide again when somebody else was first
TEAM = "team"  # under which the newest reference of a team is kept
CHANNEL = "@thread."  # what the id of a channel has in it, and a chat's has not


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where somebody asks, and so what they may see from there."""

    conversation: str
    reply_to: str


class Desk:
    """Implements `turns.Desk` over the store."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def hear(self, turn: turns.Turn) -> turns.Answer:
        """Return what the person gets to see at once."""
        try:
            match turn:
                case Installed():
                    await self._installed(turn)
                    return turns.Nothing()
                case Typed():
                    return await self._typed(turn)
                case DialogAsked():
                    return await self._dialog(turn)
                case DialogSent() | Pressed():
                    return await self._pressed(turn)
        except Unwritable:
            text = "This cannot be recorded right now, so nothing was done. Try again."
            return turns.Wrong(text, 500)

    # -- typed ------------------------------------------------------------------------

    async def _typed(self, turn: Typed) -> turns.Answer:
        place = _Place(
            conversation=turn.conversation, reply_to=turn.thread or turn.activity
        )
        try:
            command, words = understand(turn.text)
            person = await self._permit(command, words, turn)
            if card := command.answers(words):
                about = await self._about(command, words, place.conversation)
                await self._say(place, card, about)
                return turns.Nothing()
            incident = await self._decide(
                command, words, turn.actor, person, place.conversation
            )
        except Refused as refused:
            await self._say(place, "error", {"reason": str(refused)})
            return turns.Nothing()
        if incident.card is None or incident.card.activity != place.reply_to:
            await self._say(place, "text", {"text": self._noted(command, incident)})
        return turns.Nothing()

    def _noted(self, command: Command, incident: Incident) -> str:
        """Return what was changed, or that nothing was."""
        newest = incident.history[-1]
        if isinstance(newest, RollbackStale):
            return f"Not approved: {newest.reason}. Nothing was changed; ask again."
        what = incident.id
        if command.about == "endpoint":
            what = self._means.endpoint(incident).name
        return f"Noted on {what}: {command.verb}."

    async def _permit(
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
            found = await self._find(command, words, turn.conversation)
        except Refused:
            return
        await self._refusal(found, turn.actor, command.verb, reason)

    async def _about(
        self, command: Command, words: Words, conversation: str
    ) -> Mapping[str, str]:
        if command.about == "nothing":
            return words
        if words.get("model"):
            return self._months(words, conversation)
        incident = await self._find(command, words, conversation)
        return {**words, "incident": incident.id, "on": incident.endpoint}

    def _months(self, words: Words, conversation: str) -> Mapping[str, str]:
        """Return the period of a model that may be spoken of here. Raises Refused."""
        asked = words["model"]
        seen = [
            e.id
            for e in self._means.watch.of_model(asked)
            if self._in_sight(
                Incident(id="", group_key="", endpoint=e.id), conversation
            )
        ]
        if not seen:
            raise Refused(f'There is no model or incident "{asked[:40]}" here.')
        try:
            span = period(words.get("period") or "90d", self._means.clock())
        except ValueError as error:
            raise Refused(str(error)) from None
        start, end = (moment.isoformat() for moment in span)
        return {"model": asked, "from": start, "to": end, "on": " ".join(seen)}

    async def _say(self, place: _Place, card: str, about: Mapping[str, str]) -> None:
        """Queue an answer: it survives a kill, and Teams may be slow."""
        effect = Answer(place.conversation, place.reply_to, card, about)
        await self._means.store.outbox.queue(
            "", Follow(effect=effect, due_at=self._means.clock())
        )

    # -- buttons ----------------------------------------------------------------------

    async def _pressed(self, turn: Pressed | DialogSent) -> turns.Answer:
        data, verb = turn.data, turn.verb
        if not self._genuine(data):
            return turns.Wrong("This button is not one of ours. Nothing was changed.")
        if verb == "refresh" or getattr(turn, "trigger", "manual") == "automatic":
            return await self._refresh(turn)
        command = commands().get(verb)
        if command is None or command.decide is None:
            return turns.Wrong("This card is too old for that button; ask for it anew.")
        words = {**turn.inputs, "incident": data["id"]}
        if ref := data.get("ref"):
            # Our cards write it one way; what is merely like it is not from them.
            words["request"] = ref if ref == request_id(ref) else "of this button"
        try:
            person = await self._permit(command, words, turn)
            incident = await self._decide(
                command, words, turn.actor, person, turn.conversation
            )
        except Refused as refused:
            return turns.Say(str(refused))
        return turns.ShowCard(cards.show(self._view(incident, turn.actor)).card)

    async def _refresh(self, turn: Pressed | DialogSent) -> turns.Answer:
        incident = await self._means.store.load(turn.data["id"])
        if incident is None or not self._in_sight(incident, turn.conversation):
            return turns.Nothing()
        return turns.ShowCard(cards.show(self._view(incident, turn.actor)).card)

    async def _dialog(self, turn: DialogAsked) -> turns.Answer:
        if not self._genuine(turn.data):
            return turns.Wrong("This button is not one of ours.")
        command = commands().get(turn.verb)
        if command is None or not command.card:
            return turns.Wrong("This card is too old for that button; ask for it anew.")
        try:
            command.permit(turn.actor, self._means.watch)
            words = {"incident": turn.data["id"]}
            incident = await self._find(command, words, turn.conversation)
        except Refused as refused:
            return turns.Say(str(refused))
        shown = await render(self._means, command.card, {"incident": incident.id})
        return turns.Dialog(shown.card, f"{command.verb.capitalize()} {incident.id}")

    def _genuine(self, data: Mapping[str, str]) -> bool:
        """Return whether our own card holds this button: id and revision are signed."""
        key, revision = data.get("id", ""), data.get("rev", "")
        if not (key.isascii() and revision.isascii() and revision.isdigit()):
            return False
        if len(key) > 20 or len(revision) > 9:  # noqa: PLR2004 ours are shorter
            return False
        expected = self._means.sign(key, int(revision))
        return hmac.compare_digest(expected.encode(), data.get("t", "").encode())

    # -- deciding ---------------------------------------------------------------------

    async def _decide(
        self,
        command: Command,
        words: Words,
        actor: Actor,
        person: Person,
        conversation: str,
    ) -> Incident:
        """Record what the command decides; decide again when somebody was first."""
        live = await self._live(command, words, conversation)
        for _ in range(TRIES):
            incident = await self._find(command, words, conversation)
            ask = Ask(
                actor=actor,
                person=person,
                now=self._means.clock(),
                watch=self._means.watch,
                incident=incident,
                endpoint=self._means.endpoint(incident),
                words=words,
                ledger=await self._means.store.ledger(incident.endpoint),
                live=live,
            )
            try:
                events = command.decide(ask) if command.decide else ()
                return await self._means.store.append(
                    incident, events, follow(incident, events)
                )
            except Refused as refused:
                await self._refusal(incident, actor, command.verb, str(refused))
                raise
            except Conflict:
                continue
        raise Refused("Many people changed this at once; please try again.")

    async def _live(
        self, command: Command, words: Words, conversation: str
    ) -> EndpointState | None:
        """Return what Azure serves right now, None when it does not say so in time."""
        if not command.looks or self._means.workspace is None:
            return None
        incident = await self._find(command, words, conversation)
        try:
            async with asyncio.timeout(LOOK_S):
                return await self._means.workspace.state(incident.endpoint)
        except (TimeoutError, Unavailable, Impossible):
            return None

    async def _refusal(
        self, incident: Incident, actor: Actor, verb: str, reason: str
    ) -> None:
        """Keep in the history that somebody tried."""
        event = CommandRefused(
            at=self._means.clock(), by=actor, verb=verb, reason=reason
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

    async def _find(
        self, command: Command, words: Words, conversation: str
    ) -> Incident:
        """Return the incident that is meant. Raises Refused: which one, or where."""
        store = self._means.store
        found: Incident | None
        if command.about == "request":
            found = await self._requested(command, words.get("request", ""))
        elif command.about == "endpoint":
            found = await self._ledger(command, words.get("endpoint", ""))
        else:
            typed = words.get("incident", "")
            if not typed:
                raise Refused(f"Which one? For example: {command.usage}")
            found = await store.load(incident_id(typed)) if incident_id(typed) else None
            if found is None and command.about == "endpoint or incident":
                found = await self._open_on(typed)
            if found is None:
                raise Refused(f'There is no incident "{typed[:40]}". Try "alerts".')
        if not self._in_sight(found, conversation):
            raise Refused(f"{found.id} belongs to another channel; ask there.")
        return found

    async def _requested(self, command: Command, request: str) -> Incident:
        if not request:
            raise Refused(f"Which request? For example: {command.usage}")
        found = await self._means.store.of_request(request)
        if found is None:
            raise Refused(f"There is no request {request}.")
        return found

    async def _ledger(self, command: Command, name: str) -> Incident:
        endpoint = self._named(name)
        if endpoint is None:
            raise Refused(f"Which endpoint? For example: {command.usage}")
        return await self._means.store.ledger(endpoint.id)

    def _named(self, name: str) -> Endpoint | None:
        endpoints = self._means.watch.named(name)
        if len(endpoints) > 1:
            raise Refused(
                f"Several endpoints are called {name}; use the incident's id."
            )
        return endpoints[0] if endpoints else None

    async def _open_on(self, name: str) -> Incident | None:
        """Return the newest open incident of an endpoint, or a new one."""
        endpoint = self._named(name)
        if endpoint is None:
            return None
        listed = await self._means.store.incidents(
            status=OPEN, endpoint=endpoint.id, limit=1
        )
        if not listed:
            group = f"{endpoint.id} request"
            return Incident(id="", group_key=group, endpoint=endpoint.id)
        return await self._means.store.load(listed[0].id)

    def _in_sight(self, incident: Incident, conversation: str) -> bool:
        """Return whether a conversation may see the incident: its channel, or a chat."""
        endpoint = self._means.watch.endpoint(incident.endpoint)
        if endpoint is None:
            return False
        if CHANNEL not in conversation:
            return True
        return self._means.watch.channels[endpoint.channel].id == conversation

    def _view(self, incident: Incident, viewer: Actor) -> View:
        view = self._means.view(incident)
        return View(
            incident=view.incident,
            endpoint=view.endpoint,
            watch=view.watch,
            now=view.now,
            links=view.links,
            sign=view.sign,
            viewer=viewer,
        )

    async def _installed(self, turn: Installed) -> None:
        """Remember where we may speak."""
        store, now = self._means.store, self._means.clock()
        reference = {**turn.reference}
        await store.remember(turn.conversation, reference, now)
        if turn.team:
            await store.remember(TEAM, reference, now)
