"""A report as the rows that Azure ML's drift component writes, and three fields more."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.signals.report import FeatureResult, Report


def rows(report: "Report") -> list[dict[str, Any]]:
    """Return one row a result, then the row counts of both sides.

    `feature_name, metric_value, data_type, metric_name, group, group_pivot,
    threshold_value` as Azure ML names them (`metric_value` in full precision), and
    `mode`, `breached`, `flags`. Numbers that JSON does not have are the words "NaN" and
    "Infinity"; a figure that could not be computed is null, and a flag says why. What
    was wrong with a side's data, and which columns were left out, are flags of its
    row count.
    """
    ours = [f for f in report.findings if f.startswith("reference: ")]
    theirs = [f for f in report.findings if f not in ours]
    theirs += [f"not compared: {column}" for column in report.dropped]
    if report.verdict in {"not enough data", "cannot compute"}:
        theirs.insert(0, report.sentence)
    return [
        *(_row(report, result) for result in report.results),
        _count(report, "BaselineRowCount", report.reference_rows, ours),
        _count(report, "TargetRowCount", report.production_rows, theirs),
    ]


def _row(report: "Report", result: "FeatureResult") -> dict[str, Any]:
    return {
        "feature_name": result.feature,
        "metric_value": result.not_finite or result.value,
        "data_type": result.data_type if result.feature else "",
        "metric_name": result.metric,
        "group": result.feature,
        "group_pivot": "",
        "threshold_value": "NaN" if result.threshold is None else result.threshold,
        "mode": report.mode,
        "breached": result.verdict == "breached",
        "flags": [*result.flags, *_unclear(result)],
    }


def _unclear(result: "FeatureResult") -> list[str]:
    if result.verdict in {"not enough data", "cannot compute"}:
        return [f"{result.verdict}: {result.reason}"]
    return [result.reason] if result.reason else []


def _count(report: "Report", name: str, count: int, flags: list[str]) -> dict[str, Any]:
    return {
        "feature_name": "",
        "metric_value": float(count),
        "data_type": "",
        "metric_name": name,
        "group": "",
        "group_pivot": "",
        "threshold_value": "NaN",
        "mode": report.mode,
        "breached": False,
        "flags": flags,
    }
