"""A report is kept for years as JSON; nothing may be lost on the way."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from pydantic import TypeAdapter

from bot.signals import Report, Rule, evaluate, from_json, to_json
from bot.signals.metric import Mode
from bot.signals.page import page, short
from bot.signals.shape import MOST

REPORT = TypeAdapter(Report)


def report(mode: Mode) -> Report:
    rng = np.random.default_rng(1)
    columns = {
        "income": rng.lognormal(10, 1, 2_000),
        "zip": rng.integers(10_000, 99_999, 2_000).astype(str),
        "inf": np.append(rng.normal(size=1_999), np.inf),
    }
    reference = pa.table(columns)
    production = pa.table(columns | {"income": columns["income"] * 2})
    return evaluate(
        reference,
        production,
        [Rule(alias) for alias in ("js", "psi", "nwd", "ks", "chi2", "nulls")],
        mode=mode,
        reference_name="training data",
        reference_window=(
            datetime(2026, 10, 1, tzinfo=UTC),
            datetime(2026, 11, 1, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize("mode", ["sound", "azureml"])
def test_a_report_comes_back_the_same(mode: Mode) -> None:
    before = report(mode)

    assert before == from_json(to_json(before))
    assert before == REPORT.validate_json(REPORT.dump_json(before))


def test_nothing_in_a_report_is_nan() -> None:
    """
    NaN in JSON is refused by half the world; Azure ML's is kept as a word.
    """
    azure = report("azureml")

    words = {r.not_finite for r in azure.results if r.feature == "inf"}
    assert "NaN" in words
    assert "NaN:" not in REPORT.dump_json(report("sound")).decode()


def test_a_shape_can_be_read() -> None:
    shapes = {r.feature: r.shape for r in report("sound").results}
    income, codes = shapes["income"], shapes["zip"]
    assert income is not None
    assert codes is not None

    assert len(income.bins) <= MOST
    assert len(codes.bins) <= MOST
    assert "25,000 to 50,000" in income.bins
    assert "other" in codes.bins
    for one in (income, codes):
        assert 1 == pytest.approx(sum(one.reference))
        assert len(one.bins) == len(one.reference) == len(one.production)


def test_the_page_says_unit_window_verdict_and_what_chance_alone_does() -> None:
    """
    Printed from a dark screen it was grey on white without bars; 0.3 of what, of when?
    """
    day = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
    week = np.arange(1_000.0)
    report = evaluate(
        {"age": week},
        {"age": week + 300},
        [Rule("nwd"), Rule("ks")],
        production_name="today",
        production_window=day,
    )
    shown = page(report)

    assert (
        "Production today, 1,000 rows, 22 Nov 2026 00:00 to 23 Nov 2026 00:00" in shown
    )
    assert 'Verdict: <b class="breached">breached</b>' in shown
    assert "standard deviations of the reference" in shown
    assert f'<td class="n">{short(report.results[1].noise_floor)}</td>' in shown
    assert "&lt;&nbsp;0.0001" in shown  # a p-value of 1e-40 is no figure to read
    assert "@media screen and (prefers-color-scheme:dark)" in shown
    assert "print-color-adjust:exact" in shown
