"""A profile of 12 KB stands for a million rows, and slices merge into the whole."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bot.signals import Report, Rule, TableProfile, compare, evaluate, merge, profile
from bot.signals.ranks import NumberProfile
from bot.signals.sketch import from_bytes

RULES = [Rule(alias) for alias in ("js", "psi", "nwd", "ks", "chi2", "nulls")]
ROWS = 300_000


def days(seed: int, shift: float, count: int = 3) -> list[pa.Table]:
    rng = np.random.default_rng(seed)
    n = ROWS // count
    return [
        pa.table(
            {
                "normal": rng.normal(shift, 1, n),
                "income": rng.lognormal(10 + shift, 1, n),
                "count": rng.poisson(4 + shift, n).astype(float),
                "city": rng.choice(["Oslo", "Rome", "Bonn"], n),
            }
        )
        for _ in range(count)
    ]


def figures(report: Report) -> dict[tuple[str, str], float]:
    return {
        (r.feature, r.metric): r.value for r in report.results if r.value is not None
    }


@pytest.fixture(scope="module")
def both() -> tuple[Report, Report]:
    """Return what the rows say, and what the merged profiles of their days say."""
    left, right = days(1, 0), days(2, 0.1)
    exact = evaluate(pa.concat_tables(left), pa.concat_tables(right), RULES)
    sketched = compare(
        merge([profile(day) for day in left]),
        merge([profile(day) for day in right]),
        RULES,
    )
    return exact, sketched


def test_merged_profiles_are_as_good_as_the_rows(both: tuple[Report, Report]) -> None:
    """
    Within 1e-4 of the exact figures (PSI: of itself), so that no verdict changes.
    """
    exact, sketched = map(figures, both)

    assert exact.keys() == sketched.keys()
    for key, value in exact.items():
        assert value == pytest.approx(sketched[key], abs=2e-4, rel=2e-3), key


def test_profiles_reach_the_same_verdicts(both: tuple[Report, Report]) -> None:
    exact, sketched = both

    verdicts = [
        {(r.feature, r.metric): r.verdict for r in report.results} for report in both
    ]
    assert verdicts[0] == verdicts[1]
    assert exact.sentence == sketched.sentence
    floors = [
        {(r.feature, r.metric): r.noise_floor or 0 for r in report.results}
        for report in both
    ]
    for key, floor in floors[0].items():  # estimates, both of them
        assert floor == pytest.approx(floors[1][key], rel=0.25, abs=1e-4), key


def test_a_profile_is_small_and_comes_back() -> None:
    made = profile(days(3, 0)[0])
    stored = made.to_bytes()
    again = from_bytes(stored)

    assert len(stored) < 2 * 13_000 + 1_000  # two of the columns are not whole
    assert made.digest == again.digest
    assert "not breached" == compare(made, again, RULES).verdict
    with pytest.raises(ValueError, match="not a profile"):
        from_bytes(b"{}\n")


def test_few_rows_are_kept_exactly() -> None:
    values = np.array([3.0, 1.0, np.inf, 2.0, 2.0, -np.inf, np.nan])
    made = profile({"a": values}, numerical=["a"])
    column = made.columns["a"]

    assert isinstance(column, NumberProfile)
    assert (4, 1, 1, 1) == (column.count, column.missing, column.lowest, column.highest)
    assert [0, 1, 3, 4] == column.below(np.array([1.0, 2.0, 2.5, 9.0])).tolist()
    assert [1, 3, 3, 4] == column.through(np.array([1.0, 2.0, 2.5, 9.0])).tolist()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        arrays(
            np.float64, st.integers(0, 40), elements=st.integers(-20, 20).map(float)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_small_slices_merge_into_exactly_the_whole(slices: list[np.ndarray]) -> None:
    parts = [profile({"a": part}, numerical=["a"], threads=1) for part in slices]
    whole = profile({"a": np.concatenate(slices)}, numerical=["a"], threads=1)

    one, other = merge(parts).columns["a"], whole.columns["a"]

    assert isinstance(one, NumberProfile)
    assert isinstance(other, NumberProfile)
    assert one.values.tolist() == other.values.tolist()
    assert one.upto.tolist() == other.upto.tolist()
    assert one.squares == pytest.approx(other.squares, abs=1e-6)


def test_a_day_of_few_numbers_still_merges() -> None:
    """
    Whole numbers look like categories on a day on which few of them occurred.
    """
    rng = np.random.default_rng(4)
    month = profile({"visits": rng.integers(0, 900, 2_000)})
    day = {"visits": rng.integers(0, 9, 2_000)}

    assert type(month.columns["visits"]) is not type(profile(day).columns["visits"])
    both = merge([month, profile(day, like=month)])
    assert 4_000 == both.columns["visits"].rows


def test_many_categories_keep_the_commonest() -> None:
    names = [f"id{i}" for i in range(12_000)] + ["often"] * 500
    made = profile({"id": names})
    column = made.columns["id"]

    assert 12_500 == column.rows
    assert "often" in getattr(column, "counts", {})
    assert 2_001 == getattr(column, "other", 0)


def test_an_empty_day_is_said() -> None:
    some = profile({"a": np.arange(1_000.0)})
    none = profile({"a": np.zeros(0)}, like=some)

    report = compare(some, none)

    assert "not enough data" == report.verdict
    assert "the production window is empty" in report.sentence
    with pytest.raises(ValueError, match="nothing to merge"):
        merge([])
    assert isinstance(none, TableProfile)


def test_a_day_of_decimals_merges_with_the_others() -> None:
    """
    Money often comes as decimals; taken as a category it would not be compared at all.
    """
    cents = pa.array([100 + i for i in range(1_000)], pa.int64())
    first, second = (
        profile({"paid": cents.cast(pa.decimal128(21, 2))}, like=like)
        for like in (None, profile({"paid": cents.cast(pa.decimal128(21, 2))}))
    )

    assert isinstance(second.columns["paid"], NumberProfile)
    assert "not breached" == compare(first, second).verdict


def test_an_hour_without_a_value_merges_with_the_others() -> None:
    """
    JSON lines tell no type of a column that is null in each of them.
    """
    month = profile({"age": np.arange(2_000.0) / 7, "city": ["Oslo"] * 2_000})
    table = {"age": [None] * 60, "city": pa.nulls(60)}
    hour = profile({**table, "extra": np.arange(60.0)}, like=month)

    both = merge([month, hour])
    report = compare(month, hour, RULES)

    assert {"age": 60, "city": 60} == {n: c.missing for n, c in both.columns.items()}
    assert type(month.columns["age"]) is type(both.columns["age"])
    assert ("extra: not in the reference",) == report.dropped


def test_hours_that_are_kept_whole_merge_without_loss() -> None:
    """
    A week of hours is what the service merges: nothing of it may be interpolated.
    """
    rng = np.random.default_rng(6)
    hours = [rng.normal(0, 1, 900).round(4) for _ in range(30)]
    merged = merge([profile({"a": hour}) for hour in hours]).columns["a"]
    every = np.sort(np.concatenate(hours))

    assert isinstance(merged, NumberProfile)
    assert np.searchsorted(every, merged.values, "left").tolist() == list(merged.under)
    assert np.searchsorted(every, merged.values, "right").tolist() == list(merged.upto)


def test_what_overflows_merges_into_what_can_be_stored() -> None:
    huge = profile({"a": np.linspace(-1, 1, 50) * 1.7e308}, numerical=["a"])
    high = profile({"a": np.linspace(1.6e308, 1.7e308, 50)}, numerical=["a"])

    again = from_bytes(merge([huge, high, high]).to_bytes()).columns["a"]

    assert isinstance(again, NumberProfile)
    assert not np.isnan(again.squares)
