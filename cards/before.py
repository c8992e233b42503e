"""What changed just before an alert, on its card."""

import re
from collections.abc import Iterator

from microsoft_teams.cards import CardElement

from bot.incident import Actor, Change, ChangesFound
from cards import figures
from cards.elements import facts, gap, heading, paragraph, said
from cards.view import View
from cards.words import clean, identifier, model_name, person

_SHOWN = 3


def changes(view: View) -> list[CardElement]:
    """Return the newest changes; that there was none is worth a line as well."""
    found = view.incident.last(ChangesFound)
    if found is None:
        return []
    lines = [*_differences(found), *(_line(view, c) for c in found.changes)]
    span = figures.duration(found.end - found.start)
    zone = " (UTC)" if found.changes else ""
    shown: list[CardElement] = [heading(f"Changed before it fired{zone}")]
    if lines:
        shown += facts(lines[:_SHOWN], spacing="Small")
        more = len(lines) - _SHOWN
        if more > 0:
            words = f"{more} more within {span} before, in the evidence."
            shown.append(paragraph(words, subtle=True, small=True, spacing="Small"))
    elif not found.missing:
        words = f"Nothing was done to it in Azure within {span} before."
        shown.append(paragraph(words, spacing="Small"))
    if found.missing:
        shown.append(gap("the activity log. ", said(found.missing, 200)))
    return shown


def _differences(found: ChangesFound) -> Iterator[tuple[str, str]]:
    """Yield what we see differently than at the incident before."""
    for each in found.differences:
        kind, _, name = each.what.partition(" of ")
        if kind == "model":
            was, now = model_name(each.was), model_name(each.now)
            yield "Since", f"model of {identifier(name)} was {was}, is {now}"
        else:
            yield "Since", f"traffic was {_split(each.was)}, is {_split(each.now)}"


def _split(traffic: str) -> str:
    """Return a split in words again, its names made safe."""
    return re.sub(r"[^A-Za-z0-9%, -]", "-", traffic)[:120]


def _line(view: View, change: Change) -> tuple[str, str]:
    actor = Actor(view.watch.tenant, change.by, "")
    known = view.watch.person(actor)
    by = f" by {person(known.name)}" if known else ""
    return f"{change.at:%H:%M}", f"{_what(change)}{by}"


def _what(change: Change) -> str:
    """Return an operation of the activity log in our words.

    >>> from datetime import datetime
    >>> _what(Change(at=datetime(2026, 11, 23), operation="a/deployments/write",
    ...              status="Succeeded", resource="/x/onlineendpoints/e/deployments/b"))
    'Deployment b was written'
    """
    kind, name = change.resource.rsplit("/", 2)[-2:]
    verb = change.operation.rsplit("/", 1)[-1].lower()
    did = {"write": "was written", "delete": "was deleted"}.get(verb, "")
    if not did:
        return f"{clean(identifier(verb), 30)} on {identifier(name)}"
    if kind == "deployments":
        return f"Deployment {identifier(name)} {did}"
    if kind == "onlineendpoints":
        return f"Traffic or settings {did.replace('was', 'were', 1)}"
    return f"{identifier(kind)} {identifier(name)} {did}"
