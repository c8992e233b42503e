"""The message extension: find evidence by a word, to put it into a message."""

from bot import turns
from bot.commands import commands
from bot.commands.naming import incident_id
from bot.incident import Incident, Refused
from bot.turns import Searched
from bot.worker import Means, reads
from bot.worker.means import Forgotten
from cards import evidence, situation
from cards.figures import utc
from cards.findings import fired_at
from cards.words import clean

MOST = 8  # results; Teams scrolls after five
_LOOKED_AT = 200  # newest incidents, among which a word is searched


class Looking:
    def __init__(self, means: Means) -> None:
        self._means = means

    async def searched(self, turn: Searched) -> turns.Answer:
        """Return the newest incidents that fit, with their evidence as cards."""
        try:
            commands()["evidence"].permit(turn.actor, self._means.watch)
        except Refused as refused:
            return turns.Say(str(refused))
        found = []
        for incident in await self._incidents(turn):
            if (result := self._result(incident)) is None:
                continue
            about = incident.endpoint, incident.id, "search"
            await reads.note(self._means, turn.actor, *about, again=reads.ONE)
            found.append(result)
        return turns.Found(tuple(found))

    async def _incidents(self, turn: Searched) -> list[Incident]:
        store, watch = self._means.store, self._means.watch
        wanted = turn.text.lower()
        key = incident_id(wanted)
        if key and (one := await store.load(key)) is not None:
            seen = watch.in_sight(one.endpoint, turn.conversation)
            return [one] if seen else []
        keys = [
            listed.id
            for listed in await store.incidents(limit=_LOOKED_AT)
            if watch.in_sight(listed.endpoint, turn.conversation)
            and (endpoint := watch.endpoint(listed.endpoint)) is not None
            and (wanted in endpoint.name or wanted in endpoint.model.lower())
        ]
        found = [await store.load(k) for k in keys[:MOST]]
        return [i for i in found if i is not None]

    def _result(self, incident: Incident) -> tuple[turns.Card, str, str] | None:
        try:
            view = self._means.view(incident)
        except Forgotten:
            return None
        # Without buttons of ours: whoever reads the message may not be one of ours.
        shown = {k: v for k, v in evidence.render(view).card.items() if k != "actions"}
        title = clean(f"{incident.id}: {situation.headline(view)}", 80)
        return shown, title, f"{incident.status}, fired {utc(fired_at(incident))}"
