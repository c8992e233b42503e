"""Who read evidence: recorded before it is given away, a journal a day and endpoint.

A record in the incident's own history would change the packet that was just read.
"""

from datetime import timedelta

from bot.approval.oversight import EvidenceRead, readers_of
from bot.incident import Actor, Incident
from bot.store import Conflict
from bot.worker.means import Means

ONE = timedelta(minutes=10)  # what is read again and again within it is one reading
_TRIES = 8  # when somebody else reads at the same moment


async def note(
    means: Means,
    by: Actor | None,
    endpoint: str,
    of: str,
    how: str,
    *,
    again: timedelta = timedelta(),
) -> None:
    """Record a reading of what concerns `endpoint` (ARM id); else it is not to be had.

    The same by the same person within `again` is one reading: a program that polls, a
    search at each key. Raises Conflict, Unwritable.
    """
    read = EvidenceRead(at=means.clock(), by=by, of=of, how=how)
    for left in reversed(range(_TRIES)):
        journal = await means.store.journal(readers_of(endpoint, read.at))
        if again and _known(journal, read, again):
            return
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
        journal = await means.store.journal(readers_of(endpoint, day))
        found += reversed(journal.every(EvidenceRead))
    return found


def _known(journal: Incident, read: EvidenceRead, again: timedelta) -> bool:
    found = (read.by, read.of, read.how)
    return any(
        (each.by, each.of, each.how) == found and read.at - each.at < again
        for each in reversed(journal.every(EvidenceRead))
    )
