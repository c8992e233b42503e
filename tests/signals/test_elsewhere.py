"""Work that is done where the data is: by SQL, by KQL; and upkeep."""

import re
from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.signals import (
    Rule,
    compare,
    evaluate,
    kql,
    profile,
    pushdown,
    upkeep,
)
from tests.signals.mixed import mixed, unlike

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
START, END = "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"


def side(seed: int, shift: float) -> pa.Table:
    rng = np.random.default_rng(seed)
    values = rng.normal(shift, 1, 20_000)
    values[:5] = [np.inf, -np.inf, np.nan, 0.0, 0.0]
    return pa.table(
        {
            "a": values,
            "b": pa.array([None, *rng.integers(0, 9_999, 19_999).tolist()]),
            "c": rng.choice(["x", "y"], 20_000),
        }
    )


def test_a_database_makes_the_same_profile() -> None:
    """
    What outgrows one machine must still be judged alike.
    """
    rules = [Rule(alias) for alias in ("js", "nwd", "nulls")]
    left, right = side(1, 0), side(2, 0.3)
    here = evaluate(left, right, rules)
    there = compare(
        pushdown.profile(ibis.memtable(left)),
        pushdown.profile(ibis.memtable(right)),
        rules,
    )

    ours = {(r.feature, r.metric): r for r in there.results}
    assert here.sentence == there.sentence
    for result in here.results:
        other = ours[result.feature, result.metric]
        assert result.verdict == other.verdict
        assert result.value == pytest.approx(other.value, abs=3e-3)
        assert result.production_count == other.production_count


@pytest.mark.parametrize("rows", [0, 1, 5, 900, 12_000])
def test_a_database_makes_our_profile_of_every_kind_of_column(rows: int) -> None:
    """
    A profile's digest is its name: the same rows must not have several.
    """
    data = mixed(rows)
    ours, theirs = profile(data), pushdown.profile(ibis.memtable(data))

    assert [] == unlike(ours, theirs)
    assert (rows <= 1_536) == (ours.digest == theirs.digest)


def test_a_long_column_is_sorted_in_parts() -> None:
    """
    One machine's memory must not be the limit; ties and a single value included.
    """
    rng, n = np.random.default_rng(3), 120_000
    skewed = np.where(rng.random(n) < 0.6, 7.0, rng.lognormal(0, 3, n))
    data = pa.table({"skewed": skewed, "even": rng.permutation(n) / 7})

    assert [] == unlike(profile(data), pushdown.profile(ibis.memtable(data)))


def test_a_day_elsewhere_is_taken_as_the_days_before() -> None:
    """
    A day of few whole numbers is no category where the month's profile has a number.
    """
    month = pa.table({"n": np.arange(5_000), "c": ["x", "y"] * 2_500})
    day = pa.table({"n": [4, 4, 5, 5] * 25, "c": ["x", "y"] * 50})
    known = profile(month)
    told = pushdown.profile(ibis.memtable(day), numerical=["n"])
    made = pushdown.profile(ibis.memtable(day), like=known)

    assert profile(day, like=known).digest == made.digest == told.digest
    assert made.digest != pushdown.profile(ibis.memtable(day)).digest


@given(st.text())
def test_no_name_breaks_out_of_a_query(name: str) -> None:
    """
    A column is named by whoever logs; the name is all that may differ in the text.
    """
    try:
        quoted = kql.literal(name)
    except ValueError:
        assert any(ord(c) < 32 or ord(c) == 127 for c in name)
        return
    assert name == re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL)
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', quoted, flags=re.DOTALL)


@pytest.mark.parametrize(
    "answer", [[], [{}], [{"ColumnName": "a", "ColumnType": "real", "Rows": None}]]
)
def test_another_answer_is_refused(answer: list[dict[str, object]]) -> None:
    rows = kql.Rows(table="T", start=START, end=END)

    with pytest.raises(ValueError, match="not an answer"):
        kql.profile(lambda _: answer, rows)


@pytest.mark.parametrize(
    ("table", "start"), [("T | take 1", START), ("T", "yesterday"), ("", START)]
)
def test_pieces_of_query_are_refused(table: str, start: str) -> None:
    with pytest.raises(ValueError, match=r"no table|not a time"):
        kql.Rows(table=table, start=start, end=END)


def test_idle_capacity_is_money() -> None:
    found = upkeep.cost(
        {"blue": 2, "green": 1},
        {"blue": 0.5, "green": 1.0},
        requests=0,
        load={"green": 0.0},
    )
    result = upkeep.cost_result(found, limit=40)

    assert (48.0, None, 0.5) == (found.per_day, found.per_thousand, found.idle)
    assert ("breached", "50% of the capacity was idle") == (
        result.verdict,
        result.reason,
    )


def test_a_monitor_that_never_ran_is_a_breach() -> None:
    """
    A monitor that is broken raises no alert; nobody notices for weeks.
    """
    day = timedelta(days=1)
    never = upkeep.last_seen("the monitor's run", None, now=NOW, every=day)
    late = upkeep.last_seen("labels", NOW - 3 * day, now=NOW, every=day)
    fresh = upkeep.last_seen("labels", NOW - day, now=NOW, every=day)

    assert ["breached", "breached", "not breached"] == [
        never.verdict,
        late.verdict,
        fresh.verdict,
    ]
    assert "last seen 72 hours ago" == late.reason
