"""Performance and attribution: Azure ML's figures, and the right direction."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import csv

from bot.signals import from_json, to_json
from bot.signals.attribution import attribution, ranking_gain, surrogate_importances
from bot.signals.metric import CannotCompute, Mode
from bot.signals.performance import performance

ORACLES = Path(__file__).parent.parent / "fixtures" / "oracles"
PERFORMANCE = json.loads((ORACLES / "model_performance.json").read_text())["cases"]
GAINS = json.loads((ORACLES / "feature_attribution_ndcg.json").read_text())["cases"]
MODES: tuple[Mode, ...] = ("sound", "azureml")
SURROGATES = json.loads((ORACLES / "feature_attribution/expected.json").read_text())


@pytest.mark.parametrize("case", PERFORMANCE, ids=lambda case: case["description"])
def test_scores_are_azure_mls(case: dict[str, Any]) -> None:
    report = performance(
        np.array(case["y_true"]),
        np.array(case["y_pred"]),
        task=case["task"].removeprefix("tabular-"),
        thresholds={},
        mode="azureml",
    )
    expected = case["expected"]
    if "error" in expected:
        flag = f"Azure ML raises {expected['error']}: {expected['message']}"
        assert all((flag,) == result.flags for result in report.results)
        return
    ours = {result.metric: result.value for result in report.results}
    assert expected.keys() == ours.keys()
    for name, value in expected.items():
        assert value == pytest.approx(ours[name], rel=1e-12), name


@pytest.mark.parametrize("case", GAINS, ids=lambda case: case["description"])
def test_gains_are_azure_mls(case: dict[str, Any]) -> None:
    sides = (
        np.array(case["baseline_importance"]),
        np.array(case["production_importance"]),
    )
    if isinstance(case["ndcg"], dict):
        with pytest.raises(CannotCompute, match="more than 1 document"):
            ranking_gain(*sides)
    else:
        assert case["ndcg"] == pytest.approx(ranking_gain(*sides), rel=1e-9)


@pytest.mark.parametrize("case", SURROGATES["cases"], ids=lambda case: case["task"])
def test_surrogates_rank_features_as_azure_mls_do(case: dict[str, Any]) -> None:
    folder = ORACLES / "feature_attribution"
    ours, theirs = (
        surrogate_importances(csv.read_csv(folder / case[side]), case["target_column"])
        for side in ("baseline", "production")
    )
    value = attribution(ours, theirs).results[0].value

    assert case["ndcg"] == pytest.approx(value, abs=0.02)
    assert case["baseline_importance"] == pytest.approx(
        [ours[name] for name in case["features"]], rel=0.1
    )


def test_a_worse_model_is_a_breach_and_a_better_one_is_not() -> None:
    """
    Azure ML alerts when accuracy is above its threshold: exactly the wrong days.
    """
    truth = np.arange(1_000) % 2
    wrong = np.where(np.arange(1_000) % 4 == 0, 1 - truth, truth)
    told = {"Accuracy": 0.9}

    bad = performance(truth, wrong, task="classification", thresholds=told)
    good = performance(truth, truth, task="classification", thresholds=told)
    azure = performance(
        truth, truth, task="classification", thresholds=told, mode="azureml"
    )

    assert ("breached", "not breached") == (bad.verdict, good.verdict)
    assert "Accuracy is 0.75, below its limit." == bad.sentence
    assert "breached" == azure.verdict
    assert bad == from_json(to_json(bad))


def test_azure_ml_takes_accuracys_threshold_for_precision() -> None:
    """
    The flag says why a precision of 0.5 "breached" a limit that nobody gave it.
    """
    truth = np.arange(1_000) % 2
    told = {"Accuracy": 0.4, "Precision": 0.9}
    right, azure = (
        performance(truth, 1 - truth, task="classification", thresholds=told, mode=mode)
        for mode in MODES
    )
    (precision,) = (r for r in azure.results if r.metric == "Precision")

    assert {"Accuracy": 0.4, "Precision": 0.9, "Recall": None} == {
        r.metric: r.threshold for r in right.results
    }
    assert 0.4 == precision.threshold
    assert "Azure ML takes accuracy's threshold for precision" in precision.flags


def test_a_rare_class_makes_recall_uncertain() -> None:
    """
    Of three rows of a class one is missed: that alone is no worse model.
    """
    truth = np.array(["no"] * 600 + ["yes"] * 3)
    said = np.array(["no"] * 600 + ["yes", "yes", "no"])
    report = performance(truth, said, task="classification", thresholds={"Recall": 0.9})
    by_metric = {r.metric: r for r in report.results}

    assert 5 / 6 == pytest.approx(by_metric["Recall"].value)
    assert "not breached" == by_metric["Recall"].verdict
    assert "within chance" in by_metric["Recall"].reason


def test_a_label_that_is_nan_has_not_come_yet() -> None:
    truth = np.where(np.arange(400) % 4 == 0, np.nan, 5.0)
    report = performance(truth, truth + 1, task="regression", thresholds={})

    assert ("labels for 300 of 400 predictions (75%)",) == report.findings
    assert 1.0 == report.results[0].value


def test_labels_that_are_late_are_said() -> None:
    truth = np.arange(200.0)
    some = performance(
        truth, truth + 1, task="regression", thresholds={}, predictions=1_000
    )
    few = performance(
        truth[:9],
        truth[:9] + 9,
        task="regression",
        thresholds={"MeanAbsoluteError": 1.0},
    )

    assert ("labels for 200 of 1,000 predictions (20%)",) == some.findings
    assert "not enough data" == few.verdict
    assert "not enough data" == (
        performance(truth[:0], truth[:0], task="regression", thresholds={}).verdict
    )


def test_the_feature_that_gained_is_named() -> None:
    report = attribution(
        {"age": 6.0, "income": 3.0, "zip": 1.0, "old": 1.0},
        {"age": 2.0, "income": 2.0, "zip": 6.0},
    )

    assert "breached" == report.verdict
    assert "zip gained most (10% to 60% of the importance)" in report.sentence
    assert ("old: importance on one side only",) == report.dropped
