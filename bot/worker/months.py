"""A model over a period, from what the store holds: for a card, a page or a pack."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

from bot import evidence
from bot.evidence import bundle, model
from bot.evidence.listing import of_model
from bot.evidence.sealed import Sealed
from bot.levels import summary, words
from bot.period import Period
from bot.worker.means import Means
from cards import pack
from cards.view import Rendered

Gathered = tuple[Sealed, dict[str, bytes]]


async def gather(means: Means, endpoints: Collection[str], period: Period) -> Gathered:
    """Return histories and frozen parts. Raises NotKept, Differs of the shelf."""
    archive = means.archive
    sealed = await means.store.read(
        lambda db: evidence.read(db, of_model(db, list(endpoints), period))
    )
    if archive is None:
        return sealed, {}
    return sealed, await evidence.objects(archive.shelf, sealed, model.PARTS)


async def months(means: Means, about: Mapping[str, str]) -> Rendered:
    """Return the card that sums a model's months up."""
    start, end = (datetime.fromisoformat(about[k]) for k in ("from", "to"))
    sealed, objects = await gather(means, about["on"].split(), (start, end))
    return await asyncio.to_thread(
        _card, means, about["model"], (start, end), sealed, objects
    )


def _card(
    means: Means, name: str, period: Period, sealed: Sealed, objects: dict[str, bytes]
) -> Rendered:
    matter = bundle.matter_of(sealed, objects, name, period)
    found = {section.key: section for section in model.sections(matter)}
    levels = [
        (
            one.step.capitalize(),
            words(one.median) if one.median is not None else "not measured",
            "no target" if one.share_met is None else f"{one.share_met:.0%}",
        )
        for one in summary(matter.levels)
    ]
    counts = [
        ("Incidents", len(matter.incidents)),
        ("Runs missed", len(found["findings"].rows)),
        ("Decisions", len(found["decisions"].rows)),
        ("Rollbacks", len(found["rollbacks"].rows)),
        ("Open issues", len(found["open"].rows)),
        ("Evidence gaps", len(found["gaps"].rows)),
    ]
    span = f"{period[0]:%Y-%m-%d} to {period[1]:%Y-%m-%d}"
    url = means.links.pack(name, *period)
    return pack.render(name, span, levels, counts, url)
