"""How the endpoint served before a move and after it: a chart a measure."""

from datetime import timedelta

from microsoft_teams.cards import CardElement

from bot.approval.oversight import OutcomeWatched
from bot.incident import Health
from bot.signals import Report
from cards import charts, figures
from cards.elements import box, heading, missing, paragraph, runs, said
from cards.words import clean, identifier


def comparison(watched: OutcomeWatched | None, minutes: float) -> list[CardElement]:
    """Return the comparison, or that it is still to come; nothing when none is."""
    span = figures.duration(timedelta(minutes=minutes))
    if watched is None:
        if not minutes:
            return []
        words = f"How it serves is compared with before, {span} after the move."
        return [paragraph(words, subtle=True, spacing="Small")]
    before, after = _first(watched.before), _first(watched.after)
    shown: list[CardElement] = [heading(f"{span} before and after")]
    if before and after:
        shown += _latency(before, after, watched)
        shown += _errors(before, after, watched)
        shown += _alone(watched)
    shown += _drift(watched)
    shown += _kept(watched)
    gaps = [
        (what.partition(":")[0], what.partition(":")[2]) for what in watched.unknown
    ]
    if len(shown) == 1:
        gaps = gaps or [("figures", "Azure Monitor has none for these minutes.")]
    known = len(shown) > 1
    return [*shown, *missing(gaps), *_verdict(watched, known=known, gaps=bool(gaps))]


def compared(watched: OutcomeWatched) -> bool:
    """Return whether there is anything that can be compared at all."""
    before, after = _first(watched.before), _first(watched.after)
    pairs = [(w.error_rate, w.latency_p95_ms) for w in (before, after) if w]
    both = len(pairs) == len((before, after))
    return both and any(None not in pair for pair in zip(*pairs, strict=True))


def _first(windows: tuple[Health, ...]) -> Health | None:
    return windows[0] if windows else None


def alarm(watched: OutcomeWatched | None) -> list[CardElement]:
    """Return what must not be overlooked: it serves worse, or was changed since."""
    if watched is None:
        return []
    if watched.moved_on:
        words = (
            f"**Changed since.** Not by this request: {clean(watched.moved_on, 160)}. "
            "There is nothing of it to undo."
        )
        return [box("attention", words)]
    if watched.worse:
        lines = [(said(w[:1].upper() + w[1:], 160),) for w in watched.worse]
        return [box("attention", "**Worse than before.** It can be undone.", *lines)]
    return []


def _verdict(watched: OutcomeWatched, *, known: bool, gaps: bool) -> list[CardElement]:
    if not known or alarm(watched):
        return []
    so_far = ", as far as is known" if gaps else ""
    if watched.served and watched.served.verdict in (
        "not enough data",
        "cannot compute",
    ):
        words = "No measure that is known is worse than before."
        return [paragraph(words, spacing="Small")]
    return [paragraph(f"It serves no worse than before{so_far}.", spacing="Small")]


def _alone(watched: OutcomeWatched) -> list[CardElement]:
    """Return how the target itself serves: an endpoint may have others beside it."""
    mine = next((h for h in watched.after if h.deployment), None)
    if mine is None or mine.requests is None:
        return []
    parts = [f"{figures.percent(mine.error_rate)} errors"]
    if mine.latency_p95_ms is not None:
        parts.append(f"p95 {figures.milliseconds(mine.latency_p95_ms)}")
    words = f"{identifier(mine.deployment)} alone: {', '.join(parts)}"
    return [paragraph(words, subtle=True, small=True, spacing="Small")]


def _latency(
    before: Health, after: Health, watched: OutcomeWatched
) -> list[CardElement]:
    old, new = before.latency_p95_ms, after.latency_p95_ms
    if old is None or new is None:
        return []
    over = any("latency" in w for w in watched.worse)
    bars = [
        charts.Bar("Before", old, figures.milliseconds(old), over=False),
        charts.Bar("After", new, figures.milliseconds(new), over=over),
    ]
    return _chart("Latency, p95 in ms", bars)


def _errors(
    before: Health, after: Health, watched: OutcomeWatched
) -> list[CardElement]:
    old, new = before.error_rate, after.error_rate
    if old is None or new is None:
        return []
    over = any("errors" in w for w in watched.worse)
    bars = [
        charts.Bar("Before", old * 100, figures.percent(old), over=False),
        charts.Bar("After", new * 100, figures.percent(new), over=over),
    ]
    return _chart("Request errors in %", bars)


def _kept(watched: OutcomeWatched) -> list[CardElement]:
    """Return whether it keeps its limits, before and after, in a sentence each."""
    pairs = (("Before", watched.served_before), ("After", watched.served))
    return [
        paragraph(
            runs(f"{when}: ", said(report.sentence, 160)),
            subtle=True,
            small=True,
            spacing="Small" if when == "Before" else "None",
        )
        for when, report in pairs
        if report is not None
    ]


def _drift(watched: OutcomeWatched) -> list[CardElement]:
    """Return how many features are over their limits, of what each model took in."""
    old, new = watched.drift_before, watched.drift
    if new is None or new.verdict not in ("breached", "not breached"):
        return []
    worse = any("drifted" in w for w in watched.worse)
    bars = [charts.Bar("After", _over(new), f"{_over(new)} of {_all(new)}", over=worse)]
    if old is not None and old.verdict in ("breached", "not breached"):
        shown = f"{_over(old)} of {_all(old)}"
        bars.insert(0, charts.Bar("Before", _over(old), shown, over=False))
    of = f" (after: {identifier(watched.target)} alone)" * bool(watched.target)
    told = ", ".join(f"{bar.name.lower()} {bar.shown}" for bar in bars)
    return _chart(f"Features that drift: {told}{of}", bars)


def _chart(what: str, bars: list[charts.Bar]) -> list[CardElement]:
    """Return the chart under its name: not every host shows a chart's own title."""
    name = paragraph(what, subtle=True, small=True, spacing="Small")
    told = (", worse", "")
    return [name, charts.bars(what, "before and after the move", bars, told)]


def _over(report: Report) -> int:
    return len({r.feature for r in report.results if r.verdict == "breached"})


def _all(report: Report) -> int:
    return len({r.feature for r in report.results})
