"""What a rollback would do: looked at, shown, and neither recorded nor requested."""

from collections.abc import Mapping

from bot.incident import Actor, Incident, RollbackAsked, RollbackImpossible
from bot.worker.means import Means
from bot.worker.rollback import proposal
from cards import dry_run, error
from cards.view import Rendered

NOBODY = Actor("", "", "nobody")


async def preview(means: Means, about: Mapping[str, str]) -> Rendered:
    """Return the card of a dry run. Raises Unavailable, Impossible."""
    incident = await means.store.load(about.get("incident", ""))
    if incident is None:
        incident = Incident(id="", group_key="", endpoint=about.get("on", ""))
    asked = RollbackAsked(
        at=means.clock(),
        by=NOBODY,
        reason=about.get("reason", ""),
        target=about.get("target", "").strip().lower(),
    )
    found = await proposal(means, incident, asked, 0, "dry run")
    if isinstance(found, RollbackImpossible):
        return error.render(f"It would be refused: {found.reason}.", asked="Dry run")
    shown = dry_run.render(means.view(incident), found)
    still = {k: v for k, v in shown.card.items() if k not in ("actions", "refresh")}
    return Rendered(still, shown.summary, shown.text)
