"""The frozen objects that a history refers to."""

from bot.evidence.sealed import Sealed
from bot.evidence.shelf import Shelf, fetch
from bot.incident import EvidenceCollected


async def objects(shelf: Shelf, sealed: Sealed) -> dict[str, bytes]:
    """Return the objects that the incidents name, by SHA-256, as far as they are there.

    Raises Differs when one was changed, NotKept when the shelf does not answer.
    """
    named = {
        digest
        for incident in sealed.incidents()
        for event in incident.every(EvidenceCollected)
        for digest in event.digests.values()
    }
    found = {digest: await fetch(shelf, digest) for digest in sorted(named)}
    return {digest: content for digest, content in found.items() if content is not None}
