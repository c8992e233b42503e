"""Labels that came late, and what a model leans on, over the real SDK clients."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.identity.aio import DefaultAzureCredential

from bot.azure.workspace import AzureWorkspace
from bot.signals import Report
from bot.simulator.azure.arm import put
from bot.simulator.azure.blobs import folder
from bot.simulator.scenarios import _workspace as loan
from bot.watch import Endpoint, SignalRule
from bot.worker.evaluate import Findings
from bot.worker.truth import models
from tests.house import Opened, blobs, build
from tests.worker.test_evaluate import ENDPOINT, _windows

__all__ = ["blobs", "build"]
LABELS = "labels/loan-repaid/"
RULES = [
    {"metric": "JensenShannonDistance", "threshold": 0.1},
    {"metric": "Accuracy", "threshold": 0.9},
]


async def test_a_model_is_scored_by_the_labels_that_came(build: Opened) -> None:
    """
    Nobody else tells that the answers are wrong: the endpoint is fast and green.
    """
    labels = {"data": "loan-labels:1", "key": "loan_amount", "truth": "repaid"}
    house = await build(
        tells="loan",
        endpoint={
            "labels": labels | {"predicted": "existing_customer"},
            "signals": RULES,
        },
        start=False,
    )
    put(house.world, loan.data_asset("loan-labels", LABELS, "What became of them"))
    known = range(500, 60_000, 100)  # every second amount, and none above
    table = pa.table({"loan_amount": known, "repaid": ["yes"] * len(known)})
    place = folder(house.world) / loan.ACCOUNT / loan.CONTAINER / LABELS
    place.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, place / "rows.parquet")
    await house.start("serve")

    found = await house.event("SignalsEvaluated")
    by = {report["signal"]: report for report in found["also"]}
    scored = by["model-performance"]
    [accuracy] = scored["results"]

    assert ("Accuracy", "breached", "below") == tuple(
        accuracy[key] for key in ("metric", "verdict", "breached_when")
    )
    assert 0.4 < accuracy["value"] < 0.55
    assert 5_000 < accuracy["production_count"] < 24_000
    assert "labels for" in scored["findings"][0]
    assert scored["production_window"]
    async with house.session.get(f"{house.bot}/evidence/A-1") as answer:
        page = await answer.text()
    assert scored["sentence"] in page
    card = json.dumps(await house.shown("over the drift limit"))
    assert "the predictions have not moved" in card


def _endpoint(**given: object) -> Endpoint:
    known = {"id": ENDPOINT, "owner": "x", "channel": "y", "monitor": "m"}
    return Endpoint.model_validate(known | given)


def _rows(leans_on: str) -> pa.Table:
    random = np.random.default_rng(4)
    columns = {name: random.normal(0, 1, 700) for name in ("age", "income")}
    return pa.table({**columns, "score": columns[leans_on], "other": columns["age"]})


async def test_a_model_that_leans_on_something_else_is_found() -> None:
    """
    Inputs and answers may be spread as ever while the answers rest on other inputs.
    """
    endpoint = _endpoint(
        target="score",
        predictions=["score", "other"],
        signals=[SignalRule(metric="ndcg", threshold=0.9)],
    )
    azure = AzureWorkspace(DefaultAzureCredential())  # which nothing is asked of
    found = Findings(azure, endpoint, patient=False)

    async def leans(production: pa.Table) -> Report:
        windows = _windows(_rows("age"), production)
        [report] = await models(found, azure, endpoint, windows, "data-drift")
        return report

    moved, same = await leans(_rows("income")), await leans(_rows("age"))
    few = await leans(_rows("age").slice(0, 30))
    lost = await leans(_rows("age").drop_columns(["score"]))
    await azure.close()

    assert ("breached", "not breached") == (moved.verdict, same.verdict)
    assert "age lost most (99% to 1% of the importance)" in moved.sentence
    assert 700 == moved.production_rows
    assert "30 rows of production; 500 are needed" in few.sentence
    assert "the production data have no column score" in lost.sentence


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "the watch list names no labels"),
        (
            {"labels": {"truth": "label", "predicted": "said"}},
            "said: not in the predictions",
        ),
        ({"labels": {"truth": "age", "predicted": "age"}, "monitor": ""}, "no rows"),
        ({"labels": {"truth": "age", "predicted": "name"}}, "RootMeanSquaredError is"),
    ],
    ids=["no labels", "no column", "no monitor", "another task"],
)
async def test_what_cannot_be_scored_says_why(
    changes: dict[str, object], why: str
) -> None:
    """
    A rule that nothing comes of must not pass for a rule that is kept.
    """
    rules = [
        SignalRule(metric="rmse", threshold=2),
        SignalRule(metric="ndcg", threshold=1),
    ]
    endpoint = _endpoint(signals=rules, **changes)
    rows = pa.table({"age": [1.5, 2.5] * 300, "name": ["a", "b"] * 300})
    windows = _windows(rows, rows) if endpoint.monitor else None

    azure = AzureWorkspace(DefaultAzureCredential())  # which nothing is asked of
    found = Findings(azure, endpoint, patient=False)

    scored, leans = await models(found, azure, endpoint, windows, "performance")
    await azure.close()

    assert ("cannot compute", "cannot compute") == (scored.verdict, leans.verdict)
    assert why in scored.sentence
    assert ["RootMeanSquaredError"] == [r.metric for r in scored.results]
    assert "names no target column" in leans.sentence
