"""What the watch list asks of the rows is what is computed of them."""

import pyarrow as pa

from bot.ports import Windows
from bot.watch import Endpoint, SignalRule
from bot.worker.evaluate import compared

ENDPOINT = (
    "/subscriptions/0/resourceGroups/ml/providers/Microsoft.MachineLearningServices"
    "/workspaces/ws/onlineEndpoints/loan"
)


def _endpoint(*rules: SignalRule) -> Endpoint:
    return Endpoint(id=ENDPOINT, owner="x", channel="y", monitor="m", signals=rules)


def _windows(reference: pa.Table, production: pa.Table) -> Windows:
    return Windows(
        reference=reference,
        production=production,
        reference_name="training",
        production_name="today",
        reference_window=None,
        production_window=None,
    )


async def test_rules_of_data_quality_are_computed_beside_drift() -> None:
    """
    A rule that is written down and never looked at is worse than none.
    """
    whole = pa.table({"age": [float(i % 60) for i in range(1_000)]})
    gaps = pa.table({"age": [None if i % 5 == 0 else i % 60 for i in range(1_000)]})
    windows = _windows(whole, gaps)
    js = SignalRule(metric="js", threshold=0.3)
    nulls = SignalRule(metric="NullValueRate", threshold=0.05, signal="data-quality")
    short = SignalRule(metric="nulls", threshold=0.05)

    drift, _ = await compared(windows, _endpoint(js))
    both, _ = await compared(windows, _endpoint(js, nulls))
    same, _ = await compared(windows, _endpoint(js, short))

    assert ("not breached", "breached") == (drift.verdict, both.verdict)
    assert "age is over the data quality limit." == both.sentence
    assert ["NullValueRate", "JensenShannonDistance"] == [
        result.metric for result in both.results
    ]
    assert both == same


async def test_no_rule_means_azure_mls_usual_drift() -> None:
    rows = pa.table({"age": [float(i % 60) for i in range(1_000)]})
    windows = _windows(rows, rows)
    performance = SignalRule(
        metric="Accuracy", threshold=0.9, signal="model-performance"
    )

    report, _ = await compared(windows, _endpoint(performance))

    assert ["NormalizedWassersteinDistance"] == [r.metric for r in report.results]
