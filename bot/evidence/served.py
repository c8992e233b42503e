"""How the endpoint served, what it costs, how the model does: reports that are no rows'."""

from collections.abc import Iterator, Sequence
from html import escape

from bot.signals import FeatureResult, Report
from bot.signals.gauge import told
from cards import figures

_TITLES = {
    "endpoint-health": "How it served, against its limits",
    "cost": "What it costs, against its limits",
    "model-performance": "How well the model does",
    "feature-attribution-drift": "What the model leans on",
}


def others(reports: Sequence[Report]) -> Iterator[str]:
    """Yield a section a report: sentence, window, every figure with limit and verdict."""
    for report in reports:
        yield f"<h2>{escape(_TITLES.get(report.signal, report.signal))}</h2>"
        yield f"<p>{escape(report.sentence)}</p>"
        span = figures.window(report.production_window)
        noun = "labels" if report.signal == "model-performance" else "requests"
        yield f"<p class=soft>{escape(span)}, {report.production_rows:,} {noun}"
        yield f"{''.join(f'; {escape(each)}' for each in report.findings)}</p>"
        yield "<table><tr><th>Measure<th>Metric<th class=n>Value<th class=n>Limit"
        yield "<th class=n>n<th>Verdict</tr>"
        yield from map(_row, report.results)
        yield "</table>"


def _row(result: FeatureResult) -> str:
    interval = ""
    if result.interval:
        low, high = (figure(bound, result.unit) for bound in result.interval)
        interval = f" ({low} to {high})"
    reason = f": {result.reason}" if result.reason else ""
    bound = "none"
    if result.threshold is not None:
        word = "at least" if result.breached_when == "below" else "at most"
        bound = f"{word} {figure(result.threshold, result.unit)}"
    return (
        f"<tr><td>{escape(result.feature)}<td>{escape(result.metric)}"
        f"<td class=n>{escape(figure(result.value, result.unit) + interval)}"
        f"<td class=n>{escape(bound)}<td class=n>{result.production_count:,}"
        f"<td>{escape(result.verdict + reason)}</tr>"
    )


def figure(value: float | None, unit: str) -> str:
    """Return a figure with its unit, "not known" without one."""
    if value is None:
        return figures.UNKNOWN
    return told(value, unit) if unit else f"{value:,.4g}"
