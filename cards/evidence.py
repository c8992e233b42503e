"""What an alert rests on: for a dialog, or as a reply in the thread.

The whole packet is on the evidence page; this card is its first screen.
"""

from collections.abc import Iterator, Sequence

from microsoft_teams.cards import CardElement

from bot.incident import Incident
from bot.signals import FeatureResult, Report
from cards import buttons, charts, figures, findings, rollback, situation
from cards.elements import (
    Head,
    Words,
    band,
    facts,
    gap,
    heading,
    missing,
    paragraph,
    runs,
    said,
    table,
    tiles,
    title,
)
from cards.frame import card, line
from cards.headline import headline
from cards.measures import detail
from cards.measures import tiles as key_figures
from cards.view import Rendered, View
from cards.words import identifier

_METHODS = {"sound": "our own, beyond what chance does", "azureml": "as Azure ML does"}
_FEATURES = 6  # rows of the table
_BINS = 8  # in the chart


def render(view: View, digest: str = "") -> Rendered:
    """Return the evidence of the incident; `digest` is the packet's SHA-256."""
    found = findings.report(view.incident)
    name = identifier(view.endpoint.name)
    rows = findings.of_rows(view.incident)
    features = features_table(found) if found and rows else detail(view, whole=True)
    shape = distribution(found) if found and rows else []
    gaps = list(_gaps(view, found))
    served = _service(view)
    words = f"What the alert on {name} rests on"
    return card(
        [
            band("Evidence", "accent", situation.middle(view), view.incident.id),
            title(words),
            situation.subtitle(view),
            paragraph(situation.sentence(view)),
            *situation.explained(view),
            *situation.verdict_box(view),
            *tiles(key_figures(view)),
            *features,
            *shape,
            *served,
            *gaps,
            *facts([*basis(found), *_frozen(view, digest)]),
        ],
        [*buttons.page(view), buttons.studio(view)],
        summary=line("Evidence", headline(view), view.incident.id),
        spare=[*served, *shape, *features, *gaps[1:]],
    )


def features_table(report: Report) -> list[CardElement]:
    """Return the worst features with figure, interval and limit."""
    if not report.results:
        return []
    rows = [
        (runs(said(r.feature, 40)), _limit(r), _figure(r))
        for r in report.results[:_FEATURES]
    ]
    metrics = {findings.metric_names(r.metric)[1] for r in report.results[:_FEATURES]}
    rest = len(report.results) - len(rows)
    more = f" {figures.count(rest, 'more row')} on the evidence page." if rest else ""
    interval = next((r for r in report.results[:1] if r.interval), None)
    return [
        heading("Features, the worst first"),
        table(
            (
                Head("Feature"),
                Head("Limit", "72px", right=True),
                Head("Found", "84px", right=True),
            ),
            rows,
        ),
        paragraph(
            f"{', '.join(sorted(metrics))}.{more}",
            subtle=True,
            small=True,
            spacing="Small",
        ),
        *([_interval(interval)] if interval else []),
    ]


def _limit(result: FeatureResult) -> str:
    if result.threshold is None:
        return "none"
    shown = figures.against(result.value, result.threshold)[1]
    return ("\u2265 " if result.breached_when == "below" else "\u2264 ") + shown


def _figure(result: FeatureResult) -> str:
    if result.verdict in ("not enough data", "cannot compute"):
        return "no result"
    return figures.against(result.value, result.threshold)[0]


def _interval(result: FeatureResult) -> CardElement:
    """Return how sure the worst figure is, and what chance alone would give."""
    low, high = result.interval or (None, None)
    floor = result.noise_floor
    chance = (
        "" if floor is None else f" Chance alone stays below {figures.number(floor)}."
    )
    words = runs(
        said(result.feature, 40),
        f": 95% interval {figures.number(low)} to {figures.number(high)},"
        f" n = {result.reference_count:,} and {result.production_count:,}.{chance}",
    )
    return paragraph(words, subtle=True, small=True, spacing="None")


def distribution(report: Report) -> list[CardElement]:
    """Return how the worst feature was, and is, distributed."""
    worst = findings.worst_shape(report)
    if worst is None or worst.shape is None:
        return []
    shape = worst.shape
    every = [
        charts.Slot(name, figures.finite(was) or 0.0, figures.finite(now) or 0.0)
        for name, was, now in zip(
            shape.bins, shape.reference, shape.production, strict=False
        )
    ]
    slots = _fewer(every, numerical=worst.data_type == "Numerical")
    what = "joined" if worst.data_type == "Numerical" else "most frequent"
    note = f" ({len(every)} bins, {what})" if len(slots) < len(every) else ""
    return [
        heading(
            runs(said(worst.feature, 40), f": share of rows, reference and now{note}")
        ),
        charts.distribution(worst.feature, slots),
    ]


def _fewer(slots: Sequence[charts.Slot], *, numerical: bool) -> list[charts.Slot]:
    """Return at most _BINS slots that still hold every row: neighbours joined.

    Of categories, the rare ones are joined to "others".
    """
    if len(slots) <= _BINS:
        return list(slots)
    if numerical:
        size = -(-len(slots) // _BINS)
        groups = [slots[i : i + size] for i in range(0, len(slots), size)]
        return [_join(g, f"{g[0].name} \u2026 {g[-1].name}") for g in groups]
    ranked = sorted(slots, key=lambda s: -max(s.reference, s.production))
    return [*ranked[: _BINS - 1], _join(ranked[_BINS - 1 :], "others")]


def _join(slots: Sequence[charts.Slot], name: str) -> charts.Slot:
    if len(slots) == 1:
        return slots[0]
    return charts.Slot(
        name, sum(s.reference for s in slots), sum(s.production for s in slots)
    )


def _service(view: View) -> list[CardElement]:
    """Return how the endpoint served in the first and in the newest window."""
    windows = findings.healths(view.incident)
    if len(windows) > 1:
        return rollback.health(windows[:1], windows[-1:], ("At first", "Now"))
    return []


def _gaps(view: View, found: Report | None) -> Iterator[CardElement]:
    """Yield a box for all that is not known."""
    yield from missing(list(findings.missing(view.incident).items())[:4])
    if found is None:
        return
    silent = findings.unjudged(found.results)
    if silent and found.verdict not in ("not enough data", "cannot compute"):
        names = ", ".join(r.feature for r in silent[:3])
        words = figures.count(len(silent), "result")
        yield gap(f"{words} for lack of data: ", said(names, 120))
    if found.findings:
        yield gap("rows of the data: ", said("; ".join(found.findings), 240))
    if found.dropped:
        words = figures.count(len(found.dropped), "column")
        yield gap(f"{words} not compared: ", said("; ".join(found.dropped), 240))


def basis(found: Report | None) -> Iterator[tuple[Words, Words]]:
    """Yield what was compared: names, windows, sizes."""
    if found is None:
        return
    for label, name, rows, window in (
        (
            "Reference",
            found.reference_name or "reference data",
            found.reference_rows,
            found.reference_window,
        ),
        (
            "Production",
            found.production_name or "production data",
            found.production_rows,
            found.production_window,
        ),
    ):
        size = figures.count(rows, "row")
        yield label, runs(said(name, 60), f", {size}, {figures.window(window)}")
    yield "Method", _METHODS[found.mode]


def _frozen(view: View, digest: str) -> Iterator[tuple[Words, Words]]:
    yield "Fired", figures.when(findings.fired_at(view.incident))
    state = findings.state(view.incident)
    if state:
        traffic = situation.traffic(state.traffic)
        yield "Traffic", f"{traffic}, at {figures.clock(state.at)}"
    if looks := _evaluations(view.incident):
        yield "Evaluated", looks
    if digest:
        yield "SHA-256", f"{identifier(digest[:12])} \u2026 {identifier(digest[-8:])}"
    yield "Audit record", f"{view.incident.id}/{view.incident.revision}"


def _evaluations(incident: Incident) -> str:
    found = findings.evaluated(incident)
    if found is None:
        return ""
    times = findings.evaluations(incident)
    return figures.when(found) + (f", {times} times" if times > 1 else "")
