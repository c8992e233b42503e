"""The requests that wait for approval, as a list: what, who asked, until when."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.approval.retraining import retraining
from cards import figures, rollback
from cards.elements import Head, Words, band, paragraph, table, title
from cards.frame import card
from cards.view import Rendered, View
from cards.words import identifier, model_name, person

_SHOWN = 12


def render(views: Sequence[View], now: datetime) -> Rendered:
    """Return the list; every view has a request that can still be approved."""
    every = [row for view in views for row in _row(view, now)]
    number = len(every)
    words = f"{figures.count(number, 'request')} to decide" if number else "None waits"
    rows = every[:_SHOWN]
    heads = (Head("Id", "60px"), Head("What"), Head("Until, UTC", "76px", right=True))
    more = number - _SHOWN
    return card(
        [
            band("Approvals", "emphasis", "open now", figures.day(now)),
            title(words),
            *([table(heads, rows)] if rows else []),
            *([paragraph(f"{more} more.", subtle=True)] if more > 0 else []),
        ],
        [],
        summary=words,
    )


def _row(view: View, now: datetime) -> list[tuple[Words, Words, Words]]:
    name = identifier(view.endpoint.name)
    return [*_rollback(view, name, now), *_retraining(view, name, now)]


def _retraining(
    view: View, name: str, now: datetime
) -> list[tuple[Words, Words, Words]]:
    found = retraining(view.incident)
    if found is None or not view.retraining_waits:
        return []
    request = found.request
    can = ", ".join(person(n) for n in view.others_than(request.by)[:3]) or "nobody"
    what = f"train {model_name(request.model)} of {name} again"
    words = f"{what}, asked by {person(view.name(request.by))}. Can decide: {can}"
    return [(identifier(request.request), words, _until(request.expires_at, now))]


def _rollback(view: View, name: str, now: datetime) -> list[tuple[Words, Words, Words]]:
    request = view.incident.request
    if request is None or not view.waits_for_approval:
        return []
    where = rollback.destination(request)
    can = ", ".join(person(n) for n in view.approvers[:3]) or "nobody"
    words = f"{name} to {where}, asked by {person(view.name(request.by))}. Can decide: {can}"
    return [(identifier(request.request), words, _until(request.expires_at, now))]


def _until(end: datetime, now: datetime) -> str:
    """Return when it ends, with the day where that is not today."""
    at = end.astimezone(UTC)
    today = at.date() == now.astimezone(UTC).date()
    return f"{at:%H:%M}" if today else f"{figures.day(at)} {at:%H:%M}"
