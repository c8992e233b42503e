"""How a rollback ended: the traffic as it was read back, or why it was not moved."""

from microsoft_teams.cards import Action

from bot.approval.oversight import OutcomeWatched
from bot.approval.preconditions import doubts
from bot.commands import commands
from bot.incident import (
    Health,
    RollbackRequested,
    ShiftFailed,
    SignalsEvaluated,
    TrafficShifted,
)
from cards import afterwards, buttons, figures, notices, rollback, situation
from cards.elements import (
    Rows,
    Style,
    band,
    facts,
    paragraph,
    plain,
    runs,
    said,
    title,
)
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier, person


def render(view: View) -> Rendered:
    """Return the card; ValueError when the newest request has no outcome."""
    request, outcome = view.incident.request, view.incident.outcome
    if request is None or outcome is None:
        msg = f"{view.incident.id} has no outcome"
        raise ValueError(msg)
    if isinstance(outcome, TrafficShifted):
        return _done(view, request, outcome)
    return _failed(view, request, outcome)


def _done(view: View, request: RollbackRequested, outcome: TrafficShifted) -> Rendered:
    name, target = identifier(view.endpoint.name), rollback.destination(request)
    words = f"{name} now serves {target}"
    watched = _watched(view, outcome.request)
    if moved_on := bool(watched and watched.moved_on):
        words = f"{name} was moved to {target}, and changed since"
    split = situation.traffic(outcome.after)
    verb, then = ("was", "Moved") if moved_on else ("is", "Now")
    before = _before(view, request)
    state = rollback.ending(request, outcome)
    # What was undone is done again by a request of its own.
    undo = [] if request.undoes else [buttons.undo(view, request.request)]
    if moved_on:  # an undo would take back what somebody else decided since
        undo = [buttons.rollback(view)]
    style: Style = "warning" if afterwards.alarm(watched) else "good"
    body = [
        band(state, style, rollback.middle(view), view.incident.id),
        title(words),
        rollback.subtitle(view, request),
        paragraph(
            f"Traffic {verb} {split}, read back at {figures.clock(outcome.state.at)}."
            + _open(view)
        ),
        *afterwards.alarm(watched),
        *notices.rollbacks(view),
        *rollback.traffic(
            outcome.state,
            outcome.before,
            outcome.after,
            ("Before", then),
        ),
        *rollback.health(before, outcome.health, ("Before", "Now")),
        *afterwards.comparison(watched, outcome.watch_minutes),
        *facts([*_people(view, request), ("Moved", _moved(view, outcome))]),
    ]
    return card(
        body,
        [
            *(undo if watched and watched.worse else []),
            buttons.evidence(view),
            buttons.studio(view),
            *_ack(view),
            *([] if watched and watched.worse else undo),
        ],
        summary=line(state, words, request.request),
        text=f"{state}: {words}. Traffic {verb} {split}.",
        refresh=buttons.refresh(view),
    )


def _watched(view: View, request: str) -> OutcomeWatched | None:
    every = view.incident.every(OutcomeWatched)
    return next((e for e in every if e.request == request), None)


def _failed(view: View, request: RollbackRequested, outcome: ShiftFailed) -> Rendered:
    name, target = identifier(view.endpoint.name), rollback.destination(request)
    words = f"{name} was not moved back to {target}"
    state = rollback.ending(request, outcome)
    if rollback.same(outcome.live or {}, request.traffic):
        words = f"{name} serves {target}, but the move was not confirmed"
    elif not outcome.settled:
        words = f"{name} is not known to be moved to {target}"
    if outcome.live is None:
        words = f"it is not known what {name} serves now"
    reason = runs(said(outcome.reason, 400))
    rows: Rows = [
        ("Captured", situation.traffic(request.captured.traffic)),
        ("Target", situation.traffic(request.traffic)),
        (
            "Found",
            situation.traffic(outcome.live)
            if outcome.live is not None
            else "not known: the endpoint could not be read",
        ),
    ]
    body = [
        band(state, "attention", rollback.middle(view), view.incident.id),
        title(words[:1].upper() + words[1:] if outcome.live is None else words),
        rollback.subtitle(view, request),
        paragraph(reason),
        paragraph(_untouched(request, outcome)),
        *notices.rollbacks(view),
        *facts(
            [
                *rows,
                *_people(view, request),
                ("Stopped", figures.when(outcome.at)),
                ("Who can act", _able(view, outcome)),
            ]
        ),
    ]
    return card(
        body,
        [
            *([buttons.studio(view)] if state == "Not confirmed" else []),
            *([buttons.rollback(view, "Ask again")] if outcome.settled else []),
            buttons.evidence(view),
            *([] if state == "Not confirmed" else [buttons.studio(view)]),
            *_ack(view),
        ],
        summary=line(state, words, request.request),
        text=f"{state}: {words}. {plain(reason)}",
        refresh=buttons.refresh(view),
    )


def _untouched(request: RollbackRequested, outcome: ShiftFailed) -> str:
    """Return what is true of the traffic now, no more than was read."""
    if not outcome.settled:
        return (
            "Nothing else is moved on this endpoint until Azure comes to an end, or"
            " somebody has looked at it in Azure ML and unlocks it."
        )
    if outcome.live is None:
        return "The endpoint could not be read back. Look at it in Azure ML first."
    if rollback.same(outcome.live, request.captured.traffic):
        return "Traffic is as it was before. You can ask again."
    if rollback.same(outcome.live, request.traffic):
        return "Traffic is as it was approved, although the move ended with an error."
    return "Traffic is neither as it was before nor as it was approved."


def _able(view: View, outcome: ShiftFailed) -> str:
    """Return who can do what comes next: free the endpoint, or ask once more."""
    verb = "rollback" if outcome.settled else "unlock"
    roles = commands()[verb].roles
    names = [p.name for p in view.watch.people if roles & set(p.roles) and not p.guest]
    shown = ", ".join(person(n) for n in names[:4]) or "nobody in the watch list"
    what = "ask again" if outcome.settled else f"look, then unlock {view.endpoint.name}"
    return f"{shown}: {what}"


def _people(view: View, request: RollbackRequested) -> Rows:
    who = person(view.name(request.by))
    return [
        ("Requested", f"{who}, {figures.clock(request.at)}"),
        *(
            ("Approved", f"{person(view.name(a.by))}, {figures.clock(a.at)}")
            for a in view.incident.approvals
        ),
        *_accepted(view, request),
    ]


def _accepted(view: View, request: RollbackRequested) -> Rows:
    """Return what had not passed and was approved all the same."""
    names = {name for a in view.incident.approvals for name in a.accepted}
    known = [c for c in doubts(request) if c.name in names]
    return [(f"Accepted: {c.result}", runs(said(c.text, 160))) for c in known[:4]]


def _moved(view: View, outcome: TrafficShifted) -> str:
    started = max((a.at for a in view.incident.approvals), default=outcome.at)
    took = figures.duration(outcome.at - started)
    return f"{figures.when(outcome.at)}, {took} after approval"


def _open(view: View) -> str:
    """An incident that a person opened has no alert to wait for."""
    if not view.incident.alerts:
        return ""
    return " The alert stays open until Azure resolves it."


def _before(view: View, request: RollbackRequested) -> tuple[Health, ...]:
    """Return the endpoint's health before the move: the request's, else the alert's."""
    if any(not h.deployment for h in request.health):
        return request.health
    seen = [
        e.health for e in view.incident.every(SignalsEvaluated) if e.at <= request.at
    ]
    return seen[-1] if seen and seen[-1] else request.health


def _ack(view: View) -> list[Action]:
    """Return the acknowledgement, as long as nobody has taken the alert."""
    taken = view.incident.acknowledgement is not None
    return [] if taken else [buttons.acknowledge(view)]
