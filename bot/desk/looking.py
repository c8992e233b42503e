"""The message extension: find evidence by a few words, to put it into a message."""

from collections.abc import AsyncIterator

from bot import turns
from bot.commands import commands
from bot.commands.naming import incident_id
from bot.desk.matching import wanted
from bot.incident import Refused
from bot.turns import Searched
from bot.worker import Means, reads
from bot.worker.means import Forgotten
from cards import evidence
from cards.figures import utc
from cards.findings import fired_at
from cards.headline import headline
from cards.view import View
from cards.words import clean

ELSEWHERE = (
    "Not everybody in this chat may see evidence. Look for it in the endpoint's channel "
    "or in your own chat with Watchkeeper."
)
MOST = 8  # results; Teams scrolls after five
_LOOKED_AT = 200  # newest incidents that may be seen from there


class Looking:
    def __init__(self, means: Means) -> None:
        self._means = means

    async def searched(self, turn: Searched) -> turns.Answer:
        """Return the newest incidents that fit, with their evidence as cards."""
        try:
            commands()["evidence"].permit(turn.actor, self._means.watch)
        except Refused as refused:
            return turns.Say(str(refused))
        if self._means.watch.is_foreign_chat(turn.conversation):
            return turns.Say(ELSEWHERE)
        found = []
        async for view in self._views(turn):
            about = view.incident.endpoint, view.incident.id, "search"
            await reads.note(self._means, turn.actor, *about, again=reads.ONE)
            found.append(_result(view))
        return turns.Found(tuple(found))

    async def _views(self, turn: Searched) -> AsyncIterator[View]:
        if incident_id(turn.text):
            view = await self._view(incident_id(turn.text), turn.conversation)
            if view is not None:
                yield view
            return
        found, fits = 0, wanted(turn.text)
        listed = await self._means.store.incidents()
        keys = [
            one.id
            for one in listed
            if self._means.watch.in_sight(one.endpoint, turn.conversation)
        ]
        for key in keys[:_LOOKED_AT]:
            view = await self._view(key, turn.conversation)
            if view is not None and fits(view):
                yield view
                found += 1
                if found == MOST:
                    return

    async def _view(self, key: str, conversation: str) -> View | None:
        """Return the incident, None when it cannot be seen from there."""
        incident = await self._means.store.load(key)
        if incident is None:
            return None
        if not self._means.watch.in_sight(incident.endpoint, conversation):
            return None
        try:
            return self._means.view(incident)
        except Forgotten:
            return None


def _result(view: View) -> tuple[turns.Card, str, str]:
    # Without buttons of ours: whoever reads the message may not be one of ours.
    shown = {k: v for k, v in evidence.render(view).card.items() if k != "actions"}
    incident = view.incident
    title = clean(f"{incident.id}: {headline(view)}", 80)
    return shown, title, f"{incident.status}, fired {utc(fired_at(incident))}"
