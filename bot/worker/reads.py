"""Who read evidence: recorded before it is given away, a journal a day and endpoint.

A record in the incident's own history would change the packet that was just read.
"""

from datetime import datetime, timedelta

from bot.incident import Actor
from bot.oversight import EvidenceRead
from bot.store import Conflict
from bot.worker.means import Means

_TRIES = 8  # when somebody else reads at the same moment


async def note(
    means: Means, by: Actor | None, endpoint: str, of: str, how: str
) -> None:
    """Record a reading of what concerns `endpoint` (ARM id); else it is not to be had.

    Raises Conflict, Unwritable.
    """
    read = EvidenceRead(at=means.clock(), by=by, of=of, how=how)
    for left in reversed(range(_TRIES)):
        journal = await means.store.journal(_name(endpoint, read.at))
        try:
            await means.store.append(journal, [read])
        except Conflict:
            if not left:
                raise
        else:
            return


async def readings(means: Means, endpoint: str, days: int) -> list[EvidenceRead]:
    """Return who read evidence about `endpoint` in the last `days`, newest first."""
    found: list[EvidenceRead] = []
    for back in range(days):
        day = means.clock() - timedelta(days=back)
        journal = await means.store.journal(_name(endpoint, day))
        found += reversed(journal.every(EvidenceRead))
    return found


def _name(endpoint: str, at: datetime) -> str:
    return f"reads/{at:%Y-%m-%d}{endpoint}"
