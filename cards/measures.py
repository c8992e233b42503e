"""The figures of an alert: tiles, the chart of a drift, the readings of Azure."""

from collections.abc import Sequence

from microsoft_teams.cards import CardElement

from bot.incident import Alert, Health
from bot.signals import Report
from cards import agreement, charts, figures, findings, served
from cards.elements import (
    Color,
    Head,
    Tile,
    heading,
    paragraph,
    runs,
    said,
    table,
)
from cards.view import View

_DISTANCES = (
    "JensenShannonDistance",
    "PopulationStabilityIndex",
    "NormalizedWassersteinDistance",
)


def tiles(view: View) -> list[Tile]:
    """Return up to three key figures, only the one out of range coloured."""
    asked, found = findings.kind(view.incident), findings.answer(view.incident)
    if found and asked and not findings.of_rows(view.incident):
        return served.tiles(asked, found)
    answers = _answers(view)
    ranking = findings.ranking(found, answers) if found else None
    latest = next(reversed(findings.healths(view.incident)), None)
    if ranking is None:
        return health_tiles(latest, view.endpoint.latency_p95_ms)
    earlier = findings.reports(view.incident)[:-1]
    before = findings.ranking(earlier[-1], answers) if earlier else None
    worst = ranking.results[0]
    value, limit = figures.against(worst.value, worst.threshold)
    name = findings.metric_names(worst.metric)[0]
    over = worst.verdict == "breached"
    return [
        Tile(
            "Drift" if worst.metric in _DISTANCES else name,
            value if len(value) <= 7 else figures.short(worst.value),  # noqa: PLR2004
            ("min " if ranking.below else "limit ") + limit
            if worst.threshold is not None
            else "no limit",
            "Attention" if over else "Default",
        ),
        Tile(
            "Over limit",
            str(ranking.breached),
            f"was {before.breached}" if before else f"of {ranking.features}",
        ),
        *health_tiles(latest, view.endpoint.latency_p95_ms),
    ][:3]


def _answers(view: View) -> Sequence[str]:
    """Return the columns that an alert on the inputs does not count: what came out."""
    drift = findings.kind(view.incident) == "data-drift"
    return view.endpoint.predictions if drift else ()


def health_tiles(health: Health | None, limit: float | None) -> list[Tile]:
    """Return how it served; `limit` is of the 95th percentile of latency, in ms."""
    if health is None:
        return []
    p95 = health.latency_p95_ms
    slow: Color = "Attention" if limit and p95 and p95 > limit else "Default"
    span = f"in {figures.duration(health.end - health.start)}"
    shown = []
    if p95 is not None:
        note = f"limit {limit:.0f}" if limit else "no limit"
        shown.append(Tile("p95, ms", figures.short(round(p95)), note, slow))
    if health.error_rate is not None:
        shown.append(Tile("Errors, %", figures.percent(health.error_rate)[:-1], span))
    if health.requests is not None:
        shown.append(Tile("Requests", figures.short(health.requests), span))
    return shown


def detail(view: View, *, whole: bool = False) -> list[CardElement]:
    """Return the one chart of a drift alert, or Azure's and our figures of any other.

    Where a chart is drawn the tiles have its figures already; the `whole` has them all.
    """
    found, alert = findings.answer(view.incident), findings.lead(view.incident)
    if not findings.of_rows(view.incident):
        return _of_service(alert, found, whole=whole)
    ranking = findings.ranking(found, _answers(view)) if found else None
    if found and ranking:
        return [*chart(found, ranking), *_disagreement(alert, found)]
    return _readings(alert, None) if alert else []


def _of_service(
    alert: Alert | None, found: Report | None, *, whole: bool
) -> list[CardElement]:
    azure = _readings(alert, found) if alert else []
    if found is None:
        return azure
    drawn = served.course(found)
    if drawn and not whole:
        return [*drawn, *served.basis(found, 3), *azure]
    return [*drawn, *azure, *served.measured(found, most=8 if whole else 5)]


def chart(found: Report, ranking: findings.Ranking) -> list[CardElement]:
    """Return the worst features as bars, with the limit and the sample sizes."""
    top, known = ranking.results[:5], ranking.threshold is not None
    name = findings.metric_names(ranking.metric)[1]
    bars = [
        charts.Bar(
            r.feature,
            r.value or 0.0,
            figures.against(r.value, r.threshold)[0],
            over=r.verdict == "breached",
        )
        for r in top
    ]
    small = (
        f"{name}, {ranking.limit}. {figures.count(found.reference_rows, 'row')} of"
        f" reference, {figures.count(found.production_rows, 'row')} of production."
    )
    bound = "minimum" if ranking.below else "limit"
    limit = f" ({bound} {figures.number(ranking.threshold)})"
    return [
        heading(f"{_shown(len(top), ranking.features)}{limit * known}"),
        charts.bars(name, ranking.limit, bars),
        paragraph(small, subtle=True, small=True, spacing="Small"),
    ]


def _shown(number: int, of: int) -> str:
    """Return how many of the features are drawn: "Top 5 of 23 features"."""
    every = figures.count(of, "feature")
    if number < of:
        return f"Top {number} of {every}"
    return f"All {every}" if of > 1 else every


def _disagreement(alert: Alert | None, found: Report) -> list[CardElement]:
    """Return what Azure reported and we found otherwise."""
    differing = list(agreement.differences(alert, found)) if alert else []
    if not differing:
        return []
    rows = [(runs(said(d.feature, 40)), d.azure, d.ours) for d in differing[:3]]
    more = len(differing) - len(rows)
    shown: list[CardElement] = [
        heading("Azure says, we recomputed"),
        table(
            (
                Head("Feature"),
                Head("Azure says", "96px", right=True),
                Head("We found", "104px", right=True),
            ),
            rows,
        ),
    ]
    if more:
        words = f"{figures.count(more, 'more difference')} in the evidence."
        shown.append(paragraph(words, subtle=True, small=True, spacing="Small"))
    return shown


def _readings(alert: Alert, found: Report | None) -> list[CardElement]:
    """Return what Azure measured, but for figures that ours say as well."""
    rows, same = [], 0
    for reading in alert.readings[:5]:
        if found and agreement.same(reading, found):
            same += 1
            continue
        bound = {"above": "\u2264 ", "below": "\u2265 "}.get(reading.breached_when, "")
        limit = (
            bound + figures.measured(reading.threshold, reading.unit)
            if reading.threshold is not None
            else "none"
        )
        metric = findings.short_metric(reading.metric)
        name = f"{reading.feature}, {metric}" if reading.feature else metric
        rows.append(
            (runs(said(name, 60)), limit, figures.measured(reading.value, reading.unit))
        )
    if same and not rows:
        words = "Azure measured the same."
        return [paragraph(words, subtle=True, small=True, spacing="Small")]
    if not rows:
        return []
    heads = (
        Head("Measure"),
        Head("Limit", "96px", right=True),
        Head("Was", "84px", right=True),
    )
    return [heading("What Azure measured"), table(heads, rows)]
