"""Something cannot succeed: what was not done, why, and who can act."""

from collections.abc import Iterator

from microsoft_teams.cards import CardElement

from bot.incident import (
    AzureChanged,
    AzureMarked,
    CardShown,
    ChangesFound,
    EffectParked,
    Event,
    Replied,
    RollbackImpossible,
    RollbackRequested,
    ShiftFailed,
    SignalsEvaluated,
    ToldElsewhere,
    TrafficShifted,
)
from cards import buttons, figures, findings
from cards.elements import band, box, facts, paragraph, runs, said, title
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier, person

_EFFECTS: dict[str, tuple[str, tuple[type[Event], ...]]] = {
    "EvaluateSignals": ("The signals were not evaluated", (SignalsEvaluated,)),
    "ShowCard": ("The alert's card was not updated", (CardShown,)),
    "Reply": ("A reply was not sent", (Replied,)),
    "CaptureState": (
        "The endpoint was not looked at",
        (RollbackRequested, RollbackImpossible),
    ),
    "ShiftTraffic": ("The traffic was not moved", (TrafficShifted, ShiftFailed)),
    "FollowShift": ("How the move ended was not found out", (TrafficShifted,)),
    "ExpireRequest": ("An old rollback request was not closed", ()),
    "Answer": ("A command was not answered", ()),
    "MarkInAzure": ("The alert's state was not set in Azure", (AzureMarked,)),
    "LookInAzure": ("The alert's state was not read from Azure", (AzureChanged,)),
    "TellOwner": ("The owner was not told", (ToldElsewhere,)),
    "FindChanges": ("What changed before is not known", (ChangesFound,)),
    "StartClocks": ("Nobody will be reminded", ()),
}


def what(event: EffectParked, view: View | None = None) -> str:
    """Return what was not done, in our own words."""
    if event.effect == "ShiftTraffic" and view and view.incident.started:
        return "Whether the traffic was moved is not known"
    if event.effect == "ShowCard" and not event.for_good:
        return "The alert's card is not posted yet"
    return _EFFECTS.get(event.effect, ("A step was not done", ()))[0]


def open_ones(view: View) -> Iterator[EffectParked]:
    """Yield the newest parked effect of each kind that has not succeeded since."""
    history = view.incident.history
    seen: set[str] = set()
    done: set[type[Event]] = set()
    for event in reversed(history):
        if isinstance(event, EffectParked):
            cleared = _EFFECTS.get(event.effect, ("", ()))[1]
            if event.effect not in seen and not done.intersection(cleared):
                yield event
            seen.add(event.effect)
        done.add(type(event))


def notice(view: View) -> Iterator[CardElement]:
    """Yield a box for each parked effect, for the incident's own card.

    Not for the card itself: where this is read, it was posted after all.
    """
    told = [e for e in open_ones(view) if e.effect != "ShowCard"]
    for event in told[:2]:
        yield box(
            "warning",
            runs(
                f"{what(event, view)}: ",
                said(event.reason, 240),
                f" {person(view.owner.name)} can look into it.",
            ),
        )


def render(view: View, event: EffectParked | None = None) -> Rendered:
    """Return a card of its own, for when the incident's card cannot tell it."""
    newest = event or next(open_ones(view), None)
    words = what(newest, view) if newest else "Everything that was due is done"
    reason = newest.reason if newest else "no step is waiting"
    name = identifier(view.endpoint.name)
    body = [
        band(
            "Not done",
            "attention",
            f"Sev {view.incident.severity} \u00b7 {findings.kind_word(view.incident)}",
            view.incident.id,
        ),
        title(f"{words} for {name}"),
        paragraph(runs(said(reason, 400)), spacing="Small"),
        paragraph(
            "It is still being tried. Nothing else was changed."
            if newest and not newest.for_good
            else "It will not be tried again by itself. Nothing else was changed."
        ),
        *facts(
            [
                ("Owner", person(view.owner.name)),
                ("Tried", figures.when(newest.at) if newest else figures.UNKNOWN),
            ]
        ),
    ]
    return card(
        body,
        [buttons.evidence(view), buttons.studio(view)],
        summary=line(
            "Not done", f"{words[0].lower()}{words[1:]} on {name}", view.incident.id
        ),
        refresh=None,
        wide=False,
    )
