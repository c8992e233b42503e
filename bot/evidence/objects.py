"""The frozen objects that a history refers to."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable

from bot.evidence.sealed import Sealed
from bot.evidence.shelf import Shelf, fetch, object_name
from bot.incident import EvidenceCollected, Incident, RollbackRequested

CAPTURED = "captured"  # the part that a request was bound to
AT_ONCE = 16  # a container answers in 20 to 50 ms: a thousand in a row take a minute


async def objects(
    shelf: Shelf, sealed: Sealed, parts: Collection[str] | None = None
) -> dict[str, bytes]:
    """Return the objects that the incidents name, by SHA-256, as far as they are there.

    `parts`: of these names alone. Raises Differs when one was changed, NotKept when the
    shelf does not answer.
    """
    named: set[str] = set()
    for incident in sealed.incidents():
        for event in incident.every(EvidenceCollected):
            ours = event.digests.items()
            named |= {d for part, d in ours if parts is None or part in parts}
        if parts is None or CAPTURED in parts:
            named |= captured(incident)
    return await _several(named, lambda digest: fetch(shelf, digest))


async def _several(
    digests: Iterable[str], get: Callable[[str], Awaitable[bytes | None]]
) -> dict[str, bytes]:
    """Return what `get` has, by digest and in their order; the first failure is raised."""
    waiting = sorted(set(digests))
    found: dict[str, bytes] = {}
    left = iter(waiting)

    async def one_by_one() -> None:
        for digest in left:
            content = await get(digest)
            if content is not None:
                found[digest] = content

    takers = [asyncio.ensure_future(one_by_one()) for _ in waiting[:AT_ONCE]]
    try:
        await asyncio.gather(*takers)
    finally:
        for taker in takers:
            taker.cancel()
        await asyncio.gather(*takers, return_exceptions=True)
    return {digest: found[digest] for digest in waiting if digest in found}


def captured(incident: Incident) -> set[str]:
    """Return the digests of the documents, redacted, that requests were bound to."""
    return {e.kept for e in incident.every(RollbackRequested) if e.kept}


async def at_hand(shelf: Shelf, incident: Incident) -> dict[str, bytes]:
    """Return what lies under the digests of the newest collection, unchecked.

    For the page, which compares each with its digest and says what was changed.
    Raises NotKept when the shelf does not answer.
    """
    event = incident.last(EvidenceCollected)
    named = event.digests.values() if event else ()
    return await _several(named, lambda digest: shelf.get(object_name(digest)))
