"""Where Azure and we measured the same, and where not."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bot.incident import Alert, Reading
from bot.signals import FeatureResult, Report
from cards.figures import against
from cards.findings import plain_metric


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that Azure reported otherwise than we recomputed it."""

    feature: str
    azure: str
    ours: str


def differences(alert: Alert, report: Report) -> Iterator[Difference]:
    """Yield where the alert's readings and our report differ so that it matters.

    Azure measured at another moment: a figure within a tenth of ours says the same.
    """
    ours = {(r.feature.lower(), plain_metric(r.metric)): r for r in report.results}
    for reading in alert.readings:
        mine = ours.get((reading.feature.lower(), plain_metric(reading.metric)))
        if mine is None or not reading.feature:
            continue
        theirs_breached = reading.breached
        same_verdict = theirs_breached in (None, mine.verdict == "breached")
        theirs, own = against(reading.value, mine.value)
        own = max(own, against(mine.value, mine.threshold)[0], key=len)
        if not (same_verdict and _near(reading.value, mine.value)):
            judged = {True: ", over", False: ", within", None: ""}[theirs_breached]
            yield Difference(reading.feature, theirs + judged, f"{own}, {_word(mine)}")


def same(reading: Reading, found: Report) -> bool:
    """Return whether our report has what Azure measured, against the same limit."""
    return any(
        plain_metric(result.metric) == plain_metric(reading.metric)
        and _near(reading.value, result.value)
        and _near(reading.threshold, result.threshold)
        and reading.breached in (None, result.verdict == "breached")
        for result in found.results
    )


def _near(theirs: float | None, ours: float | None) -> bool:
    if theirs is None or ours is None:
        return theirs is ours
    return math.isclose(theirs, ours, rel_tol=0.1)


def _word(result: FeatureResult) -> str:
    return {"breached": "over", "not breached": "within"}.get(
        result.verdict, result.verdict
    )
