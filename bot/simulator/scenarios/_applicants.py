"""Loan applicants: seeded rows of realistic columns, before and after a rate rise."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.random import Generator
from numpy.typing import NDArray

SEED = 20261123
REFERENCE_ROWS = 60_000
HOURLY_ROWS = 1_000
HOURS = 24
SHIFTED = (
    "annual_income",
    "debt_to_income",
    "employment_years",
    "loan_amount",
    "interest_rate",
    "loan_purpose",
)
_PURPOSES = ("car", "consolidation", "home improvement", "medical", "moving", "other")
_PURPOSES_BEFORE = (0.27, 0.22, 0.24, 0.09, 0.08, 0.10)
_PURPOSES_AFTER = (0.15, 0.44, 0.12, 0.13, 0.06, 0.10)
_REGIONS = ("north", "east", "south", "west", "capital", "islands")
_HOMES = ("mortgage", "rent", "own", "other")
_WORK = ("permanent", "fixed term", "self-employed", "retired", "other")
_CHANNELS = ("web", "branch", "broker", "phone")


def applicants(random: Generator, rows: int, *, shifted: bool) -> pa.Table:
    """Return `rows` applications with 22 inputs and the model's `score`.

    With `shifted`, the six columns of `SHIFTED` come from the months after the rate
    rise: those who still apply earn more, owe more and borrow less. No other moves.
    """
    columns = _moving(random, rows, shifted=shifted) | _steady(random, rows)
    columns["score"] = _score(random, columns)
    return pa.table(columns)


def _moving(random: Generator, rows: int, *, shifted: bool) -> dict[str, pa.Array]:
    income = random.lognormal(10.62 + 0.20 * shifted, 0.46, rows)
    ratio = random.beta(3.1, 6.9 - 2.3 * shifted, rows) * 100
    years = random.gamma(1.5 + 0.8 * shifted, 4.2, rows)
    amount = random.lognormal(9.42 - 0.27 * shifted, 0.62, rows)
    rate = random.normal(6.4 + 1.3 * shifted, 1.5, rows)
    purpose = random.choice(
        _PURPOSES, rows, p=_PURPOSES_AFTER if shifted else _PURPOSES_BEFORE
    )
    return {
        "annual_income": pa.array(income.round(-2)),
        "debt_to_income": pa.array(ratio.round(1)),
        "employment_years": _with_nulls(random, years.round(1), 0.021),
        "loan_amount": pa.array((amount / 50).round().astype(np.int64) * 50),
        "interest_rate": pa.array(rate.clip(1.9, 19.9).round(2)),
        "loan_purpose": pa.array(purpose),
    }


def _steady(random: Generator, rows: int) -> dict[str, pa.Array]:
    def pick(values: tuple[str, ...], *shares: float) -> pa.Array:
        return pa.array(random.choice(values, rows, p=shares))

    savings = random.lognormal(8.3, 1.25, rows).round(-1)
    collateral = random.lognormal(11.8, 0.5, rows).round(-3)
    months = (12, 24, 36, 48, 60, 84)
    terms = random.choice(months, rows, p=(0.06, 0.14, 0.29, 0.21, 0.22, 0.08))
    return {
        "loan_term_months": pa.array(terms),
        "postcode_region": pick(_REGIONS, 0.19, 0.17, 0.21, 0.18, 0.22, 0.03),
        "credit_history_months": pa.array(random.gamma(3.2, 42, rows).astype(int)),
        "open_accounts": pa.array(random.poisson(4.6, rows)),
        "delinquencies_2y": pa.array(random.poisson(0.23, rows)),
        "inquiries_6m": pa.array(random.poisson(1.1, rows)),
        "revolving_utilisation": pa.array(random.beta(1.7, 3.0, rows).round(3)),
        "savings_balance": _with_nulls(random, savings, 0.083),
        "age": pa.array(random.normal(43, 12.5, rows).clip(18, 88).astype(int)),
        "household_size": pa.array(1 + random.binomial(5, 0.29, rows)),
        "home_ownership": pick(_HOMES, 0.41, 0.37, 0.18, 0.04),
        "employment_type": pick(_WORK, 0.63, 0.14, 0.12, 0.08, 0.03),
        "application_channel": pick(_CHANNELS, 0.58, 0.21, 0.16, 0.05),
        "existing_customer": pick(("yes", "no"), 0.47, 0.53),
        "months_at_address": pa.array(random.gamma(1.3, 58, rows).astype(int)),
        "collateral_value": _with_nulls(random, collateral, 0.61),
    }


def _score(random: Generator, columns: dict[str, pa.Array]) -> pa.Array:
    """Return the model's probability of default.

    What it learnt of income and of debt pulls in opposite directions, so the rate rise
    leaves the scores about where they were: drift that no watch on scores would see.
    """

    def of(name: str) -> NDArray[np.float64]:
        values = columns[name].to_numpy(zero_copy_only=False)
        return np.asarray(values, dtype=np.float64)

    pull = (
        1.1 * (of("revolving_utilisation") - 0.36)
        + 0.9 * of("delinquencies_2y")
        + 0.16 * (of("inquiries_6m") - 1.1)
        - 0.0035 * (of("credit_history_months") - 134)
        - 0.8 * np.log(of("annual_income") / 41_000)
        + 0.019 * (of("debt_to_income") - 31)
    )
    noise = random.normal(0, 0.35, len(pull))
    return pa.array((1 / (1 + np.exp(2.4 - pull - noise))).round(4))


def _with_nulls(
    random: Generator, values: NDArray[np.float64], share: float
) -> pa.Array:
    return pa.array(values, mask=random.random(len(values)) < share)


def write_reference(folder: Path) -> None:
    """Write the training data, unless it is there."""
    path = folder / "applications.parquet"
    if not path.exists():
        random = np.random.default_rng(SEED)
        _write(applicants(random, REFERENCE_ROWS, shifted=False), path)


def write_production(
    folder: Path, now: datetime, *, shifted: bool, anew: bool = False
) -> None:
    """Write a file for each of the last 24 full hours, as a data collector lays them.

    The rows of an hour depend on the hour alone; a file that is there stays, unless
    `anew`.
    """
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for back in range(HOURS, 0, -1):
        hour = this_hour - timedelta(hours=back)
        path = folder / f"{hour:%Y/%m/%d/%H}" / "applications.parquet"
        if anew or not path.exists():
            random = np.random.default_rng([SEED, int(hour.timestamp()) // 3600])
            _write(applicants(random, HOURLY_ROWS, shifted=shifted), path)


def write_this_hour(
    folder: Path, now: datetime, *, rows: int, shifted: bool, anew: bool = False
) -> None:
    """Write what a deployment took in since the full hour."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    path = folder / f"{hour:%Y/%m/%d/%H}" / "applications.parquet"
    if anew or not path.exists():
        random = np.random.default_rng([SEED, 7, int(hour.timestamp()) // 3600])
        _write(applicants(random, rows, shifted=shifted), path)


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    pq.write_table(table, part)
    part.replace(path)  # a kill leaves no half a file
