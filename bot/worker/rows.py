"""Compare the rows of a monitor: drift, predictions, quality, and what explains them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from bot import signals
from bot.evidence import policy
from bot.evidence.veil import hidden
from bot.ports import Windows
from bot.signals import Report, timeline
from bot.signals.explanation import Segment, with_predictions
from bot.signals.split import carried, carriers, in_words
from bot.signals.together import together
from bot.watch import Endpoint

OF_ROWS = frozenset({"data-drift", "prediction-drift", "data-quality"})
_MORE = 0.05  # of the shift, beyond a segment's share of the rows
_PARTS = 2  # segments that are named, of each column


async def compared(
    windows: Windows, endpoint: Endpoint, since: Sequence[str] = ()
) -> tuple[Report, int]:
    """Return the report of both sides, and how many columns may not be looked at.

    `since`: since when it is so, where more is known of it than the rows tell.
    """
    shown, left_out = disclosed(windows, endpoint)
    found = await asyncio.to_thread(_compare, shown, endpoint, since)
    found = replace(found, findings=(*found.findings, *windows.findings))
    return policy.report(found, endpoint.disclosure), left_out


def disclosed(windows: Windows, endpoint: Endpoint) -> tuple[Windows, int]:
    """Return the windows without columns that may not be looked at, and how many."""
    sides = (windows.reference, windows.production)
    kept = [policy.columns(side.column_names, endpoint.disclosure) for side in sides]
    every = {name for side in sides for name in side.column_names}
    shown = replace(
        windows, reference=sides[0].select(kept[0]), production=sides[1].select(kept[1])
    )
    return shown, len(every - {name for names in kept for name in names})


def _compare(windows: Windows, endpoint: Endpoint, since: Sequence[str]) -> Report:
    """Return drift, and the other signals of rows that the watch list has rules for."""
    asked = rules(endpoint)
    judged = {name: _of_signal(windows, endpoint, name, asked[name]) for name in asked}
    merged, worst = as_one(judged)
    if worst is None:
        return merged
    its = asked[worst.signal]
    if not since:
        found = timeline.courses(windows.reference, _hours(windows), worst, its)
        since = timeline.in_words(found)
    explained = (*since, *_carried(windows, endpoint, worst, its))
    return replace(merged, explained=explained)


def as_one(found: Mapping[str, Report]) -> tuple[Report, Report | None]:
    """Return the signals' reports as one, and the first that is over its limit."""
    merged = together([*found.values()])
    moved = found.get("prediction-drift")
    if moved and "breached" in (moved.verdict, found["data-drift"].verdict):
        first = with_predictions(found["data-drift"], moved)
        over = [r for r in found.values() if r.verdict == "breached"]
        rest = [r.sentence for r in over if r.signal != "data-drift"]
        merged = replace(merged, sentence=" ".join((first, *rest)))
    return merged, next((r for r in found.values() if r.verdict == "breached"), None)


def rules(endpoint: Endpoint) -> dict[str, list[signals.Rule]]:
    """Return the rules by signal; what is said of predictions alone is theirs."""
    said = {name.lower() for name in endpoint.predictions}
    found: dict[str, list[signals.Rule]] = {"data-drift": []}
    if said:
        found["prediction-drift"] = []
    for r in endpoint.signals:
        if r.kind not in OF_ROWS:
            continue
        rule = signals.Rule(metric=r.metric, threshold=r.threshold, columns=r.columns)
        theirs = r.columns and said >= {name.lower() for name in r.columns}
        kind = "prediction-drift" if theirs and r.kind == "data-drift" else r.kind
        found.setdefault(kind, []).append(rule)
    if said and not found["prediction-drift"]:
        general = [rule for rule in found["data-drift"] if not rule.columns]
        found["prediction-drift"] = general
    return found


def _of_signal(
    windows: Windows, endpoint: Endpoint, signal: str, rules: Sequence[signals.Rule]
) -> Report:
    return signals.evaluate(
        _side(windows.reference, endpoint, signal),
        _side(windows.production, endpoint, signal),
        rules,
        signal=signal,
        reference_name=windows.reference_name,
        production_name=windows.production_name,
        reference_window=windows.reference_window,
        production_window=windows.production_window,
    )


def _side(table: pa.Table, endpoint: Endpoint, signal: str) -> pa.Table:
    return table.select(of_signal(table.column_names, endpoint, signal))


def of_signal(names: Iterable[str], endpoint: Endpoint, signal: str) -> list[str]:
    """Return the columns that a signal is about: what went in, or what came out."""
    said = {name.lower() for name in endpoint.predictions}
    if not said or signal == "data-quality":
        return list(names)
    theirs = signal == "prediction-drift"
    return [name for name in names if (name.lower() in said) == theirs]


def _carried(
    windows: Windows,
    endpoint: Endpoint,
    report: Report,
    rules: Sequence[signals.Rule],
) -> list[str]:
    """Return which part of the rows carries the shift, a sentence each."""

    def find(column: str) -> tuple[Segment, ...]:
        return carriers(windows.reference, windows.production, column, report, rules)

    return carried_by(endpoint, report, windows.production.num_rows, find)


def carried_by(
    endpoint: Endpoint,
    report: Report,
    rows: int,
    find: Callable[[str], tuple[Segment, ...]],
) -> list[str]:
    """Return the same, of whatever finds the segments of a column.

    `find` may raise ValueError, and that is told: the column is not there.
    """
    words = list[str]()
    least = endpoint.disclosure.least_count
    for column in endpoint.segments:
        try:
            parts = find(column)
        except ValueError as error:
            words.append(f"By {column}: cannot tell, {error}")
            continue
        worst = carried(report, column)
        uneven = [p for p in parts if p.carried > p.share + _MORE]
        # A value that few rows have could name a person.
        counts = {p.value: round(p.share * rows) for p in parts}
        shown = [p for p in uneven if counts[p.value] >= least and not hidden(p.value)]
        if worst is None or max(counts.values(), default=0) < least:
            continue
        words += in_words(shown, worst.feature)[:_PARTS]
        if not uneven:
            words.append(f"The shift of {worst.feature} is spread evenly over {column}")
        elif not shown:
            few = f"fewer than {least} rows have"
            words.append(f"By {column}: {few} what the shift of {worst.feature} is in")
    return words


def _hours(windows: Windows) -> list[timeline.Slice]:
    found, start = [], 0
    for at, count in windows.hours:
        found.append((at, windows.production.slice(start, count)))
        start += count
    return found
