"""Since when, and with what: found in slices of the same rows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from bot.signals import Rule, evaluate
from bot.signals.split import carriers
from bot.signals.timeline import courses, in_words

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
RULES = (Rule("JensenShannonDistance", 0.1),)


def rows(random: np.random.Generator, count: int, *, shifted: bool) -> pa.Table:
    together = random.normal(1.0 * shifted, 1, count)
    return pa.table(
        {
            "income": together,
            "debt": together * 0.6 + random.normal(0, 0.5, count),
            "age": random.normal(43, 12, count),
        }
    )


def told(hours: int, since: int, *, step: timedelta = timedelta(hours=1)) -> list[str]:
    """Return what is said of slices that are shifted from the number `since` on."""
    random = np.random.default_rng(7)
    reference = rows(random, 8_000, shifted=False)
    made = [rows(random, 600, shifted=n >= since) for n in range(hours)]
    report = evaluate(reference, pa.concat_tables(made), RULES)
    slices = [(START + step * n, table) for n, table in enumerate(made)]
    return list(in_words(courses(reference, slices, report, RULES)))


def test_a_change_overnight_has_its_hour() -> None:
    assert [
        "income has been so since 22 Nov 21:00 UTC",
        "income and debt moved together",
    ] == told(24, 12)


def test_a_shift_older_than_the_window_is_said_to_be() -> None:
    """
    "No change was found" would read as if it had not been there.
    """
    assert "income was over its limit in every hour since 22 Nov 09:00 UTC" in told(
        24, 0
    )
    assert "income was over its limit in every day since 22 Nov 09:00 UTC" in told(
        9, 0, step=timedelta(days=1)
    )


@pytest.mark.parametrize(("hours", "since"), [(7, 3), (24, 24), (1, 0)])
def test_nothing_is_made_up_of_little(hours: int, since: int) -> None:
    assert [] == told(hours, since)


def test_a_part_of_the_rows_keeps_the_kind_of_the_whole() -> None:
    """
    Ten sizes among thousand rows are categories; among the thirty of a small segment
    they would pass for numbers, and the figures would not be of one kind.
    """
    random = np.random.default_rng(3)
    places = random.choice(["web", "shop"], 4_000, p=(0.98, 0.02))
    size = random.integers(0, 10, 4_000) * 2
    reference = pa.table({"place": places, "size": size})
    production = pa.table({"place": places, "size": size + 1})
    report = evaluate(reference, production, RULES)

    found = carriers(reference, production, "place", report, RULES)

    assert ("Categorical", 1.0) == (
        report.results[0].data_type,
        report.results[0].value,
    )
    assert {"web": 1.0, "shop": 1.0} == {part.value: part.change for part in found}
