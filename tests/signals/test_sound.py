"""What the sound mode promises: honest about size, gaps and infinities."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from bot.signals import FeatureResult, Report, Rule, distance, evaluate
from bot.signals.metric import Mode

ALL = [Rule(alias) for alias in ("js", "psi", "nwd", "ks", "chi2")]
numbers = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6))


def only(report: Report, metric: str = "") -> FeatureResult:
    found = [r for r in report.results if metric in r.metric]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("rows", [500, 1_000, 5_000])
def test_undrifted_features_stay_quiet(rows: int) -> None:
    """
    A channel that cries wolf is muted, and then the real alert is missed.
    """
    rng = np.random.default_rng(rows)
    alarms = looked_at = 0
    for _ in range(5_000 // rows + 1):
        reference, production = (
            {f"n{i}": rng.normal(size=rows) for i in range(20)}
            | {f"l{i}": rng.lognormal(size=rows) for i in range(5)}
            | {f"c{i}": rng.integers(0, 6, rows).astype(str) for i in range(5)}
            for _ in range(2)
        )
        report = evaluate(reference, production, ALL, top=0)
        alarms += sum(r.verdict == "breached" for r in report.results)
        looked_at += len(report.results)

    assert alarms / looked_at <= 0.05


def test_a_fifth_of_a_deviation_is_seen_at_five_thousand_rows() -> None:
    rng = np.random.default_rng(2)
    reference, production = (
        {f"n{i}": rng.normal(shift, 1, 5_000) for i in range(60)} for shift in (0, 0.2)
    )

    found = evaluate(reference, production, top=0).results

    assert sum(r.verdict == "breached" for r in found) >= 60


def test_a_hundred_rows_are_not_judged() -> None:
    """
    At a hundred rows nine in ten undrifted features pass a JS limit of 0.1.
    """
    rng = np.random.default_rng(3)
    report = evaluate({"a": rng.normal(size=100)}, {"a": rng.normal(9, 1, 100)})

    assert "not enough data" == report.verdict
    assert "100 production values; 500 are needed" == report.results[0].reason
    assert "Not enough data" in report.sentence


def test_a_significant_trifle_is_not_a_breach() -> None:
    """
    At 200,000 rows a shift nobody could care about has p < 0.001.
    """
    rng = np.random.default_rng(4)
    sides = {"a": rng.normal(size=200_000)}, {"a": rng.normal(0.02, 1, 200_000)}
    result = only(evaluate(*sides, [Rule("ks", 0.05)]))

    assert result.value is not None
    assert result.value < 0.001
    assert "not breached" == result.verdict
    assert "too small to matter" in result.reason


def test_gaps_in_one_column_leave_the_others_alone() -> None:
    """
    Azure ML drops a row for one empty cell, so one broken column empties them all.
    """
    rng = np.random.default_rng(5)
    empty = pa.nulls(1_000, pa.float64())
    reference = pa.table({"a": rng.normal(size=1_000), "b": rng.normal(size=1_000)})
    production = pa.table({"a": rng.normal(size=1_000), "b": empty})

    by_name = {r.feature: r for r in evaluate(reference, production).results}
    azure = {
        r.feature: r for r in evaluate(reference, production, mode="azureml").results
    }

    assert "not breached" == by_name["a"].verdict
    assert "cannot compute" == by_name["b"].verdict
    assert "no value in the production" == by_name["b"].reason
    assert "cannot compute" == azure["a"].verdict


@pytest.mark.parametrize("alias", ["js", "psi", "nwd", "ks"])
def test_infinities_are_counted_not_fatal(alias: str) -> None:
    """
    One division by zero in production must not silence the monitor.
    """
    rng = np.random.default_rng(6)
    left, right = rng.normal(size=2_000), rng.normal(size=2_000)
    right[:3] = [np.inf, -np.inf, np.nan]

    result = only(evaluate({"a": left}, {"a": right}, [Rule(alias)]))

    assert "not breached" == result.verdict
    assert 1_999 == result.production_count


@pytest.mark.parametrize("mode", ["sound", "azureml"])
def test_both_modes_agree_on_clean_data(mode: Mode) -> None:
    rng = np.random.default_rng(7)
    left, right = rng.normal(size=3_000), rng.normal(0.3, 1.2, 2_500)

    report = evaluate({"a": left}, {"a": right}, ALL, mode=mode)

    found = {r.metric: r.value for r in report.results}
    w1 = stats.wasserstein_distance(left, right) / left.std(ddof=1)
    assert w1 == pytest.approx(found["NormalizedWassersteinDistance"], rel=1e-9)
    assert 0.1655 == pytest.approx(found["JensenShannonDistance"], abs=1e-2)


def test_two_samples_are_compared_as_two_samples() -> None:
    rng = np.random.default_rng(8)
    left, right = rng.integers(0, 9, 3_000), rng.integers(0, 9, 1_000)
    table = np.array([np.bincount(left), np.bincount(right)])
    result = only(
        evaluate({"c": left.astype(str)}, {"c": right.astype(str)}, [Rule("chi2")])
    )

    assert stats.chi2_contingency(table).pvalue == pytest.approx(result.value, rel=1e-9)


@pytest.mark.parametrize("sizes", [(30_000, 30_000), (30_000, 17_001), (5, 9_000)])
@pytest.mark.parametrize("digits", [0, 2, 16])
def test_the_search_for_the_greatest_distance_skips_nothing(
    sizes: tuple[int, int], digits: int
) -> None:
    """
    It looks at every thousandth value first; ties, gaps and infinities stay exact.
    """
    rng = np.random.default_rng(sum(sizes) + digits)
    x, y = (np.sort(rng.normal(0.01 * i, 1, n)) for i, n in enumerate(sizes))
    x, y = np.round(x, digits), np.round(y, digits)
    x[:2], y[-1] = -np.inf, np.inf
    at = np.concatenate((x, y))
    apart = [np.searchsorted(side, at, "right") for side in (x, y)]
    common = np.lcm(*sizes)
    steps = apart[0] * (common // sizes[0]) - apart[1] * (common // sizes[1])

    assert int(np.abs(steps).max()) == distance.kolmogorov_smirnov(x, y)


def test_text_is_counted_however_it_came() -> None:
    """
    A column of gaps, one of nothing, and one in pieces are counted like any other.
    """
    pieces = pa.chunked_array([["a", None, "b"] * 300, ["b", "", "a"] * 300])
    known = {"whole": pieces.combine_chunks(), "large": pieces.cast("large_string")}
    left = pa.table({"pieces": pieces, **known})
    right = pa.table({name: pa.array(["b", "c"] * 900) for name in left.column_names})
    none = pa.table({name: pa.nulls(9, pa.string()) for name in left.column_names})
    report = evaluate(left, right, [Rule("js"), Rule("psi")])
    gone = evaluate(left, none, [Rule("js")])

    js = {r.value for r in report.results if r.metric == "JensenShannonDistance"}
    assert 1 == len(js)
    shares = report.results[0].shape
    assert shares is not None
    assert {"a", "b", "c", "(blank)", "missing"} == set(shares.bins)
    assert {"cannot compute"} == {r.verdict for r in gone.results}


@settings(deadline=None, max_examples=40)
@given(numbers, numbers)
def test_numbers_agree_with_scipy(left: np.ndarray, right: np.ndarray) -> None:
    """
    Ties and single values included. Equal sizes are left to the oracles: SciPy's closed
    form rounds past 1 there and falls back to an approximation.
    """
    assume(len(left) != len(right))
    report = evaluate({"a": left}, {"a": right}, ALL, threads=1, numerical=["a"])
    found = {r.metric: r.value for r in report.results}
    spread = max(left.std(ddof=1), 0.001) if len(left) > 1 else 0.001
    w1 = stats.wasserstein_distance(left, right) / spread
    exact = stats.ks_2samp(left, right, method="exact").pvalue

    assert w1 == pytest.approx(found["NormalizedWassersteinDistance"], rel=1e-6)
    assert exact == pytest.approx(found["TwoSampleKolmogorovSmirnovTest"], rel=1e-9)


@settings(deadline=None, max_examples=25)
@given(numbers)
def test_nothing_drifts_from_itself(values: np.ndarray) -> None:
    report = evaluate({"a": values}, {"a": values}, ALL, threads=1, smallest=1)

    assert "not breached" == report.verdict
    assert all(r.value in {0.0, 1.0} for r in report.results)


def test_the_worst_comes_first_and_is_named() -> None:
    rng = np.random.default_rng(9)
    n = 4_000
    reference = {name: rng.normal(50, 9, n) for name in ("age", "income", "tenure")}
    production = {
        "age": rng.normal(50, 9, n),
        "income": rng.normal(70, 9, n),
        "tenure": rng.normal(55, 9, n),
    }
    report = evaluate(reference, production)

    assert ["income", "tenure", "age"] == [r.feature for r in report.results]
    assert "2 of 3 features are over the drift limit; income moved most." == (
        report.sentence
    )


def test_the_interval_holds_the_figure_and_the_truth() -> None:
    """
    A true shift of 0.5 deviations lies in the interval, most of the time.
    """
    rng = np.random.default_rng(10)
    inside = 0
    for _ in range(60):
        sides = {"a": rng.normal(size=2_000)}, {"a": rng.normal(0.5, 1, 2_000)}
        result = evaluate(*sides, threads=1).results[0]
        assert result.interval is not None
        low, high = result.interval
        assert result.value is not None
        assert low <= result.value <= high
        inside += low <= 0.5 <= high

    assert inside >= 54


def test_null_rates_are_judged_against_the_references_own() -> None:
    reference = pa.table({"a": pa.array([1.0] * 990 + [None] * 10)})
    production = pa.table({"a": pa.array([1.0] * 900 + [None] * 60 + [np.nan] * 40)})
    sound = only(evaluate(reference, production, [Rule("nulls", 0.02)]))
    azure = only(evaluate(reference, production, [Rule("nulls", 0.02)], mode="azureml"))

    assert (0.1, "breached") == (sound.value, sound.verdict)
    assert sound.threshold == pytest.approx(0.03)
    assert (0.06, "breached") == (azure.value, azure.verdict)


def test_a_mistyped_metric_is_named_and_guessed() -> None:
    with pytest.raises(ValueError, match="did you mean JensenShannonDistance"):
        evaluate({"a": [1.0]}, {"a": [1.0]}, [Rule("JensenShanonDistance")])


def test_what_is_not_compared_is_said() -> None:
    """
    A renamed column must not leave the report silently one feature shorter.
    """
    reference = pa.table({"a": [1.0], "gone": [1.0], "kind": ["x"]})
    production = pa.table({"a": [1.0], "new": [1.0], "kind": [1]})

    report = evaluate(reference, production, [Rule("js", columns=("gone",))])

    assert (
        "gone: not in production",
        "kind: string in the reference, bigint in production",
        "new: not in the reference",
        "gone: asked for, but not compared",
    ) == report.dropped
    assert "nothing to compare" in report.sentence


def test_the_sound_rates_know_what_commas_are() -> None:
    """
    Azure ML keeps a set of values as one text, so "Oslo, NO" is out of its own bounds.
    """
    cities = pa.table({"city": ["Oslo, NO", "Rome"] * 500})
    strange = pa.table({"city": ["Oslo, NO"] * 900 + ["Bonn"] * 100})
    rules = [Rule("bounds")]

    sound = evaluate(cities, strange, rules, signal="data-quality")
    azure = evaluate(cities, strange, rules, signal="data-quality", mode="azureml")

    assert (0.1, "breached") == (sound.results[0].value, sound.results[0].verdict)
    assert 1.0 == next(r.value for r in azure.results if r.feature == "city")


def test_numbers_that_arrive_as_text_are_type_errors() -> None:
    reference = pa.table({"age": list(range(1_000))})
    text = [str(i) for i in range(900)] + ["n/a"] * 50 + [None] * 50
    report = evaluate(reference, pa.table({"age": text}), signal="data-quality")
    found = {r.metric: r for r in report.results}

    assert 0.05 == found["NullValueRate"].value
    assert found["DataTypeErrorRate"].value == pytest.approx(50 / 950)
    assert 0.0 == found["OutOfBoundsRate"].value
    assert "breached" == report.verdict


def test_a_rate_within_chance_is_no_breach() -> None:
    """
    A few gaps more than the reference had are not news.
    """
    reference = pa.table({"a": [None] * 9 + [1.0] * 591})
    production = pa.table({"a": [None] * 14 + [1.0] * 586})
    rules = [Rule("nulls", 0.005)]

    result = only(evaluate(reference, production, rules, signal="data-quality"))

    assert "within chance" in result.reason
