"""Who has an incident in hand and who is called next: parts for its card."""

from collections.abc import Iterator
from typing import Final

from microsoft_teams.cards import CardElement

from bot.incident import (
    AzureChanged,
    AzureMarked,
    Choice,
    Circle,
    DecisionExpired,
    DecisionRecorded,
    Noted,
)
from bot.triage.chain import running
from cards import figures
from cards.elements import Words, box, quoted, runs
from cards.view import View
from cards.words import person

DECISIONS: Final[dict[Choice, str]] = {
    "accept": "Accept the risk",
    "retrain": "Retrain the model",
    "rollback": "Roll back",
    "threshold": "Change the threshold",
    "false-positive": "False positive",
}
CIRCLES: dict[Circle, str] = {"owner": "the owner", "team": "the team", "risk": "risk"}
_NAMED = 3


def names(people: tuple[str, ...]) -> str:
    """Return people by name, the first of many."""
    shown = [person(n) for n in people[:_NAMED]]
    rest = len(people) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def decision(choice: Choice) -> str:
    """Return a decision as it stands within a sentence."""
    return DECISIONS[choice].lower()


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
    """Return the newest note that somebody wrote down, and a decision that lapsed."""
    return [*_lapsed(view), *_newest_note(view)]


def lapsed(view: View) -> bool:
    """Return whether the decision on record holds no longer."""
    newest = view.incident.last(DecisionExpired, DecisionRecorded)
    return isinstance(newest, DecisionExpired)


def _lapsed(view: View) -> list[CardElement]:
    made = view.incident.last(DecisionRecorded)
    if made is None or not lapsed(view):
        return []
    who, until = person(view.name(made.by)), figures.utc(made.expires_at)
    words = f"{who} decided: {decision(made.choice)}. That held until {until}."
    return [box("warning", words)]


def _newest_note(view: View) -> list[CardElement]:
    newest = view.incident.last(Noted)
    if newest is None:
        return []
    count = len(view.incident.every(Noted))
    more = f" (the newest of {count} notes)" if count > 1 else ""
    who = person(view.name(newest.by))
    return [box("emphasis", runs(f"{who} noted{more}: ", quoted(newest.text, 300)))]
