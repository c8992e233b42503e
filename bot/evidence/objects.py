"""The frozen objects that a history refers to."""

from collections.abc import Collection

from bot.evidence.sealed import Sealed
from bot.evidence.shelf import Shelf, fetch, object_name
from bot.incident import EvidenceCollected, Incident, RollbackRequested

CAPTURED = "captured"  # the part that a request was bound to


async def objects(
    shelf: Shelf, sealed: Sealed, parts: Collection[str] | None = None
) -> dict[str, bytes]:
    """Return the objects that the incidents name, by SHA-256, as far as they are there.

    `parts`: of these names alone. Raises Differs when one was changed, NotKept when the
    shelf does not answer.
    """
    named = {
        digest
        for incident in sealed.incidents()
        for event in incident.every(EvidenceCollected)
        for part, digest in event.digests.items()
        if parts is None or part in parts
    }
    if parts is None or CAPTURED in parts:
        named |= {d for incident in sealed.incidents() for d in captured(incident)}
    found = {digest: await fetch(shelf, digest) for digest in sorted(named)}
    return {digest: content for digest, content in found.items() if content is not None}


def captured(incident: Incident) -> set[str]:
    """Return the digests of the documents, redacted, that requests were bound to."""
    return {e.kept for e in incident.every(RollbackRequested) if e.kept}


async def at_hand(shelf: Shelf, incident: Incident) -> dict[str, bytes]:
    """Return what lies under the digests of the newest collection, unchecked.

    For the page, which compares each with its digest and says what was changed.
    Raises NotKept when the shelf does not answer.
    """
    event = incident.last(EvidenceCollected)
    found = {}
    for digest in sorted(set(event.digests.values())) if event else ():
        content = await shelf.get(object_name(digest))
        if content is not None:
            found[digest] = content
    return found
