"""The report of a monitor: from kept profiles where they can tell, else from the rows."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pyarrow as pa

from bot import signals
from bot.evidence import policy
from bot.ports import Impossible, Windows
from bot.signals import Report, Rule, TableProfile, timeline
from bot.signals.explanation import Segment
from bot.signals.slices import alike, some, typed
from bot.signals.split import carriers_of
from bot.signals.timeline import Course
from bot.watch import Endpoint
from bot.worker.kept import sides
from bot.worker.means import Means
from bot.worker.rows import OF_ROWS, as_one, carried_by, compared, of_signal, rules
from bot.worker.side import Dated, Side

_OF_ALL_ROWS = OF_ROWS - {"data-drift", "prediction-drift"}


async def report(
    means: Means,
    endpoint: Endpoint,
    *,
    deployment: str = "",
    since: datetime | None = None,
    rows: bool = False,
) -> tuple[Report, int, Windows | None]:
    """Return the report, how many columns may not be looked at, and the rows if read.

    Args:
        rows: they are needed besides, so nothing is won by asking what was kept.

    Raises:
        Unavailable, Impossible: as `Workspace.windows`.
    """
    assert means.workspace is not None
    rows = rows or needs_rows(endpoint)
    found, left_out = None, 0
    if means.archive or not rows:
        # An hour that cannot be read or told alone may be read beside the others.
        with suppress(ValueError, Impossible, pa.ArrowException):
            left, right = await sides(
                means, endpoint, deployment=deployment, since=since
            )
            left_out = _left_out(left, right, endpoint)
            by_parts = not rows and _split(endpoint, left, right)
            found = await asyncio.to_thread(
                _judged, left, right, endpoint, by_parts=by_parts
            )
            rows = rows or (found.verdict == "breached" and not by_parts)
    if found is not None and not rows:
        return policy.report(found, endpoint.disclosure), left_out, None
    windows = await means.workspace.windows(
        endpoint, means.clock(), deployment=deployment, since=since
    )
    said = found.explained if found else ()
    told, left_out = await compared(windows, endpoint, said)
    return told, left_out, windows


def _split(endpoint: Endpoint, left: Side, right: Side) -> bool:
    """Return whether both sides are kept by the parts that a breach has to be split by."""
    return all(c in side.parts for c in endpoint.segments for side in (left, right))


def needs_rows(endpoint: Endpoint) -> bool:
    """Return whether a rule asks of rows what their profiles do not keep."""
    return any(rule.kind in _OF_ALL_ROWS for rule in endpoint.signals)


def _left_out(left: Side, right: Side, endpoint: Endpoint) -> int:
    every = {**left.columns, **right.columns}
    return len(every) - len(policy.columns(every, endpoint.disclosure))


def _judged(left: Side, right: Side, endpoint: Endpoint, *, by_parts: bool) -> Report:
    """Return what the rows of both sides would say, and by which part. Raises Uneven."""
    asked = rules(endpoint)
    pair = typed(left.whole, right.whole, left.least)
    found = {}
    for name in asked:
        ours, theirs = (
            some(one, of_signal(one.columns, endpoint, name)) for one in pair
        )
        judged = signals.compare(
            ours,
            theirs,
            asked[name],
            signal=name,
            reference_name=left.lying.name,
            production_name=right.lying.name,
        )
        found[name] = replace(
            judged,
            reference_window=left.lying.window,
            production_window=right.lying.window,
        )
    merged, worst = as_one(found)
    findings = (
        *(f"reference: {note}" for note in left.findings),
        *(f"production: {note}" for note in right.findings),
    )
    dropped = dict.fromkeys((*merged.dropped, *_uncompared(left, right, endpoint)))
    merged = replace(
        merged, findings=(*merged.findings, *findings), dropped=tuple(dropped)
    )
    if worst is None:
        return merged
    its = asked[worst.signal]
    said = _since_when(pair[0], right, worst, its)

    def find(column: str) -> tuple[Segment, ...]:
        parts = [side.parts.get(column, {}) for side in (left, right)]
        return carriers_of(parts[0], parts[1], column, worst, its, pair[0])

    if by_parts:
        said = (*said, *carried_by(endpoint, worst, right.whole.rows, find))
    return replace(merged, explained=said)


def _uncompared(left: Side, right: Side, endpoint: Endpoint) -> list[str]:
    """Return which columns have no profile, and why."""
    said = []
    for name in policy.columns({**left.columns, **right.columns}, endpoint.disclosure):
        if name not in right.columns:
            said.append(f"{name}: not in production")
        elif name not in left.columns:
            said.append(f"{name}: not in the reference")
        elif name not in left.whole.columns and name not in right.whole.columns:
            said.append(f"{name}: {left.columns[name]} is not compared")
    return said


def _since_when(
    reference: TableProfile, right: Side, worst: Report, asked: Sequence[Rule]
) -> tuple[str, ...]:
    """Return since when and what moved together: by the hours, else by earlier days."""

    def courses(slices: Sequence[Dated], least: int) -> tuple[Course, ...]:
        made = [(at, alike(one, reference)) for at, one in slices]
        return timeline.days(reference, made, worst, asked, least=least)

    hours = courses(right.hours, timeline.HOURS)
    if any(course.began for course in hours):
        return timeline.in_words(hours)
    return timeline.in_words(courses(right.days, timeline.DAYS) or hours)
