"""What is typed: understood, answered where it was asked, decided."""

from collections.abc import Mapping
from dataclasses import replace

from bot import turns
from bot.approval.oversight import EndpointSilenced
from bot.commands import Command, Words
from bot.commands.naming import incident_id
from bot.commands.reading import NothingAsked, understand
from bot.desk.deciding import Deciding
from bot.desk.finding import Finding, Place
from bot.incident import Actor, Answer, Follow, Incident, Refused, RollbackStale
from bot.turns import Typed
from bot.watch import Person
from bot.worker import Means, reads
from cards import figures, replies


class Typing:
    def __init__(self, means: Means, finding: Finding, deciding: Deciding) -> None:
        self._means, self._finding, self._deciding = means, finding, deciding

    async def typed(self, turn: Typed) -> turns.Answer:
        place = Place(
            conversation=turn.conversation,
            reply_to=turn.thread or turn.activity,
            thread=turn.thread,
        )
        try:
            here = await self._finding.of_thread(place)
            command, words = understand(turn.text, here)
            alone = self._alone(command, turn)
            seen = replace(turn, conversation="") if alone else turn
            person = await self._deciding.permit(command, words, seen)
            place = replace(place, alone=alone)
            if card := command.answers(words):
                about = await self._about(command, words, place)
                if command.verb == "evidence":
                    await self._read(turn, about)
                listed = command.listed and "incident" not in about
                await self._say(place, command.listed if listed else card, about)
            else:
                await self._change(command, words, turn, person, place)
        except NothingAsked as civil:
            await self._say(place, "text", {"text": str(civil)})
        except Refused as refused:
            await self._say(place, "error", {"reason": str(refused)})
        return turns.Nothing()

    def _alone(self, command: Command, turn: Typed) -> Actor | None:
        """Return who is to be answered alone: a group chat may hold anybody.

        What holds nothing of ours, as `help`, may be said there.
        """
        foreign = self._means.watch.is_foreign_chat(turn.conversation)
        return turn.actor if foreign and not command.guests else None

    async def _change(
        self, command: Command, words: Words, turn: Typed, person: Person, place: Place
    ) -> None:
        """Decide it, or say what it would be; the place it was asked in is told."""
        asked = (command, words, turn.actor, person, place.sight)
        if words.get("dry_run"):
            incident, events = await self._deciding.rehearse(*asked)
            view = self._means.view(incident)
            said = " ".join(replies.line(view, e) for e in events)
            text = f"Dry run, nothing was recorded. It would say: {said}"
            await self._say(place, "text", {"text": text})
            return
        incident = await self._deciding.decide(*asked)
        if incident.card is None or incident.card.activity != place.reply_to:
            await self._say(place, "text", {"text": self._noted(command, incident)})

    def _noted(self, command: Command, incident: Incident) -> str:
        """Return what was changed, as the incident's thread is told, or that nothing was."""
        newest = next(
            e
            for e in reversed(incident.history)
            if isinstance(e, RollbackStale) or getattr(e, "by", None)
        )
        if isinstance(newest, RollbackStale):
            return f"Not approved: {newest.reason}. Nothing was changed; ask again."
        if command.about != "endpoint":
            return replies.line(self._means.view(incident), newest)
        name = self._means.endpoint(incident).name
        until = ""
        if isinstance(newest, EndpointSilenced):
            until = f" Until {figures.utc(newest.until)}."
        return f"Noted on {name}: {command.verb}.{until}"

    async def _about(
        self, command: Command, words: Words, place: Place
    ) -> Mapping[str, str]:
        """Return what the card that answers is given: words, what they name, where."""
        told = {**words, "conversation": place.sight}
        if command.about == "nothing":
            return told
        if command.about == "incident or nothing":
            named = words.get("incident", "")
            if not named:
                raise Refused(f"Which one? For example: {command.usage}")
            if not incident_id(named):
                told["model"] = told.pop("incident")
                return told
        incident = await self._finding.find(command, words, place.sight)
        return {**told, "incident": incident.id, "on": incident.endpoint}

    async def _read(self, turn: Typed, about: Mapping[str, str]) -> None:
        """Record who is given evidence, of an incident or of all that a model has."""
        named = about.get("on") or ""
        wanted = self._means.watch.of_model(about.get("model", ""))
        of = about.get("incident") or about.get("model", "")[:40]
        for endpoint in [named] if named else [e.id for e in wanted]:
            await reads.note(self._means, turn.actor, endpoint, of, "card")

    async def _say(self, place: Place, card: str, about: Mapping[str, str]) -> None:
        """Queue an answer: it survives a kill, and Teams may be slow."""
        effect = Answer(place.conversation, place.reply_to, card, about)
        if place.alone:
            who, where = place.alone, place.conversation
            effect = replace(effect, alone=who.id, name=who.name, asked_in=where)
        await self._means.store.outbox.queue(
            "", Follow(effect=effect, due_at=self._means.clock())
        )
