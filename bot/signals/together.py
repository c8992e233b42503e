"""Several signals of the same two windows as one report."""

from collections.abc import Sequence
from dataclasses import replace

from bot.signals.report import Report
from bot.signals.sentence import WORST_FIRST


def together(reports: Sequence[Report]) -> Report:
    """Return the reports as one: the worst verdict, every result, the worst first.

    Args:
        reports: at least one, of the same windows. The first gives signal, mode, names,
            windows and row counts.

    >>> from bot.signals import Rule, evaluate
    >>> left, right = {"a": [1.0] * 600}, {"a": [9.0] * 600}
    >>> drift = evaluate(left, left)
    >>> quality = evaluate(left, right, [Rule("bounds")], signal="data-quality")
    >>> together([drift, quality]).sentence
    'a is over the data quality limit.'
    """
    first = reports[0]
    if len(reports) == 1:
        return first
    ordered = sorted(reports, key=lambda report: WORST_FIRST.index(report.verdict))
    over = [report.sentence for report in ordered if report.verdict == "breached"]
    results = [result for report in ordered for result in report.results]
    findings = (f for report in reports for f in report.findings)
    dropped = (column for report in reports for column in report.dropped)
    return replace(
        first,
        verdict=ordered[0].verdict,
        sentence=" ".join(over) or ordered[0].sentence,
        results=tuple(sorted(results, key=lambda r: WORST_FIRST.index(r.verdict))),
        findings=tuple(dict.fromkeys(findings)),
        dropped=tuple(dict.fromkeys(dropped)),
    )
