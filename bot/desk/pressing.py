"""What is pressed: buttons, dialogs, and the refresh that a client asks for by itself."""

from collections.abc import Mapping
from dataclasses import replace

import cards
from bot import turns
from bot.commands import Command, commands
from bot.commands.naming import request_id
from bot.desk.deciding import Deciding
from bot.desk.finding import Finding
from bot.incident import Actor, CardShown, Follow, Incident, Refused, RemoveCopy
from bot.turns import DialogAsked, DialogSent, Pressed
from bot.worker import Means, reads, render
from cards import dialogs, superseded
from cards.view import View


class Pressing:
    def __init__(self, means: Means, finding: Finding, deciding: Deciding) -> None:
        self._means, self._finding, self._deciding = means, finding, deciding

    async def pressed(self, turn: Pressed | DialogSent) -> turns.Answer:
        data, verb = turn.data, turn.verb
        if not self._genuine(data):
            return turns.Wrong("This button is not one of ours. Nothing was changed.")
        if verb == "refresh" or getattr(turn, "trigger", "manual") == "automatic":
            return await self._refresh(turn)
        command = commands().get(verb)
        if command is None or command.decide is None:
            return turns.Wrong("This card is too old for that button; ask for it anew.")
        return await self._copy(turn) or await self._done(command, turn)

    async def _done(self, command: Command, turn: Pressed | DialogSent) -> turns.Answer:
        data = turn.data
        words = {**turn.inputs, "incident": data["id"]}
        if ref := data.get("ref"):
            # Our cards write it one way; what is merely like it is not from them.
            words["request"] = ref if ref == request_id(ref) else "of this button"
        person = None
        try:
            person = await self._deciding.permit(command, words, turn)
            incident = await self._deciding.decide(
                command,
                words,
                turn.actor,
                person,
                turn.conversation,
                since=int(data["rev"]),
                pressed=" ".join(
                    (command.verb, data["rev"], data.get("ref", ""))
                ).strip(),
            )
        except Refused as refused:
            asked = await self._again(turn, str(refused)) if person else None
            return asked or turns.Say(str(refused))
        if isinstance(turn, DialogSent):
            return (
                turns.Nothing()
            )  # it closes; the message below is edited for everyone
        return turns.ShowCard(cards.show(self._view(incident, turn.actor)).card)

    async def _again(self, turn: Pressed | DialogSent, why: str) -> turns.Answer | None:
        """Return the dialog that was sent, as it was filled in; None when it was none."""
        asks = dialogs.ASKS.get(turn.verb) if isinstance(turn, DialogSent) else None
        incident = await self._means.store.load(turn.data["id"]) if asks else None
        seen = incident and self._means.watch.in_sight(
            incident.endpoint, turn.conversation
        )
        if asks is None or incident is None or not seen:
            return None
        asked = asks(self._view(incident, turn.actor))
        shown = dialogs.again(asked, turn.inputs, why)
        return turns.Dialog(shown.card, _title(turn.verb, incident))

    async def _copy(self, turn: Pressed | DialogSent) -> turns.Answer | None:
        """Return what takes the place of a second copy of a card, None on the first.

        A send whose answer was lost, and that could not be looked up, leaves one.
        """
        incident = await self._means.store.load(turn.data["id"])
        if incident is None or incident.card is None or not turn.activity:
            return None
        known = {e.activity for e in incident.every(CardShown)}
        where = incident.card.conversation
        if turn.activity in known or turn.conversation != where:
            return None
        away = RemoveCopy(where, turn.activity)
        now = self._means.clock()
        await self._means.store.outbox.queue(
            incident.id, Follow(effect=away, due_at=now)
        )
        if isinstance(turn, DialogSent):
            return turns.Say("That card was a copy; use the other one in this channel.")
        return turns.ShowCard(superseded.render(self._view(incident, turn.actor)).card)

    async def _refresh(self, turn: Pressed | DialogSent) -> turns.Answer:
        incident = await self._means.store.load(turn.data["id"])
        watch = self._means.watch
        if incident is None or not watch.in_sight(incident.endpoint, turn.conversation):
            return turns.Nothing()
        return turns.ShowCard(cards.show(self._view(incident, turn.actor)).card)

    async def dialog(self, turn: DialogAsked) -> turns.Answer:
        if not self._genuine(turn.data):
            return turns.Wrong("This button is not one of ours.")
        command = commands().get(turn.verb)
        asks = dialogs.ASKS.get(turn.verb)
        if command is None or not (command.card or asks):
            return turns.Wrong("This card is too old for that button; ask for it anew.")
        try:
            command.permit(turn.actor, self._means.watch)
            words = {"incident": turn.data["id"]}
            incident = await self._finding.find(command, words, turn.conversation)
        except Refused as refused:
            return turns.Say(str(refused))
        title = _title(command.verb, incident)
        if asks:
            return turns.Dialog(asks(self._view(incident, turn.actor)).card, title)
        if command.verb == "evidence":
            about = incident.endpoint, incident.id, "card"
            await reads.note(self._means, turn.actor, *about)
        shown = await render(self._means, command.card, {"incident": incident.id})
        return turns.Dialog(shown.card, title)

    def _genuine(self, data: Mapping[str, str]) -> bool:
        """Return whether our own card holds this button: id and revision are signed."""
        key, revision = data.get("id", ""), data.get("rev", "")
        if not (key.isascii() and revision.isascii() and revision.isdigit()):
            return False
        if len(key) > 20 or len(revision) > 9:  # noqa: PLR2004 ours are shorter
            return False
        return self._means.signed(data.get("t", ""), key, int(revision))

    def _view(self, incident: Incident, viewer: Actor) -> View:
        return replace(self._means.view(incident), viewer=viewer)


def _title(verb: str, incident: Incident) -> str:
    return f"{verb.capitalize()} {incident.id}"
