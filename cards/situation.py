"""What the cards of an open alert share: its title, figures, detail, facts, notices."""

from collections.abc import Iterator, Sequence

from microsoft_teams.cards import Action, CardElement, Mention

from bot.incident import (
    MISSED,
    Alert,
    AlertsExplained,
    Health,
    RollbackStale,
    Traffic,
)
from bot.signals import Report
from cards import (
    before,
    buttons,
    care,
    figures,
    findings,
    measures,
    notices,
    served,
)
from cards.elements import (
    Rows,
    Style,
    Words,
    band,
    box,
    facts,
    missing,
    paragraph,
    plain,
    quoted,
    runs,
    said,
    tiles,
    title,
)
from cards.frame import card, line
from cards.headline import headline
from cards.view import Rendered, View
from cards.words import identifier, model_name

_BUTTONS = 5  # Azure ML, the last one, gives way to a decision that is due
_REASONS = 4  # sentences that explain a shift
_EXPLAINED = 4  # other incidents that a card names


def middle(view: View) -> str:
    """Return the middle of the band: "Sev 2 \u00b7 Data drift"."""
    kind = findings.kind_word(view.incident)
    return f"Sev {view.incident.severity} \u00b7 {kind}"


def conditions(view: View) -> Iterator[tuple[Words, Words]]:
    """Yield how many conditions one incident gathers, where there are several."""
    alerts = view.incident.alerts
    firing = sum(a.status == "firing" for a in alerts)
    if len(alerts) > 1:
        yield "Alerts", f"{len(alerts)} conditions, {firing} firing"
    if missed := sum(MISSED in a.labels for a in alerts):
        yield "Missed", f"{missed} found in Azure's list; no call of it reached us"
    for event in view.incident.every(AlertsExplained)[-_EXPLAINED:]:
        what = findings.KINDS[event.kind]
        yield "Explains", runs(f"{what} ({event.incident}): ", said(event.reason, 90))


def subtitle(view: View) -> CardElement:
    """Return deployment, model and workspace."""
    state = findings.state(view.incident)
    alert = findings.lead(view.incident)
    name = alert.deployment if alert and alert.deployment else ""
    if not name and state:
        name = findings.serving(state.traffic)
    parts: list[str] = []
    if name:
        parts.append(f"Deployment {identifier(name)}")
        parts.append(f"model {model_name(findings.model(state, name))}")
    parts.append(f"workspace {identifier(view.endpoint.workspace)}")
    line = " \u00b7 ".join(parts)
    return paragraph(line[0].upper() + line[1:], subtle=True, spacing="None")


def sentence(view: View) -> Words:
    """Return what happened in one sentence."""
    ours, alert = findings.answer(view.incident), findings.lead(view.incident)
    if alert and alert.kind == "silence":
        return _unheard(alert, ours)
    if ours is not None and alert and not findings.of_rows(view.incident):
        return (said(served.sentence(alert.kind, ours), 300),)
    if ours is not None:
        return (said(ours.sentence, 300),)
    if alert is None:
        return "There is no alert: a person asked for a change."
    return runs("Azure says: ", quoted(alert.description or alert.title, 300))


def _unheard(alert: Alert, ours: Report | None) -> Words:
    """Return what is silent; that all else is well does not answer it."""
    told = alert.description or alert.title
    found = served.sentence(alert.kind, ours) if ours else ""
    breached = ours is not None and served.verdict(alert.kind, ours) == "breached"
    more = f" {found}" if breached else ""
    if alert.source == "own":
        return (said(f"{told[:1].upper()}{told[1:].rstrip('.')}.{more}", 600),)
    return runs("Azure says: ", quoted(told, 300), *([said(more, 300)] if more else ()))


def explained(view: View) -> list[CardElement]:
    """Return since when, with what, and in which part of the rows, where that is known."""
    ours = findings.answer(view.incident)
    lines = ours.explained[:_REASONS] if ours else ()
    return [
        paragraph(
            runs(said(line, 160), "."),
            subtle=True,
            spacing="None" if place else "Small",
        )
        for place, line in enumerate(lines)
    ]


def verdict_box(view: View) -> list[CardElement]:
    """Return a box when the report is no answer to the alert's question."""
    ours, alert = findings.answer(view.incident), findings.lead(view.incident)
    words = {
        "not enough data": "enough data to judge",
        "cannot compute": "a result of our own",
    }
    if ours is None:
        return []
    rows = alert is None or findings.of_rows(view.incident)
    judged = ours.verdict if rows or alert is None else served.verdict(alert.kind, ours)
    if judged not in words:
        return []
    return [box("warning", f"**Missing:** {words[judged]}. This is not an all-clear.")]


def traffic(split: Traffic) -> str:
    """Return a traffic split in words: "blue 90%, green 10%"."""
    live = [(name, part) for name, part in split.items() if part]
    shown = sorted(live, key=lambda item: (-item[1], item[0]))
    words = ", ".join(f"{identifier(d)} {p}%" for d, p in shown[:6])
    more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""  # noqa: PLR2004
    return words + more if words else "none: no deployment serves"


def basis(view: View) -> Iterator[tuple[Words, Words]]:
    """Yield the facts that the figures rest on."""
    alert, found = findings.lead(view.incident), findings.report(view.incident)
    if alert and alert.rule:
        yield "Rule", runs(said(alert.rule, 80))
    if not findings.of_rows(view.incident):
        yield from _beside(view, alert, found)
    elif found:
        name = found.reference_name or "reference data"
        at = figures.window(found.reference_window)
        yield "Baseline", runs(said(name, 60), f", {at}")
        yield "Window", figures.window(found.production_window)
    elif alert and alert.window:
        yield "Window", figures.window(alert.window)
    state = findings.state(view.incident)
    if state:
        stale = view.incident.last(RollbackStale)
        since = stale is not None and stale.at > state.at  # it was changed by then
        at = f", at {figures.clock(state.at)}" if since else ""
        yield "Traffic", traffic(state.traffic) + at
    serves = findings.other(view.incident, "endpoint-health")
    latest = next(reversed(findings.healths(view.incident)), None)
    rows = findings.of_rows(view.incident)
    if (
        serves
        and serves.verdict == "breached"
        and serves is not findings.answer(view.incident)
    ):
        yield "Health", runs(said(serves.sentence, 160))
    elif latest and (rows or not serves) and (found or latest.availability is not None):
        yield "Health", health_words(latest)


def _beside(
    view: View, alert: Alert | None, rows: Report | None
) -> Iterator[tuple[Words, Words]]:
    """Yield when a figure that is not of rows was measured, and what the rows say."""
    ours = findings.answer(view.incident)
    window = ours.production_window if ours else None
    if window or (alert and alert.window):
        yield "Window", figures.window(window or (alert.window if alert else None))
    if rows:
        yield "Data", runs(said(rows.sentence, 200))


def health_words(health: Health) -> str:
    """Return how it served: "0.3% errors, p95 182 ms, 12,004 requests in 1 h"."""
    span = figures.duration(health.end - health.start)
    known = [
        (health.error_rate, f"{figures.percent(health.error_rate)} errors"),
        (health.latency_p95_ms, f"p95 {figures.milliseconds(health.latency_p95_ms)}"),
        (health.requests, f"{figures.number(health.requests)} requests"),
    ]
    words = ", ".join(text for value, text in known if value is not None)
    return f"{words} in {span}" if words else figures.UNKNOWN


def alert_card(
    view: View,
    *,
    state: str,
    style: Style,
    lines: Sequence[CardElement],
    rows: Rows,
    actions: Sequence[Action],
    mentions: Sequence[Mention] = (),
) -> Rendered:
    """Return the card of an alert that is still open.

    `lines` stand under the subtitle: what happened and who is on it.
    """
    detail = measures.detail(view)
    gaps = missing(list(findings.missing(view.incident).items())[:4])
    changed = before.changes(view)
    base = facts([*rows, *care.rows(view)])
    name, why = headline(view), explained(view)
    next_ = [buttons.decide(view)] if care.lapsed(view) else []
    return card(
        [
            band(state, style, middle(view), view.incident.id),
            title(name),
            subtitle(view),
            *lines,
            *why,
            *notices.rollbacks(view),
            *care.notes(view),
            *verdict_box(view),
            *tiles(measures.tiles(view)),
            *detail,
            *changed,
            *gaps,
            *base,
        ],
        [*next_, *actions][:_BUTTONS],
        summary=line(f"{state}, Sev {view.incident.severity}", name, view.incident.id),
        text=f"{state}: {name}. {plain(sentence(view))}",
        spare=[*why[1:], *changed, *detail, *gaps[1:]],
        mentions=mentions,
        refresh=buttons.refresh(view),
    )
