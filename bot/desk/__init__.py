"""The desk: hears what people do in Teams, writes it down, answers at once.

It never waits for Teams, and for Azure only before an approval, two seconds at most. A
change is recorded here; what follows is queued.
"""

from bot import turns
from bot.desk.arrivals import TEAM, Arrivals
from bot.desk.deciding import Deciding
from bot.desk.finding import Finding
from bot.desk.looking import Looking
from bot.desk.pressing import Pressing
from bot.desk.typing_ import Typing
from bot.store import Unwritable
from bot.turns import DialogAsked, DialogSent, Installed, Pressed, Searched, Typed
from bot.worker import Means

__all__ = ["TEAM", "Desk"]


HEARD = 1000  # messages remembered, for those that Teams delivers again


class Desk:
    """Implements `turns.Desk` over the store."""

    def __init__(self, means: Means) -> None:
        finding = Finding(means)
        deciding = Deciding(means, finding)
        self._typing = Typing(means, finding, deciding)
        self._pressing = Pressing(means, finding, deciding)
        self._arrivals = Arrivals(means)
        self._looking = Looking(means)
        self._heard: dict[tuple[str, str], None] = {}  # newest messages, in order

    async def hear(self, turn: turns.Turn) -> turns.Answer:
        """Return what the person gets to see at once."""
        try:
            match turn:
                case Installed():
                    await self._arrivals.installed(turn)
                    return turns.Nothing()
                case Typed():
                    return await self._typed(turn)
                case DialogAsked():
                    return await self._pressing.dialog(turn)
                case DialogSent() | Pressed():
                    return await self._pressing.pressed(turn)
                case Searched():
                    return await self._looking.searched(turn)
        except Unwritable:
            text = "This cannot be recorded right now, so nothing was done. Try again."
            return turns.Wrong(text, 500)

    async def _typed(self, turn: Typed) -> turns.Answer:
        """Hear a message once: one that was delivered again is passed over."""
        key = (turn.conversation, turn.activity)
        if turn.activity and key in self._heard:
            return turns.Nothing()
        self._heard[key] = None
        while len(self._heard) > HEARD:
            del self._heard[next(iter(self._heard))]
        try:
            if turn.place:
                await self._arrivals.met(turn.place)
            return await self._typing.typed(turn)
        except BaseException:
            self._heard.pop(key, None)  # not done, so it may come again
            raise
