"""A model over a period, from what the store and the shelf hold."""

from collections.abc import Collection

from bot import evidence
from bot.evidence import model
from bot.evidence.listing import of_model
from bot.evidence.sealed import Sealed
from bot.period import Period
from bot.worker.means import Means

Gathered = tuple[Sealed, dict[str, bytes]]


async def gather(means: Means, endpoints: Collection[str], period: Period) -> Gathered:
    """Return histories and frozen parts. Raises NotKept, Differs of the shelf."""
    archive = means.archive
    public = archive.key.public_key() if archive else None
    sealed = await means.store.read(
        lambda db: evidence.read(db, of_model(db, list(endpoints), period), public)
    )
    if archive is None:
        return sealed, {}
    return sealed, await evidence.objects(archive.shelf, sealed, model.PARTS)
