"""Ask a second person to let a model be trained again: which job, on what, and why."""

from microsoft_teams.cards import Action, CardElement

from bot.approval.retraining import Retraining, RetrainingRequested, retraining
from cards import buttons, figures, notices, rollback
from cards.elements import (
    Rows,
    Words,
    band,
    facts,
    heading,
    paragraph,
    plain,
    quoted,
    runs,
    said,
    title,
)
from cards.frame import at, card, line, mention
from cards.view import Rendered, View
from cards.words import identifier, model_name, person

_INPUTS = 4


def render(view: View) -> Rendered:
    """Return the card; ValueError when no retraining was requested."""
    found = retraining(view.incident)
    if found is None:
        msg = f"{view.incident.id} has no request for a retraining"
        raise ValueError(msg)
    request = found.request
    name, model = identifier(view.endpoint.name), model_name(request.model)
    words = f"Train {model} again"
    asked = runs(quoted(request.reason))
    by = view.name(request.by)
    ref = identifier(request.request)
    middle = f"Sev {view.incident.severity} \u00b7 {ref}"
    checks = rollback.checked(request.checks, "Checks before it runs")
    body = [
        band("Approval needed", "warning", middle, view.incident.id),
        title(words),
        _subtitle(view, request),
        paragraph(f"{at(by)} asks:"),
        paragraph(asked, spacing="None"),
        *notices.rollbacks(view),
        *_job(request),
        *checks,
        *facts(_rows(view, found)),
    ]
    return card(
        body,
        _actions(view, found),
        summary=line("Approval needed", f"{words}, for {name}", request.request),
        text=f"{person(by)} asks to train {model} of {name} again: {plain(asked)}",
        spare=checks,
        mentions=[mention(by, request.by.id)],
        refresh=buttons.refresh(view),
    )


def _subtitle(view: View, request: RetrainingRequested) -> CardElement:
    words = (
        f"Deployment {identifier(request.deployment)} \u00b7 "
        f"workspace {identifier(view.endpoint.workspace)}"
    )
    return paragraph(words, subtle=True, spacing="None")


def _job(request: RetrainingRequested) -> list[CardElement]:
    """Return what runs, and what it leaves alone."""
    job = request.job
    rows: list[tuple[Words, Words]] = [
        ("Runs again", runs(said(job.name, 80))),
        ("Experiment", runs(said(job.experiment or figures.UNKNOWN, 80))),
        ("Environment", runs(said(job.environment or figures.UNKNOWN, 80))),
        ("Compute", runs(said(job.compute or figures.UNKNOWN, 80))),
        *(("Input", runs(said(each, 80))) for each in job.inputs[:_INPUTS]),
    ]
    words = "Nothing is deployed by it, and no traffic is moved."
    return [
        heading("The job"),
        *facts(rows, spacing="Small"),
        paragraph(words, subtle=True, spacing="Small"),
    ]


def _rows(view: View, found: Retraining) -> Rows:
    request = found.request
    names = [person(n) for n in view.others_than(request.by)]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if names[4:] else "")
    limits = runs(said("; ".join(request.thresholds) or "none", 160))
    rows: list[tuple[Words, Words]] = [
        ("Limits", limits),
        ("Requested", figures.when(request.at)),
        ("Expires", figures.when(request.expires_at)),
        ("Approvers", shown or "nobody: no other approver is in the watch list"),
    ]
    if request.approvals_needed > 1:
        by = ", ".join(person(view.name(a.by)) for a in found.approvals)
        of = f"{len(found.approvals)} of {request.approvals_needed}"
        rows.append(("Approved", of + (f": {by}" if by else "")))
    return rows


def _actions(view: View, found: Retraining) -> list[Action]:
    request, ref = found.request, found.request.request
    may = view.offers_approval(request.by, [a.by for a in found.approvals])
    no = may or view.is_viewer(request.by)
    return [
        *([buttons.approve_retraining(view, ref)] if may else []),
        *([buttons.reject_retraining(view, ref)] if no else []),
        buttons.evidence(view),
        buttons.studio(view),
    ]
