"""What the watch list asks of the rows is what is computed of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from bot.ports import Windows
from bot.watch import Endpoint, SignalRule
from bot.worker.rows import compared

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


def _hourly(production: list[pa.Table]) -> Windows:
    begun = datetime(2026, 11, 22, 9, tzinfo=UTC)
    hours = ((begun + timedelta(hours=n), t.num_rows) for n, t in enumerate(production))
    return replace(
        _windows(_ward(0, gone=False), pa.concat_tables(production)), hours=(*hours,)
    )


def _ward(seed: int, *, gone: bool) -> pa.Table:
    """Return 600 measurements of two wards and, twice, of one that nobody else has."""
    ward = ["north", "south"] * 299 + ["private"] * 2
    value = [float((i * 7 + seed) % 60) for i in range(600)]
    there = [not (gone and ward[i] != "south" and i % 3) for i in range(600)]
    kept = [v if t else None for v, t in zip(value, there, strict=True)]
    score = [(i * 11 + seed) % 40 / 40 for i in range(600)]
    return pa.table({"lactate": kept, "ward": ward, "score": score})


async def test_a_shift_is_explained_without_naming_the_few() -> None:
    """
    A ward that two rows have points at two patients.
    """
    nulls = SignalRule(metric="nulls", threshold=0.05)
    endpoint = _endpoint(nulls).model_copy(
        update={"segments": ("ward", "floor"), "predictions": ("score",)}
    )
    windows = _hourly([_ward(n, gone=n >= 6) for n in range(12)])

    report, _ = await compared(windows, endpoint)

    assert "lactate has been so since 22 Nov 15:00 UTC" == report.explained[0]
    assert report.explained[1].startswith("ward north: 9")
    assert not any("private" in line for line in report.explained)
    assert "By floor: cannot tell, floor: not in the reference" == report.explained[-1]


async def test_inputs_and_predictions_are_told_apart() -> None:
    """
    The same shift means another thing, and another next step, when the answers moved.
    """
    random = np.random.default_rng(5)
    rows = {"age": random.normal(40, 9, 2_000), "score": random.normal(0, 1, 2_000)}
    older = {**rows, "age": rows["age"] + 9}
    worse = {**rows, "score": rows["score"] + 2}
    endpoint = _endpoint(SignalRule(metric="js", threshold=0.1)).model_copy(
        update={"predictions": ("Score",)}
    )

    async def said(production: dict[str, Any]) -> str:
        windows = _windows(pa.table(rows), pa.table(production))
        return (await compared(windows, endpoint))[0].sentence

    assert "age is over the drift limit; the predictions have not moved." == await said(
        older
    )
    assert (
        "age is within the drift limit; the predictions moved although no feature did. "
        "score is over the prediction drift limit."
    ) == await said(worse)
