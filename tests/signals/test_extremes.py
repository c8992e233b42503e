"""Values at the ends of what a column can hold: never a crash, never another figure."""

import math
from bisect import bisect_right
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.signals import Report, Rule, compare, evaluate, from_json, profile, to_json
from bot.signals.page import page
from bot.signals.rows import rows

ALL = [Rule(alias) for alias in ("js", "psi", "nwd", "ks", "chi2")]
QUALITY = [Rule(alias, 0.0) for alias in ("nulls", "types", "bounds")]
EXTREMES = (0.0, -0.0, 5e-324, 1e-310, 1e308, -1e308, math.inf, -math.inf, math.nan)

anything = st.lists(
    st.one_of(st.none(), st.sampled_from(EXTREMES), st.floats(width=64)), max_size=40
)
whole = st.lists(st.integers(2**62, 2**63 - 1), min_size=1, max_size=40)


def figures(report: Report) -> dict[str, Any]:
    return {r.metric: r.not_finite or r.value for r in report.results}


@settings(deadline=None, max_examples=60)
@given(anything, anything)
def test_no_numbers_crash_the_engine(
    ours: list[float | None], theirs: list[float | None]
) -> None:
    """
    A sensor that sends 1e308 must not take the report of the other columns with it.
    """
    left, right = (pa.table({"a": pa.array(v, pa.float64())}) for v in (ours, theirs))
    reports = [
        evaluate(left, right, ALL, smallest=1, threads=1),
        evaluate(left, right, ALL, mode="azureml", threads=1),
        evaluate(left, right, QUALITY, signal="data-quality", threads=1),
        evaluate(
            left, right, QUALITY, mode="azureml", signal="data-quality", threads=1
        ),
        compare(profile(left, threads=1), profile(right, threads=1), ALL, smallest=1),
    ]
    for report in reports:
        assert report == from_json(to_json(report))
        assert page(report)
        assert len(rows(report)) >= 2


def counted(values: list[int], at: list[float]) -> list[int]:
    """Return the counts as Spark's own loop in Python makes them."""
    steps = [b - a for a, b in pairwise(at)]
    width = (at[-1] - at[0]) / len(steps) if max(steps) - min(steps) < 1e-10 else None
    counters = [0] * len(at)
    for value in values:
        if at[0] <= value <= at[-1]:
            place = (
                int((value - at[0]) / width) if width else bisect_right(at, value) - 1
            )
            counters[place] += 1
    last = counters.pop()
    counters[-1] += last
    return counters


@settings(deadline=None, max_examples=80)
@given(whole, whole)
def test_whole_numbers_past_a_doubles_are_counted_exactly(
    ours: list[int], theirs: list[int]
) -> None:
    """
    Spark counts in Python, where 2**62 + 1 is not 2**62; a hash or an id is that large.
    """
    left, right = ({"a": pa.array(v, pa.int64())} for v in (ours, theirs))
    report = evaluate(
        left, right, [Rule("psi")], mode="azureml", numerical=["a"], threads=1
    )
    (result,) = report.results
    low, high = min(*ours, *theirs), max(ours + theirs)
    if low == high:
        assert result.value == pytest.approx(_psi([len(ours)], [len(theirs)]))
        return
    bins = math.ceil(math.log2(min(len(ours), len(theirs))) + 1)
    width = (high - low) / bins
    at = [low, *(low + i * width for i in range(1, bins + 1))]
    if sorted(at) != at or len(set(at)) != len(at):
        assert "buckets should" in result.reason
        return
    p, q = counted(ours, at), counted(theirs, at)
    assert result.value == pytest.approx(_psi(p, q, len(ours), len(theirs)), abs=1e-12)


def _psi(p: list[int], q: list[int], n: int = 0, m: int = 0) -> float:
    k, n, m = len(p), n or sum(p), m or sum(q)
    pairs = [((x + 1) / (n + k), (y + 1) / (m + k)) for x, y in zip(p, q, strict=True)]
    return sum((y - x) * math.log(y / x) for x, y in pairs)


def test_sparks_deviation_is_lost_where_its_sums_overflow() -> None:
    """
    Found by running Spark 3.4: its variance of a constant 1e300 is NaN, not 0.
    """
    huge = evaluate({"a": [1e300] * 9}, {"a": [0.0]}, [Rule("nwd")], mode="azureml")
    apart = evaluate({"a": [1e308, -1e308]}, {"a": [0.0]}, ALL, mode="azureml")

    assert {"NormalizedWassersteinDistance": "NaN"} == figures(huge)
    assert "NaN" == figures(apart)["NormalizedWassersteinDistance"]


def test_far_from_zero_the_deviation_is_sparks_running_one() -> None:
    """
    Milliseconds since 1970 squared leave a double few digits; Spark's last ones depend
    on the order of the rows.
    """
    values = [1.7e15 + 0.25 * (i * 7919 % 101) for i in range(400)]
    count = mean = squares = 0.0
    for value in values:
        count += 1
        off = value - mean
        mean += off / count
        squares += off * (off - off / count)
    report = evaluate(
        {"a": values}, {"a": [1.7e15 + 40.0] * 9}, [Rule("nwd")], mode="azureml"
    )
    off = sum(abs(v - 1.7e15 - 40.0) for v in values) / len(values)

    assert report.results[0].value == pytest.approx(
        off / math.sqrt(squares / (count - 1)), rel=1e-12
    )


def test_seven_rows_a_side_have_the_probability_of_scipy() -> None:
    """
    SciPy's exact figure rounds to just over 1 there, so it takes another formula.
    """
    left, right = ({"a": [float(2 * i + one) for i in range(7)]} for one in (0, 1))
    report = evaluate(left, right, [Rule("ks")], mode="azureml")

    assert 0.9999609537692629 == pytest.approx(report.results[0].value, rel=1e-12)


def test_a_side_of_nothing_but_infinities_is_compared() -> None:
    left = {"a": np.full(600, np.inf)}
    right = {"a": np.concatenate((np.full(300, np.inf), np.arange(300.0)))}
    report = evaluate(left, right, [Rule("js"), Rule("nwd")])

    by_metric = {r.metric: r for r in report.results}
    assert 0.5 < (by_metric["JensenShannonDistance"].value or 0)
    assert "breached" == by_metric["JensenShannonDistance"].verdict
    assert "cannot compute" == by_metric["NormalizedWassersteinDistance"].verdict


def test_a_column_that_changed_its_type_is_no_crash() -> None:
    """
    An id of 62 bits that a gap made real; text that came as bytes of no text, or as
    numbers of which some are missing.
    """
    ids = pa.table({"a": pa.array([2**62 + i % 3 for i in range(900)])})
    real = pa.table({"a": pa.array([float(i % 3) for i in range(900)])})
    text = pa.table({"a": ["b"] * 900})
    raw = pa.table({"a": pa.array([b"\xff", b"b", b"b"] * 300)})

    gaps = pa.table({"a": pa.array([math.nan, 1.0, 2.0] * 300)})
    asked = [Rule("bounds")]

    drift = evaluate(ids, real, [Rule("js")], categorical=["a"])
    bits = evaluate(text, raw, asked, signal="data-quality")
    numbers = evaluate(text, gaps, asked, signal="data-quality")

    assert ("breached", "Categorical") == (drift.verdict, drift.results[0].data_type)
    assert 1 / 3 == pytest.approx(bits.results[0].value)
    assert 1.0 == numbers.results[0].value


def test_no_rows_in_the_reference_are_what_azure_ml_makes_of_them() -> None:
    left, right = ({"a": np.arange(n), "b": np.arange(float(n))} for n in (0, 9))
    report = evaluate(left, right, ALL, mode="azureml")

    flags = {r.feature: r.flags for r in report.results if r.metric.startswith("Jen")}
    assert ("Azure ML raises ZeroDivisionError: division by zero",) == flags["a"]
    assert ("Azure ML raises ValueError: math domain error",) == flags["b"]


def test_a_person_may_say_what_a_column_is() -> None:
    """
    Data quality asks too: a code of few digits has no range, a count has one.
    """
    left, right = ({"code": [1, 2] * 200}, {"code": [1, 9] * 200})
    plain, told = (
        evaluate(
            left,
            right,
            [Rule("bounds", 0.0)],
            mode="azureml",
            signal="data-quality",
            numerical=names,
        )
        for names in ((), ("code",))
    )

    assert ["RowCount"] == [r.metric for r in plain.results]
    assert 0.5 == told.results[0].value
    text = evaluate({"a": ["x"] * 9}, {"a": ["x"] * 9}, ALL, numerical=["a"])
    assert ("a: string cannot be compared as a number",) == text.dropped


def test_whole_numbers_without_a_sign_are_numbers() -> None:
    """
    Spark reads them as decimals, which Azure ML leaves out; we need not.
    """
    high = pa.array([2**64 - 1 - i for i in range(600)], pa.uint64())
    low = pa.array(range(600), pa.uint64())

    assert "breached" == evaluate({"a": high}, {"a": low}).verdict
    assert () == evaluate({"a": high}, {"a": low}, mode="azureml").results


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pa.table([[1.0], [2.0]], names=["a", "a"])

    with pytest.raises(ValueError, match="several columns are called 'a'"):
        evaluate(twice, twice)


def test_two_thousand_rows_that_differ_by_one_have_a_probability_of_one() -> None:
    """
    SciPy's way out of its own rounding multiplies by the factorial of 1,000.
    """
    for n in (2_000, 2_001):
        left, right = np.arange(float(n)), np.arange(1.0, n + 1)
        report = evaluate({"x": left}, {"x": right}, [Rule("ks")], mode="azureml")

        assert 1.0 == pytest.approx(report.results[0].value, abs=1e-12)


def test_a_range_that_doubles_cannot_divide_is_one_bin() -> None:
    """
    0.1 + 0.2 is not 0.3, which is no drift; nor is a range too wide for its own width.
    """
    third, sum_of = np.full(900, 0.3), np.full(900, 0.1 + 0.2)
    wide = np.random.default_rng(2).uniform(-1, 1, 2_000) * 1.7e308

    for left, right in ((third, sum_of), (wide[:1_000], wide[1_000:])):
        sides = {"x": left}, {"x": right}
        report = evaluate(*sides, [Rule("js"), Rule("psi")])
        ours, theirs = map(profile, sides)
        kept = compare(ours, theirs, [Rule("js"), Rule("psi")])
        assert ["not breached"] * 2 == [r.verdict for r in report.results]
        assert [r.value for r in report.results] == [r.value for r in kept.results]


def test_far_from_zero_a_deviation_is_still_that_of_the_values() -> None:
    """
    The mean itself is rounded there, by more than the values are apart.
    """
    far = 2.0**62 + np.arange(1_500.0) % 3 * 1_024
    exact = math.sqrt(
        sum((v - 1_024) ** 2 for v in (0, 1_024, 2_048)) / 3 * 1_500 / 1_499
    )
    report = evaluate({"x": far}, {"x": far + 1_024}, [Rule("nwd")])
    kept = compare(profile({"x": far}), profile({"x": far + 1_024}), [Rule("nwd")])

    assert report.results[0].value == pytest.approx(1_024 / exact, rel=1e-9)
    assert kept.results[0].value == pytest.approx(1_024 / exact, rel=1e-9)


def test_profiles_of_another_type_are_not_compared() -> None:
    """
    "1" and 1 have the same letters; that text came for numbers is what has to be said.
    """
    numbers = [i % 7 for i in range(900)]
    ours, theirs = profile({"n": numbers}), profile({"n": list(map(str, numbers))})
    report = compare(ours, theirs)

    assert () == report.results
    assert ("n: bigint in the reference, string in production",) == report.dropped
