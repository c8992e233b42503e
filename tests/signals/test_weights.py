"""Sampling rates: shares are those of the traffic, certainty that of the sample."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.signals import compare, profile
from bot.signals.ranks import NumberProfile
from bot.signals.sketch import CategoryProfile
from bot.signals.weights import merge_sampled


def side(mean: float, rows: int, name: str, seed: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    return {"a": rng.normal(mean, 1, rows), "who": [name] * rows}


def test_a_sampled_deployment_counts_for_its_traffic() -> None:
    """
    Green collects a tenth; unweighted, its half of the traffic would look like a tenth.
    """
    blue = profile(side(0, 10_000, "blue", 1))
    green = profile(side(2, 1_000, "green", 2))
    whole = profile(
        {
            "a": np.concatenate(
                [np.asarray(side(m, 10_000, "", s)["a"]) for m, s in ((0, 3), (2, 4))]
            ),
            "who": ["blue"] * 10_000 + ["green"] * 10_000,
        }
    )

    sampled = merge_sampled([blue, green], [1.0, 0.1])
    weighed, plain = (
        compare(whole, sampled),
        compare(whole, merge_sampled([blue, green], [1.0, 1.0])),
    )

    assert ("not breached", "breached") == (weighed.verdict, plain.verdict)
    column = sampled.columns["a"]
    assert isinstance(column, NumberProfile)
    assert column.mean == pytest.approx(1.0, abs=0.1)
    assert 3_000 < column.rows < 4_000  # Kish: as sure as 3,636 rows, not as 20,000
    assert "a" in {r.feature for r in weighed.results}


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(1, 400), st.floats(0.01, 1)), min_size=1, max_size=4)
)
def test_weights_keep_a_profile_whole(parts: list[tuple[int, float]]) -> None:
    slices = [profile(side(i, n, f"d{i}", i)) for i, (n, _) in enumerate(parts)]
    merged = merge_sampled(slices, [rate for _, rate in parts])

    numbers, names = merged.columns["a"], merged.columns["who"]
    assert isinstance(names, CategoryProfile)
    assert isinstance(numbers, NumberProfile)
    assert numbers.count <= sum(n for n, _ in parts) + len(parts)
    assert (np.diff(numbers.upto) >= 0).all()
    assert names.rows == sum(names.counts.values())


@pytest.mark.parametrize("rates", [[], [0.0], [1.5], [-1.0]])
def test_a_rate_is_a_share(rates: list[float]) -> None:
    with pytest.raises(ValueError, match="sampling rate"):
        merge_sampled([profile(side(0, 9, "d", 1))], rates)
