"""What the engine says to an alert that is not about rows: health, cost, the model."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from microsoft_teams.cards import CardElement

from bot.incident import Kind
from bot.signals import Course, FeatureResult, Report
from bot.signals.gauge import told
from bot.signals.load import TRAFFIC
from bot.signals.report import Verdict
from bot.signals.serving import KINDS
from cards import charts, figures
from cards.elements import (
    Head,
    Tile,
    Words,
    heading,
    paragraph,
    runs,
    said,
    table,
)
from cards.words import identifier

_FEWEST = 3  # points of a course; two are none
_ROWS = 5  # more are on the evidence page
_PERCENT = ("share", "%")
_MANY = 1000  # times
_UNJUDGED = ("not enough data", "cannot compute")
_MONEY: Final[dict[str, str]] = {  # the tile's name, behind its currency
    "CostPerDay": "/day",
    "CostPerThousandRequests": "/1k",
}
# What was spent is for Azure alone to know: a cost is never denied.
_CLAIMS: Final[dict[Kind, str]] = {
    "latency": "slow answers",
    "errors": "failed requests",
    "availability": "an outage",
    "traffic": "unusual traffic",
    "resource": "a lack of capacity",
    "performance": "a drop in performance",
    "attribution-drift": "attribution drift",
}
_DOUBTS: Final[dict[str, str]] = {
    "not breached": "we find none",
    "not enough data": "too little data to tell",
    "cannot compute": "we could not check it",
}
_TILES: Final[dict[str, str]] = {  # short: three of them share a phone's line
    "RequestLatency_P50": "p50, ms",
    "RequestLatency_P90": "p90, ms",
    "RequestLatency_P95": "p95, ms",
    "RequestLatency_P99": "p99, ms",
    "ErrorRate": "Errors",
    "Availability": "Avail.",
    "ErrorBudgetBurn": "Burn",
    "RequestsPerMinute": "Traffic",
    "CpuUtilizationPercentage": "CPU",
    "CpuMemoryUtilizationPercentage": "Memory",
    "DiskUtilization": "Disk",
    "GpuUtilizationPercentage": "GPU",
    "GpuMemoryUtilizationPercentage": "GPU memory",
    "DataCollectionErrorsPerMinute": "Not stored",
    "CostPerDay": "Cost a day",
    "CostPerThousandRequests": "Per 1,000",
    "IdleCapacity": "Idle",
    "RootMeanSquaredError": "RMSE",
    "MeanAbsoluteError": "MAE",
    "NormalizedDiscountedCumulativeGain": "NDCG",
}


def verdict(kind: Kind, found: Report) -> Verdict:
    """Return the verdict on what an alert of this kind asks, not on all the rest."""
    asked = concerning(kind, found)
    for each in ("breached", "not breached", "not enough data", "cannot compute"):
        if any(result.verdict == each for result in asked):
            return each
    return found.verdict


def concerning(kind: Kind | None, found: Report) -> Sequence[FeatureResult]:
    """Return the results that an alert of this kind is about; all where none is."""
    wanted = KINDS.get(kind, ()) if kind else ()
    return [r for r in found.results if r.metric in wanted] or found.results


def doubt(kind: Kind, name: str, found: Report) -> str:
    """Return the title where we do not confirm what Azure reports, else ""."""
    judged = verdict(kind, found)
    if kind not in _CLAIMS or judged == "breached":
        return ""
    return f"Azure reports {_CLAIMS[kind]} on {name}; {_DOUBTS[judged]}"


def sentence(kind: Kind, found: Report) -> str:
    """Return the report's sentence; before it, where other figures alone are over."""
    if found.verdict == "breached" and verdict(kind, found) == "not breached":
        names = " and ".join(dict.fromkeys(r.feature for r in concerning(kind, found)))
        return f"Within its limits: {names}. But: {_inside(found.sentence)}"
    return found.sentence


def _inside(sentence: str) -> str:
    """Return a sentence as it stands behind a colon; "CPU" stays as it is."""
    plain = sentence[1:2].islower()
    return sentence[:1].lower() + sentence[1:] if plain else sentence


def tiles(kind: Kind | None, found: Report) -> list[Tile]:
    """Return the three figures that matter most, those out of range coloured."""
    asked = concerning(kind, found)
    known = [r for r in found.results if r.value is not None]
    known.sort(key=lambda r: (r.verdict != "breached", r not in asked))
    return [_tile(result) for result in known[:3]]


def _tile(result: FeatureResult) -> Tile:
    value, unit = result.value or 0.0, result.unit
    shown = _bare(value, unit)
    few = result.verdict == "not enough data"
    return Tile(
        _label(result),
        "\u2013" if few else shown,
        "unknown" if few else _note(result),
        "Attention" if result.verdict == "breached" else "Default",
    )


def _label(result: FeatureResult) -> str:
    """Return a tile's name with the unit, which has no room beside the figure."""
    if result.unit and (behind := _MONEY.get(result.metric)):
        return identifier(result.unit)[:4] + behind
    name = _TILES.get(result.metric, result.metric[:12])
    return f"{name}, %" if result.unit in _PERCENT else name


def _bare(value: float, unit: str) -> str:
    """Return a figure without the unit that its tile's name has: a phone is narrow."""
    if unit == "ms":
        return figures.short(round(value))
    if unit == "times":
        return (
            f"{value:.3g}\u00d7"
            if 1 <= value < _MANY
            else f"{figures.short(value)}\u00d7"
        )
    if unit in _PERCENT:
        return told(value, unit).removesuffix("%")
    return figures.short(value)


def _note(result: FeatureResult) -> str:
    """Return the limit without a unit that the tile's name has already."""
    if result.threshold is None:
        return "no limit"
    word = "min " if result.breached_when == "below" else "max "
    if result.unit in (*_PERCENT, "ms", "times"):
        return word + _bare(result.threshold, result.unit).rstrip("\u00d7")
    shown = figures.against(result.value, result.threshold)[1]
    return word + shown.removesuffix(".00")


def measured(
    found: Report, heads: str = "What we measured", most: int = _ROWS
) -> list[CardElement]:
    """Return the figures with limits; what is not known is said below, with why."""
    if not found.results:
        return []
    rows: list[tuple[Words, Words, Words]] = [
        (runs(said(_name(r), 40)), limit(r), figure(r)) for r in found.results[:most]
    ]
    shown = (
        Head("Measure"),
        Head("Limit", "96px", right=True),
        Head("Found", "88px", right=True),
    )
    return [heading(heads), table(shown, rows), *basis(found, most)]


def basis(found: Report, most: int) -> list[CardElement]:
    """Return in small what the first figures rest on, and what is not known."""
    return [
        paragraph(line, subtle=True, small=True, spacing="Small")
        for line in _notes(found, most)
    ]


def course(found: Report) -> list[CardElement]:
    """Return the course of the alert's own figure with its limit, when it is known."""
    known = found.course
    if known is None or len(known.points) < _FEWEST:
        return []
    name = known.feature[:1].upper() + known.feature[1:]
    scale, sign = (100, "%") if known.unit == "share" else (1, known.unit)
    bound = known.limit if known.limit is None else known.limit * scale
    points = [(at, value * scale) for at, value in known.points]
    end = known.points[-1][0] + timedelta(seconds=known.grain_s)
    word = "at least" if known.breached_when == "below" else "at most"
    held = (
        f"limit: {word} {_with_sign(bound, sign)}" if bound is not None else "no limit"
    )
    grain = figures.duration(timedelta(seconds=known.grain_s))
    times = figures.window((known.points[0][0], end))
    return [
        heading(f"{name} over time"),
        charts.trend(
            f"{name}, {sign}" if sign else name, points, bound, _floor(known, points)
        ),
        paragraph(
            f"Means of {grain}, {times}; {held}.",
            subtle=True,
            small=True,
            spacing="Small",
        ),
    ]


def _floor(known: Course, points: Sequence[tuple[datetime, float]]) -> float | None:
    """Return where the axis begins: between 99% and 100% nothing shows from zero."""
    if known.unit != "share" or known.breached_when != "below":
        return None
    return float(math.floor(min(value for _, value in points)))


def _with_sign(value: float, sign: str) -> str:
    shown = figures.number(value)
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return shown + (sign if sign == "%" else f" {sign}".rstrip())


def _name(result: FeatureResult) -> str:
    if result.feature in ("model", "feature attribution"):
        return _TILES.get(result.metric, result.metric)
    return result.feature[:1].upper() + result.feature[1:]


def limit(result: FeatureResult) -> str:
    """Return the limit with unit and direction: "\u2264 250 ms"."""
    if result.threshold is None:
        return "none"
    word = "\u2265 " if result.breached_when == "below" else "\u2264 "
    if not result.unit:
        return word + figures.against(result.value, result.threshold)[1]
    return word + _told(result.threshold, result.unit)


def _told(value: float, unit: str) -> str:
    return told(value, unit).replace(" times", "\u00d7")


def figure(result: FeatureResult) -> str:
    """Return the figure with its unit; one that rests on too little is not known."""
    if result.value is None or result.verdict == "not enough data":
        return figures.UNKNOWN
    if not result.unit:
        return figures.against(result.value, result.threshold)[0]
    return _told(result.value, result.unit)


def _notes(found: Report, most: int) -> Iterator[Words]:
    """Yield what the figures rest on, how sure they are, and what is not known."""
    noun = "labelled row" if found.signal == "model-performance" else "request"
    size = figures.count(found.production_rows, noun)
    window = figures.window(found.production_window)
    more = len(found.results) - most
    rest = f" {figures.count(more, 'more figure')} in the evidence." * (more > 0)
    if found.production_window:
        yield f"{size}, {window}.{rest}"
    elif found.production_rows:
        yield f"{size}.{rest}"
    for result in found.results[:most]:
        if (
            result.interval
            and result.verdict == "breached"
            and result.value is not None
        ):
            low, high = (told(bound, result.unit) for bound in result.interval)
            of = result.production_count
            size = "" if of == found.production_rows else f", n = {of:,}"
            words = f": 95% interval {low} to {high}{size}."
            yield runs(said(_name(result), 40), words)
            break
    for result in found.results[:most]:
        if result.metric == TRAFFIC.name and result.verdict == "not breached":
            yield runs("Traffic: ", said(result.reason, 100), ".")
    unknown: dict[str, list[str]] = {}
    for result in found.results:
        free = result.threshold is None and result.value is not None
        if result.verdict in _UNJUDGED and result.reason and not free:
            unknown.setdefault(result.reason, []).append(_name(result))
    if unknown:
        parts = [f"{', '.join(names)} ({why})" for why, names in unknown.items()]
        yield runs("Not judged: ", said("; ".join(parts[:3]), 300), ".")
