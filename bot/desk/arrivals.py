"""Where we may speak: kept when the bot is installed, and what waited for it is sent."""

from bot.incident import Answer, Reply, SendDigest, ShowCard
from bot.turns import Installed
from bot.worker import Means

TEAM = "team"  # under which the newest reference of a team is kept


class Arrivals:
    def __init__(self, means: Means) -> None:
        self._means = means

    async def installed(self, turn: Installed) -> None:
        """Remember the place; cards that could not be posted for want of it are."""
        store, now = self._means.store, self._means.clock()
        reference = {**turn.reference}
        await store.remember(turn.conversation, reference, now)
        if turn.person:
            # under which `Chat.personal` looks for it
            await store.remember(f"person/{turn.person}", reference, now)
        if turn.team:
            await store.remember(TEAM, reference, now)
        if not turn.person:
            await store.outbox.revive((ShowCard, Reply, SendDigest, Answer), now)

    async def met(self, place: Installed) -> None:
        """Remember where somebody spoke to us, if its installation never reached us."""
        if await self._means.store.reference(place.conversation) is None:
            await self.installed(place)
