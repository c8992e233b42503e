"""A channel's day: what is open, what was decided, how long people needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from microsoft_teams.cards import CardElement

from bot.incident import DecisionRecorded
from bot.levels import OfModel
from cards import alerts, care, charts, figures, service
from cards.elements import (
    Head,
    Tile,
    Words,
    band,
    facts,
    heading,
    paragraph,
    runs,
    said,
    table,
    tiles,
    title,
)
from cards.frame import card
from cards.view import Rendered, View
from cards.words import person

_WEEK = 7  # days
_DECIDED = 5  # of them are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What the digest counts, of the endpoints of one channel."""

    now: datetime
    watched: int  # endpoints
    open: Sequence[View]  # incidents, the most urgent first
    fired: int
    resolved: int
    rollbacks: int
    to_acknowledge: timedelta | None = None  # median; None: nothing was
    to_resolve: timedelta | None = None
    silent: int = 0  # endpoints whose monitor did not report
    per_day: Sequence[tuple[date, int]] = ()  # alerts, oldest first
    decided: Sequence[tuple[View, DecisionRecorded]] = ()  # since yesterday
    root: str = ""  # signed head of the history's log
    levels: Sequence[OfModel] = ()  # of the last week


def render(day: Day) -> Rendered:
    """Return the digest of one channel."""
    hit = len({v.endpoint.id for v in day.open})
    words = f"{hit} of {figures.count(day.watched, 'endpoint')} with open alerts"
    if not hit:
        words = f"No open alerts on {figures.count(day.watched, 'endpoint')}"
    unseen = sum(v.stage == "firing" for v in day.open)
    since = (
        f"Since yesterday: {day.fired} fired, {day.resolved} resolved,"
        f" {figures.count(day.rollbacks, 'rollback')}"
    )
    chart = _chart(day.per_day)
    return card(
        [
            band("Daily digest", "emphasis", "", figures.day(day.now)),
            title(words),
            paragraph(since, subtle=True, spacing="None"),
            *tiles(
                [
                    Tile(
                        "Open",
                        str(len(day.open)),
                        f"{unseen} waiting",
                        "Attention" if unseen else "Default",
                    ),
                    Tile(
                        "No data",
                        str(day.silent),
                        f"of {day.watched}",
                        "Warning" if day.silent else "Default",
                    ),
                    Tile("Resolved", str(day.resolved), f"of {day.fired}"),
                ]
            ),
            *(
                [heading("Needs attention"), alerts.listing(day.open, day.now)]
                if day.open
                else []
            ),
            *_decided(day),
            *service.listing(day.levels, _WEEK),
            *chart,
            *facts(_rows(day)),
        ],
        [],
        summary=f"Daily digest: {words}",
        spare=chart,
    )


def _decided(day: Day) -> list[CardElement]:
    if not day.decided:
        return []
    rows: list[tuple[Words, Words, Words]] = [
        (
            view.incident.id,
            runs(f"{care.DECISIONS[event.choice]}: ", said(event.reason, 80)),
            person(view.name(event.by)),
        )
        for view, event in day.decided[:_DECIDED]
    ]
    heads = (Head("Id", "60px"), Head("Decision"), Head("By", "104px"))
    return [heading("Decided"), table(heads, rows)]


def _rows(day: Day) -> list[tuple[Words, Words]]:
    spans = (("Acknowledged", day.to_acknowledge), ("Resolved", day.to_resolve))
    rows: list[tuple[Words, Words]] = [
        (label, f"after {figures.duration(span)} (median)")
        for label, span in spans
        if span is not None
    ]
    if day.root:
        rows.append(("Audit root", f"{day.root[:12]} \u2026 {day.root[-8:]}"))
    return rows


def _chart(per_day: Sequence[tuple[date, int]]) -> list[CardElement]:
    if not per_day:
        return []
    columns = [(figures.day(d), number) for d, number in per_day[-7:]]
    return [heading("Alerts per day"), charts.columns("Alerts per day", columns)]
