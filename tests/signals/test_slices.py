"""Hours that are put together say what their rows at once would."""

import numpy as np
import pyarrow as pa
import pytest

from bot.evidence.veil import Veil, hidden
from bot.signals import Rule, compare, evaluate
from bot.signals.sketch import CategoryProfile, from_bytes
from bot.signals.slices import Uneven, alike, different, joined, of_slice, typed
from tests.signals.mixed import mixed

RULES = [Rule(alias) for alias in ("js", "psi", "nwd", "ks", "chi2")]
KEY = b"k" * 32


def parts(table: pa.Table, size: int) -> list[pa.Table]:
    return [table.slice(at, size) for at in range(0, table.num_rows, size)]


def test_a_window_of_hours_is_judged_as_its_rows() -> None:
    """
    Every kind of column: types are decided over the window, not hour by hour, and codes
    of rare names count as the names do.
    """
    left = mixed(2_600).drop_columns(["edge", "huge"])
    right = mixed(1_300, 2).drop_columns(["edge", "huge"])
    veil = Veil(KEY, 20)
    stored = [
        [from_bytes(veil.over(of_slice(part)).to_bytes()) for part in parts(table, 100)]
        for table in (left, right)
    ]
    lifted = veil.lifted([*stored[0], *stored[1]])
    ours, theirs = typed(joined(lifted[:26]), joined(lifted[26:]), different(left))

    found = compare(ours, theirs, RULES)
    wanted = evaluate(left, right, RULES)

    assert [(r.feature, r.metric, r.data_type, r.verdict) for r in found.results] == [
        (r.feature, r.metric, r.data_type, r.verdict) for r in wanted.results
    ]
    for one, other in zip(found.results, wanted.results, strict=True):
        assert (one.value is None) == (other.value is None)
        close = pytest.approx(other.value or 0, rel=1e-6, abs=1e-9)
        assert (one.value or 0) == close, (one.feature, one.metric)


def test_a_rare_name_is_not_stored() -> None:
    table = pa.table({"city": ["Oslo"] * 30 + ["Ny-Ålesund"] * 3})
    veil = Veil(KEY, 20)
    kept = veil.over(of_slice(table))
    other = Veil(b"x" * 32, 20).over(of_slice(table))

    assert b"Oslo" in kept.to_bytes()
    assert b"lesund" not in kept.to_bytes()
    assert kept.digest != other.digest
    [again] = veil.lifted([kept])
    assert again.digest == kept.digest
    many = veil.over(of_slice(pa.table({"city": ["Ny-Ålesund"] * 20})))
    [named, _] = veil.lifted([kept, many])
    column = named.columns["city"]
    assert isinstance(column, CategoryProfile)
    assert {"Oslo": 30, "Ny-Ålesund": 3} == dict(column.counts)
    assert hidden(next(label for label in _counts(kept) if label != "Oslo"))


def _counts(table: object) -> list[str]:
    column = getattr(table, "columns")["city"]  # noqa: B009 (a profile's)
    return [*column.counts]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": [1.0, 2.0]}, {"a": ["x", "y"]}),
        ({"a": [True, False]}, {"a": [1, 2]}),
    ],
)
def test_a_column_that_changes_its_type_is_for_the_rows_to_tell(
    one: dict[str, object], other: dict[str, object]
) -> None:
    with pytest.raises(Uneven, match=r"^a: "):
        joined([of_slice(one), of_slice(other)])


def test_numbers_that_cannot_be_named_are_for_the_rows_to_tell() -> None:
    large = of_slice({"a": np.array([2**60, 2**60 + 1] * 50)})
    long = of_slice({"a": np.arange(100_000) // 40})

    for one in (large, long):
        with pytest.raises(Uneven, match=r"^a: "):
            typed(one, one)
    assert typed(long, long, {"a": 50_000})[0].columns["a"] is long.columns["a"]


def test_a_slice_takes_the_kinds_of_the_window() -> None:
    few = of_slice({"a": np.array([1, 2, 3] * 100)})
    reference, _ = typed(few, few)

    one = alike(of_slice({"a": np.array([3, 4, 9])}), reference)

    column = one.columns["a"]
    assert isinstance(column, CategoryProfile)
    assert {"3": 1, "4": 1, "9": 1} == dict(column.counts)
