"""Ask a second person to approve a rollback: what changes, who asked, until when."""

from microsoft_teams.cards import Action, CardElement

from bot.approval.preconditions import doubts
from bot.incident import RollbackRequested
from cards import buttons, figures, notices, rollback, situation
from cards.elements import (
    Rows,
    band,
    box,
    facts,
    paragraph,
    plain,
    quoted,
    runs,
    title,
)
from cards.frame import at, card, line, mention
from cards.view import Rendered, View
from cards.words import identifier, person


def render(view: View) -> Rendered:
    request = view.incident.request
    if request is None:
        msg = f"{view.incident.id} has no rollback request"
        raise ValueError(msg)
    name, target = identifier(view.endpoint.name), rollback.destination(request)
    words = f"{rollback.undoing(request)}Move {name} back to {target}"
    asked = runs(quoted(request.reason))
    checks = rollback.checks(request)
    by = view.name(request.by)
    body = [
        band("Approval needed", "warning", rollback.middle(view), view.incident.id),
        title(words),
        rollback.subtitle(view, request),
        paragraph(f"{at(by)} asks:"),
        paragraph(asked, spacing="None"),
        *notices.rollbacks(view),
        *rollback.traffic(request.captured, request.captured.traffic, request.traffic),
        *checks,
        *facts(_rows(view, request)),
        *_doubts(view, request),
    ]
    who = person(by)
    return card(
        body,
        _actions(view, request),
        summary=line("Approval needed", words, request.request),
        text=f"{who} asks to move {name} back to {target}: {plain(asked)}",
        spare=checks,
        mentions=[mention(by, request.by.id)],
        refresh=buttons.refresh(view),
    )


def _rows(view: View, request: RollbackRequested) -> Rows:
    needed, given = request.approvals_needed, view.incident.approvals
    names = [person(n) for n in view.approvers]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if names[4:] else "")
    split = situation.traffic(request.captured.traffic)
    rows = [
        ("Captured", f"{figures.when(request.captured.at)}: {split}"),
        ("Requested", figures.when(request.at)),
        ("Expires", figures.when(request.expires_at)),
        ("Approvers", shown or "nobody: no other approver is in the watch list"),
    ]
    if needed > 1:
        by = ", ".join(person(view.name(a.by)) for a in given)
        rows.append(
            ("Approved", f"{len(given)} of {needed}" + (f": {by}" if by else ""))
        )
    return rows


def _doubts(view: View, request: RollbackRequested) -> list[CardElement]:
    """Return what an approver takes upon themselves, nothing when all has passed."""
    open_ = doubts(request)
    if not open_:
        return []
    count = len(open_)
    some = "1 check has not passed" if count == 1 else f"{count} checks have not passed"
    words = f"**{some}.** Whoever approves takes that upon themselves, on record."
    ask = view.viewer_approves and any(c.result == "failed" for c in open_)
    return [box("warning", words), *([buttons.accept()] if ask else [])]


def _actions(view: View, request: RollbackRequested) -> list[Action]:
    ref = request.request
    return [
        *([buttons.approve(view, ref)] if view.viewer_approves else []),
        *([buttons.reject(view, ref)] if view.viewer_rejects else []),
        buttons.evidence(view),
        buttons.studio(view),
    ]
