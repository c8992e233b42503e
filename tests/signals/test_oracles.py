"""Azure ML's own figures, computed by its own code: `azureml` mode gives the same."""

import json
import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bot.signals import FeatureResult, Report, Rule, evaluate
from bot.signals.columns import Data
from bot.signals.readers import read
from bot.signals.verdict import azure_breached
from tests.signals import million

ORACLES = Path(__file__).parent.parent / "fixtures" / "oracles"
DRIFT = sorted(
    path.parent.name
    for path in ORACLES.glob("*/expected.json")
    if '"drift"' in path.read_text()
)
SMALL = [case for case in DRIFT if case != "num_1m"]
ALL = [Rule(alias) for alias in ("js", "psi", "nwd", "ks", "chi2")]


def expected(case: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((ORACLES / case / "expected.json").read_text())
    return answer


def sides(case: str, *, memory: bool = False) -> tuple[Data, Data]:
    """Return both sides as the command line reads them, or whole."""
    if case == "num_1m":
        return million.build()
    folder = ORACLES / case
    opened = pq.read_table if memory else read
    left, right = (
        opened(str(folder / f"{n}.parquet")) for n in ("baseline", "production")
    )
    return left, right


def azureml(case: str, rules: list[Rule], *, memory: bool = False) -> Report:
    options = expected(case)["options"]
    reference, production = sides(case, memory=memory)
    return evaluate(
        reference,
        production,
        rules,
        mode="azureml",
        numerical=filter(None, options.get("override_numerical", "").split(",")),
        categorical=filter(None, options.get("override_categorical", "").split(",")),
    )


def check(figure: Any, result: FeatureResult) -> None:
    """Compare one figure; an error that Azure ML raises is a flag of ours."""
    if isinstance(figure, dict):
        flag = f"Azure ML raises {figure['error']}: {figure['message']}"
        assert (None, "cannot compute") == (result.value, result.verdict)
        assert flag in result.flags
    elif isinstance(figure, str):
        assert (figure, None) == (result.not_finite, result.value)
    else:
        assert result.value is not None
        assert math.isclose(figure, result.value, rel_tol=1e-9, abs_tol=1e-12), (
            result.feature,
            result.metric,
        )


@pytest.mark.parametrize("case", DRIFT)
def test_drift_is_azure_mls_own_figure(case: str) -> None:
    """
    A card says "Azure ML computed 0.31"; it had better be what Azure ML computed.
    """
    drift = expected(case)["drift"]
    report = azureml(case, ALL)
    ours = {(r.feature, r.metric): r for r in report.results}
    theirs = {
        (column, metric): figure
        for metrics in drift["metrics"].values()
        for metric, figures in metrics.items()
        for column, figure in figures.items()
    }

    assert theirs.keys() == ours.keys()
    for key, figure in theirs.items():
        check(figure, ours[key])
    rows = drift["baseline_rows_after_dropna"], drift["production_rows_after_dropna"]
    assert rows == (report.reference_rows, report.production_rows)


@pytest.mark.parametrize("case", SMALL)
def test_columns_are_read_as_azure_ml_reads_them(case: str) -> None:
    """
    A number taken for a category changes which metric and which limit apply.
    """
    drift = expected(case)["drift"]
    report = azureml(case, [Rule("js")])

    for kind in ("Numerical", "Categorical"):
        assert set(drift[kind.lower()]) == {
            r.feature for r in report.results if r.data_type == kind
        }


@pytest.mark.parametrize("case", SMALL)
def test_the_usual_rules_are_those_of_the_component(case: str) -> None:
    """
    With no rule given, Azure ML compares by Wasserstein and Jensen-Shannon at 0.5.
    """
    rows = expected(case)["drift"]["component_output_defaults"]
    ours = {r.feature: r for r in azureml(case, [], memory=True).results}
    if isinstance(rows, dict):
        assert any(
            f"Azure ML raises {rows['error']}: {rows['message']}" in r.flags
            for r in ours.values()
        )
        return
    theirs = {row["feature_name"]: row for row in rows if row["feature_name"]}
    assert theirs.keys() == ours.keys()
    for name, row in theirs.items():
        if isinstance(row["metric_value"], float):
            assert row["metric_value"] == pytest.approx(ours[name].value, rel=1e-5)
        assert row["metric_name"] == ours[name].metric
        assert row["threshold_value"] == ours[name].threshold


def test_breaches_are_azure_mls() -> None:
    """
    NaN, null and equality each have an answer of their own in Spark.
    """
    for row in json.loads((ORACLES / "threshold_breach.json").read_text())["rows"]:
        value, limit = (
            None if row[key] is None else float(row[key])
            for key in ("metric_value", "threshold_value")
        )
        assert row["breached_numeric"] == azure_breached(
            row["metric_name"], value, limit
        ), row


QUALITY = [
    case
    for case in sorted(path.name for path in ORACLES.iterdir() if path.is_dir())
    if '"data_quality"' in (ORACLES / case / "expected.json").read_text()
]


@pytest.mark.parametrize("threshold", [0.0, 0.1])
@pytest.mark.parametrize("case", QUALITY)
def test_data_quality_is_azure_mls_own_figure(case: str, threshold: float) -> None:
    """
    Nulls, filled-in values, casts and a set of values that was a text in between.
    """
    rules = [Rule(alias, threshold) for alias in ("nulls", "types", "bounds")]
    reference, production = sides(case, memory=threshold == 0.0)
    report = evaluate(
        reference, production, rules, mode="azureml", signal="data-quality"
    )
    ours = {(r.feature, r.metric): r for r in report.results}
    quality = expected(case)["data_quality"]
    if "error" in quality["production"]:
        flag = f"Azure ML raises Py4JJavaError: {quality['production']['message']}"
        assert any(flag in result.flags for result in report.results)
        return
    rows = quality["joined"][f"threshold_{threshold}"]
    theirs = {(row["feature_name"], row["metric_name"]): row for row in rows}

    assert theirs.keys() == ours.keys()
    for key, row in theirs.items():
        result = ours[key]
        assert row["metric_value"] == result.value, key
        if row["data_type"] in {"Numerical", "Categorical"}:
            assert row["data_type"] == result.data_type or not key[0], key
        assert row["breached"] == (result.verdict == "breached"), key
        if row["metric_value"] is not None:
            assert row["threshold_value"] == pytest.approx(result.threshold), key
