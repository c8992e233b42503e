"""Who has an incident in hand and who is called next: parts for its card."""

from collections.abc import Iterator

from microsoft_teams.cards import CardElement

from bot.incident import AzureChanged, AzureMarked, Circle, Noted
from bot.triage.chain import running
from cards import figures
from cards.elements import Words, box, quoted, runs
from cards.view import View
from cards.words import person

CIRCLES: dict[Circle, str] = {"owner": "the owner", "team": "the team", "risk": "risk"}
_NAMED = 3


def names(people: tuple[str, ...]) -> str:
    """Return people by name, the first of many."""
    shown = [person(n) for n in people[:_NAMED]]
    rest = len(people) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def rows(view: View) -> Iterator[tuple[Words, Words]]:
    """Yield whom it is assigned to, and when the next circle is called."""
    if view.incident.assignee:
        yield "Assigned", person(view.incident.assignee)
    yield from _portal(view)
    for _, step in running(view.incident, view.endpoint, view.watch)[:1]:
        yield "Next", f"{CIRCLES[step.to]} is called, {figures.clock(step.at)}"


def _portal(view: View) -> Iterator[tuple[Words, Words]]:
    """Yield what somebody set in Azure's portal, while that is the newest there."""
    newest = view.incident.last(AzureChanged, AzureMarked)
    if isinstance(newest, AzureChanged):
        who = f" by {person(newest.who)}" if newest.who else ""
        at = figures.clock(newest.changed_at or newest.at)
        yield "In Azure", f"{newest.state}{who}, {at}"


def notes(view: View) -> list[CardElement]:
    """Return the newest note that somebody wrote down."""
    newest = view.incident.last(Noted)
    if newest is None:
        return []
    count = len(view.incident.every(Noted))
    more = f" (the newest of {count} notes)" if count > 1 else ""
    who = person(view.name(newest.by))
    return [box("emphasis", runs(f"{who} noted{more}: ", quoted(newest.text, 300)))]
